"""The way back from the gateway's page."""

from contextlib import suppress
from uuid import UUID

import structlog
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.models import Booking
from bookings.pages.access import booking_for
from core.errors import NotFound
from payments.actions.sync import sync
from payments.errors import PaymentError
from payments.models import Payment, PaymentStatus, Refund, RefundReason
from payments.pages.refund_words import why
from payments.queries import find_payment

log = structlog.get_logger(__name__)

_LOOKS = 20  # times that the waiting page looks again by itself, every few seconds; then the traveller decides


@never_cache
@require_safe
def come_back(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Ask the gateway what became of the payment, then show the booking.

    A gateway that does not answer is no error here: the traveller may have paid, so the page waits with them.
    """
    try:
        payment = find_payment(payment_id)
    except NotFound as error:
        raise Http404(error.detail) from error
    heard = False
    try:
        payment = sync(payment_id)
        heard = True
    except PaymentError as error:
        log.warning("return_without_news", payment=str(payment_id), code=error.code, detail=error.detail)
    if payment.return_url:  # an app started the payment, and shows what became of it itself
        return redirect(payment.return_url)
    booking = _visible_booking(request, payment)
    if booking is None:
        return render(request, "payments/elsewhere.html", {"payment": payment, "heard": heard})
    if not heard or (payment.status == PaymentStatus.PENDING and not _came_back_unpaid(request)):
        return _wait(request, booking, payment)
    _tell(request, booking, payment)
    return redirect("bookings:booking", booking.reference)


def _visible_booking(request: HttpRequest, payment: Payment) -> Booking | None:
    """The booking as it is now; None for someone who pays in another browser than the one that booked."""
    with suppress(NotFound):
        return booking_for(request, payment.booking.reference)
    return None


def _came_back_unpaid(request: HttpRequest) -> bool:
    """Whether the traveller turned round, as Stripe tells by our own address and Flutterwave by a word added to it.

    Anybody can write that: it decides about nothing but whether the page waits.
    """
    return "left" in request.GET or request.GET.get("status") == "cancelled"


def _wait(request: HttpRequest, booking: Booking, payment: Payment) -> HttpResponse:
    look = request.GET.get("look", "")[:4]
    looks = int(look) + 1 if look.isdecimal() else 1
    query = request.GET.copy()
    query["look"] = str(looks)
    context = {"booking": booking, "payment": payment, "again": query.urlencode(), "looks_on": looks <= _LOOKS}
    return render(request, "payments/waiting.html", context)


def _tell(request: HttpRequest, booking: Booking, payment: Payment) -> None:
    back = payment.refunds.filter(reason__in=Refund.AUTOMATIC).first()
    if booking.is_sold and (back is None or back.reason == RefundReason.OVERPAID):
        messages.success(request, _("Thank you. Your payment arrived and the booking is confirmed."))
    if back is not None:
        messages.warning(request, f"{why(back)} {_('%(amount)s goes back to you by itself.') % {'amount': back.money}}")
    elif payment.status == PaymentStatus.PROCESSING:
        messages.info(
            request, _("Your bank is still working on the payment. We write to you as soon as it is through.")
        )
    elif payment.status == PaymentStatus.FAILED:
        messages.error(request, _("The payment was declined. No money was taken; you can try again."))
    elif payment.is_open:
        messages.info(
            request, _("You came back without paying. Your seats are still held, and you can go on any time.")
        )
