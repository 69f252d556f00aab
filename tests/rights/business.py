"""What staff have to do with: one of everything, in the state in which each of their steps can be taken."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from bookings.actions.close_trip import close_trip
from bookings.actions.complete import complete_departed_bookings
from bookings.models import Operator, Route, Vehicle
from core import outbox
from core.actors import acting_as
from core.idempotency import begin
from core.models import JobRun, OutboxMessage
from core.money import Money
from finance.actions.decide import approve, pay
from finance.actions.draft import draft
from finance.models import Settlement
from finance.months import month_before
from ledger.actions.adjust import adjust
from ledger.actions.close_period import close_period
from ledger.models import Account, JournalEntry
from payments.actions.after_departure import mark_no_shows
from payments.actions.apply import apply
from payments.actions.give_back import give_courtesy
from payments.gateways.base import RefundTold
from payments.models import Payment
from tests.admin import scene
from tests.clock import Clock
from tests.rights.world import World
from tests.world import POLICY, hold_seats, make_place, make_seat_map, make_trip

CLERK, CHIEF = "user:1001", "user:1002"


def add_business(world: World, sold: dict[str, Payment], today: datetime) -> None:
    """Fill the world's `things`: by the names that steps call them, and one of each model by its label.

    `sold` is what `journeys` made before.
    """
    things = world.things
    things |= {"bookings.booking": world.paid.booking, "payments.payment": world.paid}
    things |= _money_that_went_back(scene.pay(hold_seats(world.trip, "5A")))
    things |= _settlements(sold, today)
    things |= _trips() | _nobodys() | _heard(world.unheard) | _books()
    world.values["id"] = things["accounts.user"].pk
    for model in admin.site._registry:
        things.setdefault(model._meta.label_lower, model.objects.order_by("pk").first())


def journeys(clock: Clock, today: datetime) -> dict[str, Payment]:
    """By currency, and so by operator: trips that left two months ago, and one last month; paid for, and earned."""
    sold = {}
    for currency, days in (("SAR", 60), ("EUR", 60), ("USD", 60), ("GBP", 60), ("AED", 20)):
        clock.move_to(today - timedelta(days=days))
        trip = make_trip(days=1, number=f"L{currency}", currency=currency)
        sold[currency] = scene.pay(hold_seats(trip, "1A", "1B"))
        clock.move_by(timedelta(days=2))
        complete_departed_bookings()
    clock.move_to(today)
    return sold


def _settlements(sold: dict[str, Payment], today: datetime) -> dict[str, Any]:
    """Of the month before the last one: a draft, one that is approved, one that is paid."""
    mark_no_shows(sold["GBP"].booking_id, ["1A"], reason="Seen by nobody")
    month = month_before(month_before(today.date()))
    drafts = {currency: draft(sold[currency].booking.trip.operator_id, month) for currency in ("SAR", "EUR", "USD")}
    for currency in ("EUR", "USD"):
        with acting_as(CLERK):
            approve(drafts[currency].pk, total=drafts[currency].total, due=drafts[currency].due)
    with acting_as(CHIEF):
        pay(drafts["USD"].pk, transfer="TRF 1")
    found = {name: Settlement.objects.get(pk=drafts[currency].pk) for name, currency in _SETTLEMENTS.items()}
    return found | {
        "journey": sold["SAR"].booking,
        "no show": sold["GBP"].booking,
        "finance.settlement": found["draft"],
    }


_SETTLEMENTS = {"draft": "SAR", "approved": "EUR", "paid": "USD"}


def _money_that_went_back(payment: Payment) -> dict[str, Any]:
    """A courtesy that the gateway refused, and a refund that somebody made there."""
    failed = give_courtesy(payment.pk, 1_000, note="Late")
    failed.fail("The card is closed.")
    apply(payment, (RefundTold("re_there", "succeeded", Money(2_000, "SAR"), moved=True),))
    return {"failed": failed, "made there": payment.refunds.get(reason="gateway"), "payments.refund": failed}


def _trips() -> dict[str, Any]:
    empty, closed = make_trip(number="T2"), make_trip(number="T3")
    close_trip(closed.pk, reason="Fully chartered")
    return {"bookings.trip": empty, "closed": closed}


def _nobodys() -> dict[str, Any]:
    """What nothing refers to, so that it could be deleted."""
    operator = Operator.objects.create(code="FREE", name="Free", currency="SAR")
    seat_map = make_seat_map(operator, 2)
    route = Route.objects.create(operator=operator, name="Nowhere", mode="bus")
    for position, code in enumerate(("RUH", "JED")):
        after = timedelta(hours=position)
        route.stops.create(position=position, place=make_place(code), arrives_after=after, departs_after=after)
    return {
        "bookings.operator": Operator.objects.create(
            code="ALONE", name="Alone", currency="SAR", cancellation_policy=POLICY
        ),
        "bookings.place": make_place("XXX"),
        "bookings.route": route,
        "bookings.seatmap": seat_map,
        "bookings.vehicle": Vehicle.objects.create(operator=operator, name="Bare", mode="bus"),
        "accounts.user": User.objects.create_user("alone@example.com"),
        "auth.group": Group.objects.create(name="night shift"),
    }


def _heard(unheard: Payment) -> dict[str, Any]:
    """What gateways told, what comparisons found, and what waits to be sent."""
    payout = scene.make_payout()
    begin("booking.create", "user:7", "key-1", "f" * 64)
    outbox.enqueue("booking.confirmed", "GIVENUP", {"booking": 1})
    OutboxMessage.objects.filter(subject="GIVENUP").update(status="failed", attempts=5)
    JobRun.objects.create(job="expire_holds", started_at=timezone.now(), correlation_id="c" * 32)
    scene.make_dispute(unheard)
    return {
        "payments.gatewayevent": scene.make_event("evt_1"),
        "payments.balancetransaction": scene.make_line(payout=payout, outcome="suspense"),
        "payments.finding": scene.make_finding(),
        "finding of a payment": scene.make_finding(unheard),
        "core.outboxmessage": OutboxMessage.objects.get(subject="GIVENUP"),
    }


def _books() -> dict[str, Any]:
    entry = adjust(currency="SAR", debit="tax:payable", credit="bank", amount=500, reason="VAT")
    return {
        "ledger.journalentry": JournalEntry.objects.get(pk=entry.entry_id),
        "ledger.account": Account.objects.get(code="bank", currency="SAR"),
        "ledger.period": close_period(JournalEntry.objects.earliest("period").period, reason="Audited"),
    }
