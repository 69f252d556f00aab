from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from accounts.second_factor import encrypt_again


class Command(BaseCommand):
    """Encrypt the keys of second factors with the first SECRET_KEY, so that those behind it can be removed."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = encrypt_again()
        except InvalidToken as error:
            raise CommandError(
                "Nothing was changed: one was encrypted with a SECRET_KEY that is not there. Put it behind the first."
            ) from error
        self.stdout.write(f"{count} encrypted")
