"""Remind those who hold seats and have not paid, before the hold ends."""

from datetime import timedelta

from django.db.models import F

from bookings.models import Booking, BookingPaymentStatus
from core import outbox
from core.clock import BerthNow, from_now
from core.transactions import in_one_transaction

NOTICE = timedelta(minutes=5)


@in_one_transaction
def remind_holders() -> int:
    """Write to whoever's hold ends within five minutes, once for each end that it gets. Returns how many there are.

    Who has just begun is not disturbed, so that a hold as short as the notice itself brings no e-mail.
    """
    ending = Booking.objects.filter(
        status__in=Booking.HOLDING,
        payment_status=BookingPaymentStatus.UNPAID,
        expires_at__gt=BerthNow(),
        expires_at__lte=from_now(NOTICE),
        created_at__lte=F("expires_at") - 2 * NOTICE,
    )
    for booking in ending.only("reference", "expires_at"):
        outbox.enqueue("booking.hold_ends", f"{booking.reference}:{booking.expires_at:%H%M%S}", {"booking": booking.pk})
    return len(ending)
