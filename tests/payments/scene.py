"""A paid booking, and what tests look at after its money moved."""

from collections import defaultdict
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from bookings.actions.complete import complete_departed_bookings
from bookings.models import Booking
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.actions.refund import process_due_refunds
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.models import Payment, Refund
from tests.clock import Clock, turned_to
from tests.database import as_owner
from tests.payments.gateway import send
from tests.world import hold_seats, make_trip


def fresh(thing: Any) -> Any:
    """The same as the database has it now."""
    return type(thing).objects.get(pk=thing.pk)


def buy(sandbox: Any, *seats: str, trip: Any = None, **stretch: str) -> tuple[Booking, Payment]:
    """Seats that were paid at the sandbox with a card; its charge is on the balance, and we know of all that."""
    booking = hold_seats(trip or make_trip(), *(seats or ("1A", "1B")), **stretch)
    payment = start_payment(booking.pk).payment
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    payment = sync(payment.pk)
    assert payment.is_paid
    return fresh(booking), payment


def charge_of(sandbox: Any, payment: Payment) -> dict[str, Any]:
    """The sandbox's successful charge of a payment."""
    (charge,) = [
        charge
        for charge in sandbox.state["charges"]
        if charge["metadata"].get("payment_id") == str(payment.pk) and charge["status"] == "succeeded"
    ]
    return charge


def after(booking: Booking) -> AbstractContextManager[Clock]:
    """The clock, a minute after the booking's boarding stop was left."""
    return turned_to(booking.boarding.departs_at + timedelta(minutes=1))


def leave(booking: Booking) -> dict[str, int]:
    """The job runs a minute after departure."""
    with after(booking):
        return complete_departed_bookings()


def send_refunds() -> dict[str, int]:
    """What the worker does with refunds that are due."""
    return process_due_refunds()


def tell_all(sandbox: Any) -> None:
    """Hand every event of the sandbox to our webhook once."""
    for event in sandbox.state["events"]:
        assert send(event).status_code == 200


def lapse_refunds() -> None:
    """Let every pause and lease of refunds end: PostgreSQL's clock cannot be turned."""
    with as_owner() as cursor:
        cursor.execute("UPDATE payments_refund SET due_at = berth_now() - interval '1 second'")


def books(currency: str = "SAR") -> dict[str, int]:
    """The balance of every account that is not empty; of the whole ledger."""
    sums: dict[str, int] = defaultdict(int)
    for entry in JournalEntry.objects.filter(currency=currency).prefetch_related("postings__account"):
        for posting in entry.postings.all():
            sums[posting.account.code] += posting.amount
    assert sum(sums.values()) == 0
    return {code: amount for code, amount in sorted(sums.items()) if amount}


def held_by_gateway(sandbox: Any) -> dict[str, int]:
    """What the sandbox's balance comes to, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in sandbox.state["balance_transactions"]:
        sums[line["currency"].upper()] += line["net"]
    return {currency: amount for currency, amount in sums.items() if amount}


def assert_gateway_agrees(sandbox: Any, currency: str = "SAR") -> None:
    """The ledger's clearing account is the gateway's balance, to the minor unit."""
    assert books(currency).get("gateway:stripe:clearing", 0) == held_by_gateway(sandbox).get(currency, 0)


def postings() -> dict[str, dict[str, int]]:
    """What every entry moved, by the last word of its reference."""
    return {
        entry.reference.split(":")[-1]: {
            posting.account.code: posting.amount for posting in entry.postings.select_related("account")
        }
        for entry in JournalEntry.objects.order_by("id")
    }


def bounce(sandbox: Any, refund_id: str) -> None:
    """The payer's bank sends it back, and we hear of it."""
    sandbox.settle_refund(refund_id, success=False)
    tell_all(sandbox)


def cancel_and_fail(sandbox: Any, booking: Booking, *seats: str) -> Refund:
    """These seats, or all, are given up, and what goes back for them does not arrive."""
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish(seats=seats, in_full=True))
    send_refunds()
    bounce(sandbox, sandbox.objects("refunds")[0]["id"])
    sandbox.mode(refund_outcome="succeeded")
    refund = Refund.objects.get()
    assert refund.status == "failed"
    return refund
