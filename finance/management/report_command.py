from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from finance.errors import FinanceError
from finance.reports import printed
from finance.reports.registry import REPORTS
from ledger.errors import LedgerError
from ledger.management.arguments import currency, day

_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "at": ("--at", {"type": day, "metavar": "DATE", "help": "up to the end of that day, by UTC"}),
    "begin": ("--from", {"type": day, "metavar": "DATE", "help": "first day, by UTC"}),
    "end": ("--to", {"type": day, "metavar": "DATE", "help": "last day, by UTC"}),
    "account": ("--account", {"metavar": "CODE", "help": "code of the account"}),
    "currency": ("--currency", {"type": currency, "metavar": "CUR", "help": "only this currency"}),
}


class ReportCommand(BaseCommand):
    """Prints one report: a table of major units, or JSON of minor units with --json."""

    report: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        definition = REPORTS[self.report]
        for name in definition.asks:
            flag, more = _OPTIONS[name]
            parser.add_argument(flag, dest=name, required=name in definition.needs, **more)
        parser.add_argument("--json", action="store_true", help="print JSON, in minor units")

    def handle(self, *args: Any, **options: Any) -> None:
        definition = REPORTS[self.report]
        asked = {name: options[name] for name in definition.asks}
        with override("en"):
            try:
                report = definition.make(**asked)
            except (FinanceError, LedgerError) as error:
                raise CommandError(error.detail) from error
            write = printed.write_json if options["json"] else printed.write_table
            write(report, lambda text: self.stdout.write(text, ending=""))
