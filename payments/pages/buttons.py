"""The buttons about money on a booking's page: pay, give the payment up, give the booking up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.pages.access import booking_for
from bookings.pages.booking import booking_button, booking_page
from bookings.pages.passengers import save_names
from bookings.pages.problems import tell_problems
from payments.actions.abandon import abandon
from payments.actions.cancel import cancel_unpaid
from payments.actions.start import start_payment
from payments.queries import open_payment


@booking_button
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Save the names, then lead to the gateway's page; to the same one as before while that is open."""
    booking = booking_for(request, reference)
    if to_mend := save_names(request, booking, complete=True):
        return booking_page(request, booking, to_mend)
    return redirect(start_payment(booking.pk).payment.checkout_url)


@booking_button
def leave(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the open payment up; the seats stay held."""
    booking = booking_for(request, reference)
    if to_mend := save_names(request, booking):
        return booking_page(request, booking, to_mend)
    payment = open_payment(booking)
    if payment and (payment := abandon(payment.pk)).is_paid:
        messages.success(request, _("The payment had arrived already."))
    elif payment and payment.is_open:
        messages.warning(request, _("The payment is under way and cannot be given up any more."))
    else:
        messages.info(request, _("The payment was given up. Your seats are still held."))
    return redirect("bookings:booking", reference)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tell_problems
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask whether the unpaid booking shall be given up, and do it."""
    booking = booking_for(request, reference)
    if request.method != "POST":
        if not booking.is_unpaid:
            return redirect("bookings:booking", reference)
        return render(request, "payments/cancel.html", {"booking": booking})
    cancel_unpaid(booking.pk, reason="Given up by the traveller.")
    messages.success(request, _("The booking was given up, and nothing was charged."))
    return redirect("bookings:booking", reference)
