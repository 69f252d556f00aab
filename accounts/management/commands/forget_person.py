from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.queries import person_with
from core.actors import acting_as
from core.privacy import StillNeeded, forget


class Command(BaseCommand):
    """Forget whoever has an account with an address, or made bookings with it as a guest; the books keep the rest."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="an e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as("command:forget_person"):
                forget(person_with(options["address"]))
        except StillNeeded as error:
            raise CommandError(error.detail) from error
