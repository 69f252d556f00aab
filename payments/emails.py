"""E-mails about money; handlers of the outbox."""

from bookings.emails import send_about
from bookings.queries import bookings_in_full
from core.outbox import Message, handles
from payments.models import Payment, Refund


@handles("refund.requested")
def refund_requested(message: Message) -> None:
    """Money came that the booking could not use; it goes back."""
    refund = Refund.objects.select_related("payment").get(pk=message.payload["refund"])
    booking = bookings_in_full().get(pk=refund.payment.booking_id)
    send_about(message, booking, "refund_requested", refund=refund)


@handles("payment.failed")
def payment_failed(message: Message) -> None:
    """A payment that was under way came to nothing."""
    payment = Payment.objects.get(pk=message.payload["payment"])
    booking = bookings_in_full().get(pk=payment.booking_id)
    send_about(message, booking, "payment_failed", payment=payment)
