"""A business with so many of everything, made through the use cases, and the addresses of its staff pages."""

import re
from typing import Any

from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import override

from bookings.models import Booking, Trip
from core import outbox
from core.idempotency import begin
from core.models import JobRun
from core.money import Money
from payments.actions.apply import apply
from payments.gateways.base import BalanceLine, Paid, Settled
from payments.models import (
    BalanceTransaction,
    Dispute,
    Finding,
    GatewayCall,
    GatewayEvent,
    Payment,
    Payout,
    ReconciliationRun,
    Refund,
)
from tests.world import hold_seats, make_trip

CURRENCIES = ("SAR", "NGN", "USD", "EUR", "GBP", "EGP", "AED", "KWD", "JPY", "INR", "CHF", "SEK", "NOK", "DKK")
APPS = ("core", "bookings", "payments")
MODELS = [model for model in admin.site._registry if model._meta.app_label in APPS]


def make(count: int, start: int = 0) -> None:
    """So many operators, routes, trips, bookings with payments and refunds, events, messages, runs and records."""
    for number in range(start, start + count):
        trip = make_trip(f"A{number}", f"B{number}", rows=number + 1, number=f"T{number}", currency=CURRENCIES[number])
        payment = pay(hold_seats(trip, "1A"))
        Refund.objects.create(payment=payment, amount=100, currency=payment.currency, reason="late")
        make_dispute(payment, f"dp_{number}")
        GatewayCall.objects.create(gateway="stripe", operation="start", payment=payment, actor="guest")
        make_finding(payment)
        make_line(f"txn_{number}", payout=make_payout(f"po_{number}", currency=payment.currency))
        make_event(f"evt_{number}")
        outbox.enqueue("refund.requested", f"{payment.pk}")
        JobRun.objects.create(job="expire_holds", started_at=timezone.now(), correlation_id="c" * 32, result={"n": 1})
        begin("booking.create", "user:7", f"key-{number}", "f" * 64)


def start(booking: Booking, name: str = "") -> Payment:
    """A payment whose session is open at the gateway, without asking any gateway."""
    name = name or booking.reference
    booking.begin_payment()
    return Payment.objects.create(
        booking=booking,
        gateway="stripe",
        session_id=f"cs_{name}",
        currency=booking.currency,
        amount=booking.total.amount,
        fare_amount=booking.fare_amount,
        tax_amount=booking.tax_amount,
        fee_amount=booking.fee_amount,
    )


def pay(booking: Booking, name: str = "") -> Payment:
    """A payment that succeeded, with its fee; the booking is confirmed."""
    payment = start(booking, name)
    name = name or booking.reference
    intent, charge = f"pi_{name}", f"ch_{name}"
    line = BalanceLine(f"txn_{name}", "charge", payment.money, fee=Money(7, payment.currency))
    apply(payment, (Paid(intent, charge, payment.money), Settled(line, payment.money)))
    return Payment.objects.get(pk=payment.pk)


def make_event(event_id: str, body: str = '{"data": {"object": {}}}', **more: Any) -> GatewayEvent:
    """An event that is stored and not processed; of a type that nothing acts on."""
    now = timezone.now()
    fields = {"gateway": "stripe", "type": "customer.created", "received_at": now, "next_attempt_at": now, **more}
    return GatewayEvent.objects.create(event_id=event_id, body=body, **fields)


def make_dispute(payment: Payment, dispute_id: str = "dp_1", **more: Any) -> Dispute:
    """A dispute of the whole payment that waits for evidence, as the gateway told it; nothing is withheld yet."""
    fields = {"status": "needs_response", "amount": payment.amount, "currency": payment.currency, **more}
    return Dispute.objects.create(gateway=payment.gateway, dispute_id=dispute_id, payment=payment, **fields)


def make_finding(payment: Payment | None = None, **more: Any) -> Finding:
    """What a comparison told and left to people: of this payment, if there is one."""
    run = ReconciliationRun.objects.create(correlation_id="c" * 32, started_at=timezone.now(), mismatches=1)
    fields = {"finding": "paid_here_only", "outcome": "reported", "action": "here SAR 105.00, there nothing", **more}
    subject = f"payment {payment.pk}" if payment else "charge ch_1"
    return Finding.objects.create(run=run, subject=subject, payment=payment, gateway_id="pi_1", **fields)


def make_payout(payout_id: str = "po_1", **more: Any) -> Payout:
    """A payout on its way, which nothing was matched to yet."""
    fields = {"status": "in_transit", "amount": 4_200, "currency": "SAR", "made_at": timezone.now(), **more}
    return Payout.objects.create(gateway="stripe", payout_id=payout_id, **fields)


def make_line(transaction_id: str = "txn_1", *, payout: Payout | None = None, **more: Any) -> BalanceTransaction:
    """A line that nobody can explain, worth as much as the payout above."""
    currency = payout.currency if payout else "SAR"
    fields = {"type": "lunar_tithe", "outcome": "suspense", "amount": 4_250, "fee": 50, "currency": currency, **more}
    made = {"transaction_id": transaction_id, "made_at": timezone.now(), "payout": payout}
    return BalanceTransaction.objects.create(gateway="stripe", **made, **fields)


# ---------------------------------------------------------------------------------------------------------- addresses
def page(model: type[models.Model] | models.Model, name: str = "changelist") -> str:
    """The address of a model's list or `add` page, or of one row's `change` or `delete` page."""
    args = [model.pk] if isinstance(model, models.Model) else []
    with override("en"):
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def text_of(client: Client, address: str, **query: str) -> str:
    """The words of a page that opens."""
    response = client.get(address, query)
    assert response.status_code == 200, address
    return words(response)


def words(response: Any) -> str:
    content = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", response.content.decode())
    return " ".join(strip_tags(content.replace("<", " <")).split())


def count_queries(client: Client, address: str) -> int:
    """What a page asks the database, apart from the session, which may or may not come out of the cache."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len([query for query in captured if "django_session" not in query["sql"]])


def form_of(response: Any) -> dict[str, Any]:
    """Every field of a page's form and of its inlines, as a browser would send them back."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    return {name: value for name, value in fields.items() if value is not None and value is not False}


def errors_of(response: Any) -> list[Any]:
    """Why a form was not taken."""
    if response.context is None:
        return []
    inlines = [inline.formset for inline in response.context["inline_admin_formsets"]]
    return [response.context["adminform"].form.errors, *[[one.errors, one.non_form_errors()] for one in inlines]]


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def fresh(thing: Any) -> Any:
    return type(thing).objects.get(pk=thing.pk)


def trip_of(booking: Booking) -> Trip:
    return Trip.objects.get(pk=booking.trip_id)
