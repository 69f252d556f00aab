import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bookings import demo


class Command(BaseCommand):
    """Makes what is missing of the demo data: places, operators, two weeks of trips, and users to sign in as."""

    help = "Make the demo data (not in production)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo users have known passwords: production does not make them.")
        counts = demo.seed(timezone.now().date())
        sign_ins = [{"role": one.role, "email": one.email, "password": one.password} for one in demo.SIGN_INS]
        if options["json"]:
            self.stdout.write(json.dumps({**counts, "sign_ins": sign_ins}))
            return
        self.stdout.write(f"{counts['trips']} trips, {counts['trips_made']} of them made now.")
        for sign_in in sign_ins:
            self.stdout.write(f"{sign_in['role']:10} {sign_in['email']:26} {sign_in['password']}")
