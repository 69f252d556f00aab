from typing import Any

from django.core.management.base import BaseCommand

from accounts.second_factor import encrypt_again


class Command(BaseCommand):
    """Encrypt the keys of second factors with the first SECRET_KEY, so that those behind it can be removed."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{encrypt_again()} encrypted")
