import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.queries import person_with
from core.privacy import told


class Command(BaseCommand):
    """All that is known of whoever has an account with an address, or made bookings with it as a guest, as JSON."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="an e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(told(person_with(options["address"])), indent=2, ensure_ascii=False))
