import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import jobs


class Command(BaseCommand):
    """Compares payments with the gateways now; the job reconcile_payments by its old name."""

    help = "Compare payments with the gateways and mend what is out of step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, tell what would be")
        parser.add_argument("--lookback-days", type=int, default=7, metavar="N", help="payments of so many days")
        parser.add_argument(
            "--limit", type=int, default=100, metavar="N", help="at most so many, the longest unchecked first; 0: all"
        )
        parser.add_argument("--min-age-minutes", type=int, default=0, metavar="N", help="none that was started since")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("dry_run", "lookback_days", "limit", "min_age_minutes")
        given = {name: options[name] for name in names}
        report = jobs.run("reconcile_payments", progress=self._tell, **given)
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        for line in report["details"]:
            self.stdout.write("{outcome:<10} {finding:<24} {subject}  {gateway_id}  {action}".format(**line))
        counts = ("scanned", "mismatches", "fixed", "failed", "skipped")
        self.stdout.write(", ".join(f"{name} {report[name]}" for name in counts))

    def _tell(self, done: int, of: int) -> None:
        self.stderr.write(f"{done} of {of} payments compared")
