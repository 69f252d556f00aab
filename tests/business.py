"""A small business that several tests of a module look at, with real commits: made once, emptied at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import override_settings

from bookings.actions.complete import complete_departed_bookings
from core.actors import acting_as
from finance.actions.decide import approve, pay
from finance.actions.draft import draft
from ledger.actions.adjust import adjust
from ledger.actions.checkpoint import checkpoint
from ledger.actions.close_period import close_period
from ledger.actions.post import Posted
from payments.actions.cancel import Wish, cancel
from tests.clock import turned_to
from tests.database import flush_as_owner
from tests.ledger.books import last_month, noon_of
from tests.payments.scene import buy, charge_of, send_refunds, tell_all
from tests.services import Sandbox
from tests.world import hold_seats, make_trip


@contextmanager
def in_business(django_db_blocker: Any, sandbox: Sandbox) -> Iterator[None]:
    """A month that was sold, left, settled and closed; a refund, a dispute, a hold; checkpoints of some of it.

    For a fixture of a module: the session's `sandbox_process` and `django_db_setup` are all that it needs.
    """
    with django_db_blocker.unblock(), override_settings(STRIPE_API_BASE=sandbox.url):
        sandbox.reset()
        sandbox.mode(delivery="drop")
        try:
            _sell_and_settle_last_month(sandbox)
            later = make_trip(number="T2", days=40)
            _booking, payment = buy(sandbox, "3A", trip=later)
            sandbox.dispute(charge_of(sandbox, payment)["id"])
            tell_all(sandbox)
            hold_seats(later, "4A")
            post_by_hand(700)
            yield
        finally:
            flush_as_owner()


def post_by_hand(amount: int) -> Posted:
    """An entry that needs no booking."""
    return adjust(
        currency="SAR", debit="bank", credit="platform:booking_fees", amount=amount, reason="Found in the till"
    )


def _sell_and_settle_last_month(sandbox: Sandbox) -> None:
    month, now = last_month(), datetime.now(UTC)
    with turned_to(noon_of(month), sandbox) as clock:
        trip = make_trip(days=3)
        buy(sandbox, "1A", "1B", trip=trip)
        returned, _payment = buy(sandbox, "2A", trip=trip)
        cancel(returned.pk, Wish(in_full=True))
        send_refunds()
        clock.move_by(timedelta(days=5))
        complete_departed_bookings()
        clock.move_to(min(noon_of(month + timedelta(days=32)), now))  # on the first days of a month it is earlier
        settlement = draft(trip.operator_id, month)
        with acting_as("user:1"):
            approve(settlement.pk, total=settlement.total, due=settlement.due)
        with acting_as("user:2"):
            pay(settlement.pk, transfer="TRF 1")
        close_period(month)
        checkpoint()
