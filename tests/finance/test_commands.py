"""The reports' commands: JSON of minor units, tables of major ones, and what they refuse."""

import pytest
from django.core.management import CommandError, call_command

from finance.reports.days import today
from tests.finance.reading import command, printed, summed
from tests.ledger.books import CLEARING, UNEARNED, sell

pytestmark = pytest.mark.django_db


def test_a_statement_as_json(sales):
    told = command("account_statement", "--account", UNEARNED, "--currency", "sar", "--from", today().isoformat())
    books = told.pop("currencies")["SAR"]
    assert told == {
        "report": "account_statement",
        "account": UNEARNED,
        "from": today().isoformat(),
        "to": today().isoformat(),
    }
    assert books["opening"] == {"balance": 0}
    assert books["closing"]["balance"] == books["rows"][-1]["balance"] == summed()[UNEARNED, "SAR"]
    keys = ["posted_at", "effective_at", "kind", "reference", "booking", "debit", "credit", "balance"]
    assert list(books["rows"][0]) == keys
    assert books["rows"][0]["posted_at"].endswith("+00:00")
    assert books["rows"][0]["kind"] == "charge"


def test_the_profit_as_json(sales):
    told = command("profit_summary", "--from", f"{today():%Y-%m-01}")
    books, month = told["currencies"]["SAR"], f"{today():%Y-%m}"
    assert (told["from"], told["to"]) == (f"{today():%Y-%m-01}", today().isoformat())
    assert books.keys() == {"income", "expense", "result", "rows"}
    assert list(books["rows"][0]) == ["account", "kind", month, "total"]
    assert books["result"][month] == books["income"][month] - books["expense"][month]


def test_unearned_money_as_json(sales):
    told = command("unearned_by_departure", "--at", today().isoformat())
    books = told["currencies"]["SAR"]
    assert told["at"] == today().isoformat()
    assert list(books["rows"][0]) == ["month", "bookings", "amount"]
    assert books["total"]["amount"] == sum(row["amount"] for row in books["rows"]) == -summed()[UNEARNED, "SAR"]


def test_ages_as_json(sales):
    books = command("aging")["currencies"]["SAR"]
    assert books.keys() == {"disputes", "refunds", "rows"}
    assert books["rows"][5] == {
        "what": "refunds",
        "days": "0-7",
        "number": 1,
        "amount": -summed()["refunds:payable", "SAR"],
        "withheld": None,
    }


def test_of_nothing_there_is_json_too():
    assert command("aging") == {"report": "aging", "at": today().isoformat(), "currencies": {}}


def test_tables_are_of_major_units():
    sell(123_456, name="1", currency="KWD")
    lines = printed("account_statement", "--account", CLEARING, "--currency", "KWD")
    assert ["Closing", "balance", "123.456", "0.000", "123.456"] in lines
    assert any(line[-3:] == ["123.456", "0.000", "123.456"] and "charge" in line for line in lines)
    assert ["KWD"] in printed("unearned_by_departure")
    assert ["None."] in printed("profit_summary")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["account_statement", "--currency", "SAR"], "--account"),
        (["account_statement", "--account", "bonk", "--currency", "SAR"], "bonk"),
        (["account_statement", "--account", "bank", "--currency", "SAR", "--from", "2026-02-01", "--to", "2026-01-01"],
         "later than the last"),
        (["profit_summary", "--from", "1990-01-01"], "more than 60 months"),
        (["aging", "--at", "yesterday"], "--at: yesterday is no day: write it as 2026-11-30"),
        (["trial_balance", "--at", "30/11/2026"], "--at: 30/11/2026 is no day: write it as 2026-11-30"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command(*arguments)


def test_a_currency_without_books_is_refused_where_there_are_books(sales):
    for name in ("trial_balance", "profit_summary"):
        with pytest.raises(CommandError, match="there are no books in XXX, only in SAR"):
            call_command(name, "--currency", "xxx")
        assert command(name, "--currency", "sar")["currencies"].keys() == {"SAR"}
