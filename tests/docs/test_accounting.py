"""The walk through the books in docs/accounting.md: each step is taken, and writes the entries that stand there."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bookings.actions.complete import complete_departed_bookings
from bookings.models import Booking, Operator
from core.actors import acting_as
from core.money import Money
from finance.actions.decide import approve, pay
from finance.actions.draft import draft
from finance.models import Settlement
from ledger.actions.close_period import close_period
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import pay_by_hand
from payments.models import Payment, Refund
from tests.clock import Clock, turned_to
from tests.docs.documents import section
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, send_refunds, tell_all
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = "docs/accounting.md"
PAYABLE = "operator:OPSAR:payable"


def moment(month: int, day: int) -> datetime:
    return datetime(2027, month, day, 9, tzinfo=UTC)


class Walk:
    """What happens, step by step; a step's method is named after its heading."""

    def __init__(self, sandbox: Any, clock: Clock) -> None:
        self.sandbox, self.clock = sandbox, clock
        self.trip(1)
        Operator.objects.update(commission_bps=1_000, commission_tax_bps=1_500, booking_fee=500)

    def trip(self, number: int, days: int = 9) -> Any:
        """A seat is SAR 115.00 with its tax, and 5.00 for us."""
        trip = make_trip(number=f"T{number}", days=days)
        trip.fares.update(amount=11_500)
        return trip

    def sell(self, month: int, day: int, *seats: str, days: int = 9) -> tuple[Booking, Payment]:
        self.clock.move_to(moment(month, day))
        return buy(self.sandbox, *seats, trip=self.trip(month * 100 + day, days))

    def dispute(self, payment: Payment) -> None:
        dispute = self.sandbox.dispute(charge_of(self.sandbox, payment)["id"], None)
        self.sandbox.move_dispute(dispute["id"], "lost")
        tell_all(self.sandbox)

    def settle(self, month: int) -> Settlement:
        settlement = draft(Operator.objects.get().pk, date(2027, month, 1))
        assert settlement is not None
        with acting_as("user:1"):
            settlement = approve(settlement.pk, total=settlement.total, due=settlement.due)
        if settlement.due:
            with acting_as("user:2"):
                settlement = pay(settlement.pk, transfer=f"TRF {month}")
        return settlement

    # --------------------------------------------------------------------------------------------------------- steps
    def a_sale_and_the_gateways_fee(self) -> None:
        self.booking, self.payment = self.sell(6, 1, "1A", "1B")

    def a_seat_given_up_before_departure(self) -> None:
        cancel(self.booking.pk, Wish(seats=["1B"]))
        send_refunds()
        tell_all(self.sandbox)

    def departure(self) -> None:
        self.clock.move_to(moment(6, 11))
        complete_departed_bookings()

    def a_part_given_back_after_departure(self) -> None:
        self.sandbox.mode(refund_outcome="pending")
        give_back_earned(self.booking.pk, 2_300, note="Two hours late")
        send_refunds()

    def it_bounces_and_is_paid_by_hand(self) -> None:
        (sent,) = [refund for refund in self.sandbox.objects("refunds") if refund["amount"] == 2_300]
        self.sandbox.settle_refund(sent["id"], success=False)
        tell_all(self.sandbox)
        self.sandbox.mode(refund_outcome="succeeded")
        pay_by_hand(Refund.objects.get(status="failed").pk, note="TRF 77")

    def a_dispute_lost_before_departure(self) -> None:
        _booking, payment = self.sell(6, 12, "1A")
        self.dispute(payment)
        self.clock.move_to(moment(6, 22))
        assert complete_departed_bookings() == {"earned": 1, "unearned": 0}

    def another_journey(self) -> None:
        _booking, self.later = self.sell(6, 14, "1A")
        self.clock.move_to(moment(6, 24))
        complete_departed_bookings()

    def the_settlement_of_june(self) -> None:
        self.sell(6, 21, "1A")  # what leaves on the 30th, and no job sees it
        self.clock.move_to(moment(7, 1))
        june = self.settle(6)
        assert june.status == "paid"
        assert PAYABLE not in books()

    def something_late_in_a_closed_month(self) -> None:
        self.clock.move_to(moment(7, 5))
        close_period(date(2027, 6, 1), reason="Audited")
        complete_departed_bookings()

    def a_dispute_lost_after_the_settlement(self) -> None:
        self.clock.move_to(moment(7, 10))
        self.dispute(self.later)

    def a_debt_is_carried_into_the_next_month(self) -> None:
        self.clock.move_to(moment(7, 12))
        give_back_earned(Booking.objects.latest("pk").pk, 9_200, note="The bus broke down")
        self.clock.move_to(moment(8, 1))
        july = self.settle(7)
        assert (july.status, july.due, july.carried.amount < 0) == ("approved", Money(0, "SAR"), True)
        self.sell(8, 2, "1A", "1B")
        self.clock.move_to(moment(8, 12))
        complete_departed_bookings()
        self.clock.move_to(moment(9, 1))
        august = self.settle(8)
        assert august.brought_amount == july.carried.amount
        assert august.due.amount == 18_000 + july.carried.amount


STEPS = [name for name in vars(Walk) if name in Walk.__dict__ and name[0] != "_"]
STEPS = STEPS[STEPS.index("a_sale_and_the_gateways_fee") :]


def title(step: str) -> str:
    return step.replace("_", " ").replace("gateways", "gateway's").capitalize().replace("june", "June")


def printed(entries: Any) -> str:
    """Entries as docs/accounting.md has them: ids that are drawn anew each time are left out."""
    lines: list[str] = []
    for entry in entries:
        name = re.sub(r"(pi|txn|re|dp|du|ch|po)_\w+", r"\1_…", entry.reference or "")
        name = name.replace(entry.booking_reference or "–", "REF")
        name = re.sub(r"(trip|refund|settlement|cancelled):\d+", r"\1:…", name)
        happened = f" (of {entry.effective_at:%Y-%m-%d})" if entry.effective_at.date() != entry.posted_at.date() else ""
        lines.append(f"{entry.posted_at:%Y-%m-%d}{happened} {entry.kind} {name}")
        for posting in entry.postings.order_by("pk").select_related("account"):
            amount = f"{abs(posting.amount) / 100:,.2f}"
            columns = f"{amount:>10}" if posting.amount > 0 else f"{'':10}{amount:>10}"
            lines.append(f"    {posting.account.code:<28}{columns}")
    return "\n".join(lines) + "\n"


def test_the_walk(sandbox):
    with turned_to(moment(6, 1) - timedelta(hours=1), sandbox) as clock:
        walk = Walk(sandbox, clock)
        last = 0
        told: dict[str, str] = {}
        for step in STEPS:
            take: Callable[[], None] = getattr(walk, step)
            take()
            written = JournalEntry.objects.filter(pk__gt=last).order_by("pk")
            told[title(step)] = printed(written)
            last = JournalEntry.objects.latest("pk").pk
        assert_gateway_agrees(sandbox)
        for heading, entries in told.items():
            block = re.search(r"^```\n(.*?)^```", section(DOCUMENT, heading), re.MULTILINE | re.DOTALL)
            assert block, heading
            assert entries == block[1], heading
