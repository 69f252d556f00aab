"""Sales and departures on days that tests choose, and what becomes of them, without a gateway."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bookings.actions.complete import complete_departed_bookings
from bookings.models import Operator
from core.actors import acting_as
from core.money import Money
from finance.actions.decide import approve, pay
from finance.actions.draft import draft
from finance.models import Settlement
from payments.actions.apply import apply
from payments.gateways.base import BalanceLine, DisputeTold, Settled
from payments.models import Payment
from tests.admin import scene
from tests.clock import Clock
from tests.world import hold_seats, make_trip

CLERK, CHIEF = "user:1", "user:2"


def day(month: int, of_month: int = 10, *, year: int = 2027) -> datetime:
    """Noon of a day by UTC, in a year that has not begun."""
    return datetime(year, month, of_month, 12, tzinfo=UTC)


def first(month: int, *, year: int = 2027) -> date:
    """How a month is named."""
    return date(year, month, 1)


def sell(clock: Clock, moment: datetime, *seats: str, **trip: Any) -> Payment:
    """Seats of a trip that leaves a day after that moment, sold then."""
    clock.move_to(moment)
    trip = make_trip(days=1, number=f"T{moment:%m%d}", **trip)
    return scene.pay(hold_seats(trip, *(seats or ("1A",))))


def sell_and_leave(clock: Clock, moment: datetime, *seats: str, **trip: Any) -> Payment:
    """The same, and the trip leaves."""
    payment = sell(clock, moment, *seats, **trip)
    clock.move_to(moment + timedelta(days=2))
    complete_departed_bookings()
    return Payment.objects.select_related("booking__trip__operator").get(pk=payment.pk)


def lose(payment: Payment, amount: int | None = None, name: str = "dp_1") -> None:
    """A bank decides against us, and the gateway tells."""
    money = Money(amount or payment.amount, payment.currency)
    line = BalanceLine(f"txn_{name}", "adjustment", -money, Money(0, payment.currency))
    apply(payment, (DisputeTold(name, "lost", "general", money, None, (Settled(line, -money),)),))


def settle(operator: Operator, month: int) -> Settlement | None:
    """Draft, approve and pay, as far as anything is due."""
    settlement = draft(operator.pk, first(month))
    if settlement is None:
        return None
    with acting_as(CLERK):
        approve(settlement.pk, total=settlement.total, due=settlement.due)
    if settlement.due:
        with acting_as(CHIEF):
            pay(settlement.pk, transfer=f"TRF {month}")
    return Settlement.objects.get(pk=settlement.pk)
