"""What a state does not allow is refused: to the traveller in words, and to everybody else by PostgreSQL."""

import pytest
from psycopg.errors import CheckViolation

from bookings.models import Booking
from core.models import StatusChange
from payments.models import Payment, Refund
from tests.database import as_runtime

pytestmark = pytest.mark.django_db(transaction=True)


def test_state_guards(traveller, sandbox):
    reference, payment = traveller.buy(sandbox, "1A")
    booking, paid = Booking.objects.get(), Payment.objects.get()
    changes = StatusChange.objects.count()

    assert_refused(traveller.post(f"bookings/{reference}/payments", {"gateway": "stripe"}), "confirmed")
    assert_refused(traveller.post(f"bookings/{reference}/extend"), "confirmed")
    assert_refused(traveller.post(f"payments/{payment['id']}/cancel"), "succeeded")
    for table, pk, status in [
        ("bookings_booking", booking.pk, "pending"),
        ("bookings_booking", booking.pk, "expired"),
        ("payments_payment", paid.pk, "pending"),
        ("payments_payment", paid.pk, "failed"),
    ]:
        with pytest.raises(CheckViolation), as_runtime() as cursor:
            cursor.execute(f"UPDATE {table} SET status = %s WHERE id = %s", [status, pk])
    assert (Booking.objects.get().status, Payment.objects.get().status) == ("confirmed", "succeeded")
    assert StatusChange.objects.count() == changes
    assert len(sandbox.state["sessions"]) == 1

    quote = traveller.get(f"bookings/{reference}/cancellation").json()
    expected = {"expected_refund": quote["refund"]}
    assert traveller.post(f"bookings/{reference}/cancellation", expected).status_code == 200
    assert_refused(traveller.post(f"bookings/{reference}/cancellation", expected), "cancelled")
    assert_refused(traveller.post(f"bookings/{reference}/payments", {"gateway": "stripe"}), "cancelled")
    assert Refund.objects.count() == 1


def assert_refused(answer, state):
    """Because of this state."""
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "invalid_state", state)
