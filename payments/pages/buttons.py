"""The buttons about a payment on a booking's page: begin it, go on with it, give it up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.models import Booking
from bookings.pages.access import booking_for
from bookings.pages.booking import booking_button, booking_page
from bookings.pages.passengers import save_names
from core import limits
from payments.actions.abandon import abandon
from payments.actions.start import start_payment
from payments.errors import GatewayUnavailable
from payments.pages.ways import Way, ways_to_pay
from payments.queries import open_payment


@booking_button
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Save the names, then lead to the gateway's page; to the same one as before while that is open."""
    booking = booking_for(request, reference)
    limits.take("pay", limits.who(request))
    if to_mend := save_names(request, booking, complete=True):
        return booking_page(request, booking, to_mend)
    ways = {way.gateway: way for way in ways_to_pay(booking)}
    way = ways.pop(request.POST.get("gateway", next(iter(ways), "")), None)
    if way is None:
        messages.error(request, _("This way to pay is not offered. Please choose another one."))
        return redirect("bookings:booking", reference)
    try:
        return redirect(start_payment(booking.pk, way.gateway).payment.checkout_url)
    except GatewayUnavailable as error:
        messages.error(request, _without_gateway(booking_for(request, reference), error, list(ways.values())))
        return redirect("bookings:booking", reference)


def _without_gateway(booking: Booking, error: GatewayUnavailable, others: list[Way]) -> str:
    """What somebody can do whose payment cannot begin now."""
    payment = open_payment(booking)
    held_until = booking.expires_at.astimezone(booking.boarding.place.zone)
    sentences = [
        _("The payment service does not answer right now. No money was taken."),
        _("Your seats stay held until %(time)s (%(city)s time).")
        % {"time": time_format(held_until, "H:i"), "city": booking.boarding.place.local_city},
    ]
    if seconds := error.members.get("retry_after"):
        sentences.append(
            ngettext("Try again in %(seconds)s second.", "Try again in %(seconds)s seconds.", seconds)
            % {"seconds": seconds}
        )
    else:
        sentences.append(_("Try again in a minute."))
    # A page that was opened may still take money, and nobody can close it while its gateway is silent.
    if others and not (payment and payment.session_id):
        means = _(" or ").join(f"{way.means} ({way.brand})" for way in others)
        sentences.append(_("Or pay another way: %(means)s.") % {"means": means})
    return " ".join(sentences)


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
