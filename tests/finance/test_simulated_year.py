"""A simulated year: whatever happens to so many bookings, the books come to what was reckoned beside them.

YEAR_BOOKINGS says how many, YEAR_SEED which; see docs/developer-reference.md.
"""

import gc
import json
import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from core.money import Money
from finance.models import Settlement, SettlementLine
from ledger.models import JournalEntry, Posting
from payments.gateways import gateway
from payments.gateways.flutterwave.client import fetch
from payments.models import Dispute, GatewayEvent, Payout, Refund
from tests.clock import turned_to
from tests.finance.simulation.terms import MARKETS
from tests.finance.simulation.year import NEW_YEAR, YEAR, Year

SEED = int(os.environ.get("YEAR_SEED", "8"))
BOOKINGS = int(os.environ.get("YEAR_BOOKINGS", "120"))
IN_FULL = 1_000  # from so many bookings on the office works every week, and nobody waits for the test
LEFT_OPEN = ("travellers:unearned", "refunds:payable", "gateway:stripe:disputed", "gateway:stripe:in_transit")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(0 if BOOKINGS >= IN_FULL else 120),
]


@pytest.fixture
def year(sandbox, record_property) -> Iterator[Year]:
    """The year that has passed, the clock still at its end."""
    begun = time.monotonic()
    logging.disable(logging.WARNING)  # what is refused on purpose would fill hundreds of pages
    gc.disable()  # what the year remembers is not garbage, and to look through it takes longer and longer
    try:
        with turned_to(NEW_YEAR, sandbox) as clock:
            passed = Year(sandbox, clock, bookings=BOOKINGS, seed=SEED, small=BOOKINGS < IN_FULL)
            passed.pass_by(lambda year: tell_progress(year, begun))
            for line in figures(passed, time.monotonic() - begun):
                record_property("a simulated year", line)
            yield passed
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)


def tell_progress(year: Year, begun: float) -> None:
    """A line a week for whoever waits for the full size."""
    if year.scene.now.weekday() != 6:
        return
    gc.collect(1)
    done, seconds = year.scene.figures, time.monotonic() - begun
    sys.stderr.write(
        f"{year.scene.now:%Y-%m-%d}: {done['bookings']:,} bookings, {done['refunds']:,} refunds, "
        f"{done['events delivered']:,} events delivered, {seconds:,.0f} s\n"
    )


def test_the_books_of_a_year_are_what_was_reckoned_beside_them(year):
    assert_proved()
    assert_every_currency_balances()
    assert_gateways_agree(year)
    assert_every_account_agrees(year)
    assert_every_settlement_agrees(year)
    assert_nothing_is_left_open(year)


def assert_proved() -> None:
    """The product's own proof of the books finds nothing."""
    out = StringIO()
    call_command("check_books", "--json", stdout=out, stderr=StringIO())
    report = json.loads(out.getvalue())
    broken = {check["name"]: check["broken"][:5] for check in report["checks"] if check["broken"]}
    assert (report["ok"], broken) == (True, {})


def balances() -> dict[str, dict[str, int]]:
    """What every account comes to that is not empty, by currency: the sum of its postings."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    sums = Posting.objects.values_list("account__currency", "account__code").annotate(Sum("amount"))
    for currency, code, amount in sums.order_by("account__currency", "account__code"):
        if amount:
            found[currency][code] = amount
    return dict(found)


def assert_every_currency_balances() -> None:
    found = balances()
    assert found.keys() == MARKETS.keys()
    assert {currency: sum(of.values()) for currency, of in found.items()} == dict.fromkeys(MARKETS, 0)


def assert_gateways_agree(year: Year) -> None:
    """Each clearing account is what the gateway's own account holds."""
    found, own, stripe = balances(), year.scene.books.balances, gateway("stripe").balance()
    at_flutterwave = fetch("balances")["data"]
    held = {one["currency"]: Decimal(str(one["available_balance"])) for one in at_flutterwave}
    for currency in MARKETS:
        codes = [f"gateway:{name}:clearing" for name in ("stripe", "flutterwave")]
        there = [stripe.get(currency, 0), Money.from_major(held.get(currency, 0), currency).amount]
        assert [found[currency].get(code, 0) for code in codes] == there, currency
        assert [own[currency][code] for code in codes] == there, currency


def assert_every_account_agrees(year: Year) -> None:
    own = {
        currency: {code: amount for code, amount in sorted(of.items()) if amount}
        for currency, of in year.scene.books.balances.items()
    }
    found = balances()
    for currency in MARKETS:
        assert found[currency] == own[currency], currency


def assert_every_settlement_agrees(year: Year) -> None:
    """Of every operator and month, however often it was made: status, each of its sums, and how many lines."""
    lines = dict(SettlementLine.objects.order_by().values_list("settlement").annotate(Count("pk")))
    for terms in year.scene.world.terms:
        own = year.scene.books.of_operator(terms.code).settlements
        found = Settlement.objects.filter(operator__code=terms.code).order_by("pk")
        for settlement, one in zip(found, own, strict=True):
            shown = {name: getattr(settlement, name) for name in Settlement.TOTALS}
            assert (settlement.month, settlement.status) == (one.month, one.status), settlement
            assert shown == one.figures(), settlement
            assert settlement.due.amount == one.due, settlement
            assert lines.get(settlement.pk, 0) == len(one.posted) + len(one.brought), settlement


def assert_nothing_is_left_open(year: Year) -> None:
    """Everybody has left, was paid back or is paid; banks have decided; every event that came was understood."""
    found = balances()
    assert {(currency, code): found[currency].get(code, 0) for currency in MARKETS for code in LEFT_OPEN} == {
        (currency, code): 0 for currency in MARKETS for code in LEFT_OPEN
    }
    assert year.scene.owed == []
    assert not Refund.objects.filter(status__in=["requested", "submitting", "submitted", "failed"]).exclude(
        reason="gateway"
    )
    assert not Dispute.objects.filter(status__in=Dispute.OPEN).exists()
    assert not GatewayEvent.objects.filter(processed_at=None).exists()


def figures(year: Year, seconds: float) -> Iterator[str]:
    """What happened in the year, in lines."""
    done, rows = year.scene.figures, balances()
    yield f"{YEAR}, simulated with seed {SEED} in {seconds:,.0f} s ({done['bookings'] / seconds:.1f} bookings a second)"
    counted: dict[str, Any] = {
        "entries": JournalEntry.objects.count(),
        "postings": Posting.objects.count(),
        "payouts (matched)": Payout.objects.exclude(matched_at=None).count(),
        "events stored": GatewayEvent.objects.count(),
        "settlements": Settlement.objects.count(),
        **{name: number for name, number in sorted(done.items()) if not name.startswith(("fate", "way"))},
    }
    yield ", ".join(f"{number:,} {name}" for name, number in counted.items())
    for kind in ("way", "fate"):
        told = {name.removeprefix(f"{kind} "): done[name] for name in sorted(done) if name.startswith(kind)}
        yield f"{kind}s: " + ", ".join(f"{number:,} {name}" for name, number in told.items())
    debits = Posting.objects.filter(amount__gt=0).values_list("account__currency").order_by("account__currency")
    for currency, debit in debits.annotate(Sum("amount")):
        moved = Money(debit, currency).format("en")
        kept = Money(-rows[currency].get("platform:commission", 0), currency).format("en")
        yield f"{moved} debited and credited, commission {kept}"
