import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.money import Money
from ledger.management.arguments import currency, day
from ledger.queries import CurrencyBalance, trial_balance


class Command(BaseCommand):
    """Prints the debits, credits and balance of every account."""

    help = "Print the trial balance: debits, credits and balance of every account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", type=day, metavar="DATE", help="up to the end of that day, by UTC")
        parser.add_argument("--currency", type=currency, metavar="CUR", help="only this currency")
        parser.add_argument("--json", action="store_true", help="print JSON, in minor units")

    def handle(self, *args: Any, **options: Any) -> None:
        books = trial_balance(options["at"], options["currency"])
        if options["json"]:
            self.stdout.write(json.dumps(books))
            return
        self.stdout.write(f"Trial balance at the end of {books['at']} (UTC)")
        for code, of_currency in books["currencies"].items():
            self._print(code, of_currency)

    def _print(self, code: str, books: CurrencyBalance) -> None:
        def line(name: str, kind: str, *amounts: int) -> str:
            figures = "".join(f"{Money(amount, code).major:>18,f}" for amount in amounts)
            return f"{name:<40} {kind:<10}{figures}"

        self.stdout.write(f"\n{code:<40} {'':<10}{'debit':>18}{'credit':>18}{'balance':>18}")
        for account in books["accounts"]:
            self.stdout.write(
                line(account["code"], account["kind"], account["debit"], account["credit"], account["balance"])
            )
        total_debit, total_credit = books["total_debit"], books["total_credit"]
        self.stdout.write(line("total", "", total_debit, total_credit, total_debit - total_credit))
