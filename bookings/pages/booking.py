"""A booking's own page: how it stands, who travels, what it costs, and what can be done about it."""

import math
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.actions.extend import extend
from bookings.models import Booking, BookingPaymentStatus, BookingStatus
from bookings.pages.access import booking_for, opens, remember
from bookings.pages.forms import PassengersForm
from bookings.pages.passengers import offer_names_again, passengers_form, save_names
from bookings.pages.problems import tell_problems
from bookings.pages.terms import terms
from bookings.queries import find_booking, history
from bookings.tickets.files import TicketFile

PAYABLE = ("held", "paying", "failed")
_OPEN_STATES: dict[str, str] = {BookingStatus.PENDING: "held", BookingStatus.PENDING_PAYMENT: "paying"}
P = ParamSpec("P")


@never_cache
@require_safe
@tell_problems
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """The booking. A link with a key opens it for this browser."""
    key = request.GET.get("key")
    if key and opens(key, reference):
        remember(request, find_booking(reference).reference)
        return redirect("bookings:booking", reference)
    booking = booking_for(request, reference)
    if state_of(booking, timezone.now()) == BookingStatus.EXPIRED:
        offer_names_again(request, booking)
    return booking_page(request, booking, passengers_form(request, booking))


@never_cache
@require_safe
@tell_problems
def ticket_file(request: HttpRequest, reference: str, file: TicketFile) -> HttpResponse:
    """The ticket to take along, in the language of the page."""
    return file.answer(booking_for(request, reference))


def booking_page(request: HttpRequest, booking: Booking, form: PassengersForm) -> HttpResponse:
    """The page of a booking that this visitor may see; the form holds the names as they were typed."""
    now = timezone.now()
    state = state_of(booking, now)
    context = {
        "booking": booking,
        "form": form,
        "state": state,
        "may_pay": state in PAYABLE,
        "seconds_left": math.ceil((booking.expires_at - now).total_seconds()),
        "passengers": list(booking.passengers.all()),
        "terms": terms(booking, booking.live_passengers(), now),
        "history": [(change.at, BookingStatus(change.to_status)) for change in history([booking])[booking.pk]],
    }
    return render(request, "bookings/booking.html", context)


def state_of(booking: Booking, now: datetime) -> str:
    """How the booking stands for its traveller: its status, but a hold is over when its time is, whoever notes it."""
    if booking.payment_status == BookingPaymentStatus.PROCESSING and booking.is_unpaid:
        return "processing"
    if booking.is_unpaid and booking.expires_at <= now:
        return BookingStatus.EXPIRED
    return _OPEN_STATES.get(booking.status) or str(booking.status)


def booking_button(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view behind a button of the booking's page. Whoever comes to its address otherwise is led to the page."""

    @wraps(view)
    def run(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return redirect("bookings:booking", kwargs["reference"])
        return view(request, *args, **kwargs)

    return never_cache(tell_problems(run))


@booking_button
def save_passengers(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep the names for later."""
    booking = booking_for(request, reference)
    if to_mend := save_names(request, booking):
        return booking_page(request, booking, to_mend)
    messages.success(request, _("The names are saved."))
    return redirect("bookings:booking", reference)


@booking_button
def extend_hold(request: HttpRequest, reference: str) -> HttpResponse:
    """More time, with the names that were typed so far."""
    booking = booking_for(request, reference)
    if to_mend := save_names(request, booking):
        return booking_page(request, booking, to_mend)
    extend(booking.pk)
    messages.success(request, _("You have more time. The names that you typed are saved."))
    return redirect("bookings:booking", reference)
