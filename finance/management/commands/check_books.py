import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand

import finance.checks  # noqa: F401 - registers them
from finance.checks.registry import Broken, registered
from finance.proof import Result, prove

_INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


class Command(BaseCommand):
    """Proves that the books agree with everything else; exits with 1 if they do not. Changes nothing."""

    help = "Check every invariant of the books over the whole database, and name each row that breaks one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON, amounts in minor units")
        parser.add_argument(
            "--gateways", action=BooleanOptionalAction, default=True, help="ask the gateways what they hold, or do not"
        )
        parser.add_argument(
            "--only", action="append", default=[], metavar="NAME", choices=[one.name for one in registered()],
            help="run this check alone; may be given several times",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        self._done, self._of = 0, len(set(options["only"])) or len(registered())
        try:
            results = prove(options["only"], gateways=options["gateways"], progress=self._tell)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted; nothing was changed.")
            sys.exit(_INTERRUPTED)
        ok = all(result.ok for result in results)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": ok, "checks": [result.to_json() for result in results]}))
        else:
            self._print(results)
        if not ok:
            sys.exit(1)

    def _tell(self, result: Result, seconds: float) -> None:
        self._done += 1
        found = f"{len(result.broken) + result.more} broken" if result.broken else "ok"
        self.stderr.write(
            f"{self._done} of {self._of}: {result.name}, {result.checked} checked, {found}, {seconds:.1f} s"
        )

    def _print(self, results: list[Result]) -> None:
        self.stdout.write(f"{'check':<36}{'checked':>12}{'broken':>10}")
        for result in results:
            broken = len(result.broken) + result.more
            self.stdout.write(f"{result.name:<36}{result.checked:>12}{broken or 'ok':>10}")
            for note in result.notes:
                self.stdout.write(f"  {note}")
        for result in results:
            if result.broken:
                self.stdout.write(f"\n{result.name}")
            for one in result.broken:
                self.stdout.write(f"  {_line(one)}")
            if result.more:
                self.stdout.write(f"  … and {result.more} more")
        wrong = sum(not result.ok for result in results)
        self.stdout.write(f"\n{wrong} of {len(results)} checks found something." if wrong else "\nThe books agree.")


def _line(one: Broken) -> str:
    by = "" if one.amount is None else f" ({one.amount:+} {one.currency})"
    return f"{one.subject}: {one.problem}{by}"
