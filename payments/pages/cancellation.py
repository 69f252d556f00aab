"""Giving a booking up: the whole of an unpaid one, or seats of a paid one for what the terms give back."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.models import Booking, BookingStatus, TripStatus
from bookings.pages.access import booking_for
from bookings.pages.problems import explain, tell_problems
from bookings.pages.terms import terms
from core.errors import InvalidState, Problem
from core.money import Money
from payments.actions.cancel import Wish, cancel, cancel_unpaid
from payments.errors import QuoteChanged
from payments.pages.refund_words import arrival
from payments.queries import paying
from payments.quotes import quote


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tell_problems
def give_up(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask first, and then do exactly what was asked."""
    booking = booking_for(request, reference)
    if booking.is_unpaid:
        return _give_up_unpaid(request, booking)
    if request.method != "POST":
        return _ask_again(request, booking, request.GET.getlist("seats"))
    if "quoted" not in request.POST:  # they were asked about an unpaid booking, and it was paid meanwhile
        raise InvalidState(state=booking.status)
    seats = request.POST.getlist("seats")
    if "show" in request.POST or not seats:
        return _show_for(request, booking, seats)
    return _cancel(request, booking, seats)


def _give_up_unpaid(request: HttpRequest, booking: Booking) -> HttpResponse:
    if request.method != "POST":
        return render(request, "payments/cancel.html", {"booking": booking})
    cancel_unpaid(booking.pk, reason="Given up by the traveller.")
    messages.success(request, _("The booking was given up, and nothing was charged."))
    return redirect("bookings:booking", booking.reference)


def _show_for(request: HttpRequest, booking: Booking, seats: list[str]) -> HttpResponse:
    """To the address that shows what these seats bring. Sent as a form, as the page's ticks belong to that."""
    page = reverse("payments:cancel", args=[booking.reference])
    if not seats:
        messages.error(request, _("Choose at least one seat."))
        return redirect(page)
    return redirect(f"{page}?{urlencode({'seats': seats}, doseq=True)}")


def _ask_again(request: HttpRequest, booking: Booking, seats: list[str]) -> HttpResponse:
    """Whoever comes back to an address of seats that are gone is not asked about those that are left."""
    gone = set(seats) - {passenger.seat.number for passenger in booking.live_passengers()}
    if not gone:
        return _ask(request, booking, seats)
    messages.info(
        request, _("What this page was about is not booked any more: %(seats)s.") % {"seats": ", ".join(seats)}
    )
    return redirect("bookings:booking", booking.reference)


def _ask(
    request: HttpRequest, booking: Booking, seats: list[str], *, notice: str = "", status: int = 200
) -> HttpResponse:
    """What comes back for those of these seats that are still booked, or for all."""
    live = booking.live_passengers()
    chosen = [passenger for passenger in live if passenger.seat.number in seats] or live
    now = timezone.now()
    try:
        offer = quote(booking, now, [passenger.seat.number for passenger in chosen])
    except InvalidState as error:
        return _tell_why_not(request, booking, error, now)
    price = Money(sum(passenger.price for passenger in chosen), booking.currency)
    context = {
        "booking": booking,
        "notice": notice,
        "rows": [(passenger, passenger in chosen) for passenger in live],
        "offer": offer,
        "price": price,
        "back_before": price - offer.fee - offer.refund,
        "arrival": arrival(paying(booking)[-1].gateway) if offer.refund else "",
        "terms": terms(booking, chosen, now),
        "trip_cancelled": booking.trip.status == TripStatus.CANCELLED,
    }
    return render(request, "payments/cancel_seats.html", context, status=status)


def _cancel(request: HttpRequest, booking: Booking, seats: list[str]) -> HttpResponse:
    if set(seats) != set(request.POST["quoted"].split(",")):
        notice = _("You chose other seats. This is what comes back for them; nothing is cancelled yet.")
        return _ask(request, booking, seats, notice=notice, status=409)
    expected = Money(_number(request.POST.get("expected", "")), booking.currency)
    try:
        cancel(booking.pk, Wish(expected, seats, reason="Cancelled by the traveller."))
    except QuoteChanged:
        notice = _("What comes back has changed meanwhile. Look at it again; nothing is cancelled yet.")
        return _ask(request, booking_for(request, booking.reference), seats, notice=notice, status=409)
    except Problem as error:
        return _tell_after(request, booking_for(request, booking.reference), seats, error)
    if expected:
        back = _("The seats are cancelled. %(amount)s goes back to you.") % {"amount": expected}
        messages.success(request, f"{back} {arrival(paying(booking)[-1].gateway)}")
    else:
        messages.success(request, _("The seats are cancelled."))
    return redirect("bookings:booking", booking.reference)


def _tell_after(request: HttpRequest, booking: Booking, seats: list[str], error: Problem) -> HttpResponse:
    """The second click of two finds done what it came for."""
    cancelled = {one.seat.number for one in booking.passengers.all() if one.status == "cancelled"}
    if cancelled.issuperset(seats):
        messages.success(request, _("The seats are cancelled."))
        return redirect("bookings:booking", booking.reference)
    return _tell_why_not(request, booking, error, timezone.now())


def _tell_why_not(request: HttpRequest, booking: Booking, error: Problem, now: datetime) -> HttpResponse:
    if error.members.get("state") == "disputed":
        words = _("Your bank is deciding about the payment. Until then no seat can be cancelled here.")
    elif booking.status == BookingStatus.CONFIRMED and booking.boarding.departs_at <= now:
        words = _("The trip has left, and its seats cannot be cancelled any more.")
    else:
        words = explain(error)
    messages.error(request, words)
    return redirect("bookings:booking", booking.reference)


def _number(text: str) -> int:
    """What a page of ours wrote into its form; whatever else somebody sends is no offer that we made."""
    return int(text) if text.isdecimal() and len(text) < 16 else -1
