"""E-mails about money; handlers of the outbox."""

from bookings.emails import send_about
from bookings.queries import bookings_in_full
from core.money import Money
from core.outbox import Message, handles
from payments.models import Payment, Refund
from payments.queries import paying


@handles("booking.cancelled")
def booking_cancelled(message: Message) -> None:
    """Seats that were paid for are given up: what comes back for them, and what is kept."""
    told = message.payload
    booking = bookings_in_full().get(pk=told["booking"])
    cancelled = [one for one in booking.passengers.all() if one.seat.number in told["seats"]]
    refund, kept = (Money(told[name], booking.currency) for name in ("refund", "kept"))
    price = Money(sum(one.price for one in cancelled) if booking.paid else 0, booking.currency)
    send_about(
        message,
        booking,
        "booking_cancelled",
        cancelled=cancelled,
        refund=refund,
        kept=kept,
        back_before=price - kept - refund,
        gateway=paying(booking)[-1].gateway if told["refund"] else "",
        trip_cancelled=told["trip_cancelled"],
    )


@handles("refund.requested")
def refund_requested(message: Message) -> None:
    """Money came that the booking could not use; it goes back."""
    _send_about_refund(message, "refund_requested")


@handles("refund.paid")
def refund_paid(message: Message) -> None:
    """The gateway has paid a refund."""
    _send_about_refund(message, "refund_paid")


@handles("refund.failed")
def refund_failed(message: Message) -> None:
    """A refund did not reach whoever paid; staff see to it."""
    _send_about_refund(message, "refund_failed")


def _send_about_refund(message: Message, template: str) -> None:
    refund = Refund.objects.select_related("payment").get(pk=message.payload["refund"])
    booking = bookings_in_full().get(pk=refund.payment.booking_id)
    send_about(message, booking, template, refund=refund)


@handles("payment.failed")
def payment_failed(message: Message) -> None:
    """A payment that was under way came to nothing."""
    payment = Payment.objects.get(pk=message.payload["payment"])
    booking = bookings_in_full().get(pk=payment.booking_id)
    send_about(message, booking, "payment_failed", payment=payment)
