"""Choosing seats on the map, and holding them."""

import uuid
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import queries
from bookings.actions.hold import hold
from bookings.models import TripStatus
from bookings.pages import cabin
from bookings.pages.access import remember, remembered
from bookings.pages.best_seats import together
from bookings.pages.forms import HoldForm
from bookings.pages.hold_once import hold_once
from bookings.pages.problems import explain, tell_problems
from core import limits
from core.errors import NotFound, Problem
from core.idempotency import request_hash
from core.money import Money

_LONGEST_NUMBER = 4


# Never stored: whoever comes back sees the seats as they are now, and sends another key.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tell_problems
def choose_seats(request: HttpRequest, trip_id: int) -> HttpResponse:
    """The seat map of a trip; its POST holds the chosen seats and leads to their booking."""
    stretch = queries.stretch(trip_id, request.GET.get("origin", ""), request.GET.get("destination", ""))
    if request.method != "POST":
        form = HoldForm(initial={"email": getattr(request.user, "email", ""), "key": uuid.uuid4()})
        return _page(request, stretch, form)
    form = HoldForm(request.POST)
    status = 200
    if form.is_valid():
        try:
            limits.take("hold", limits.who(request))
            return redirect("bookings:booking", _hold(request, stretch, form))
        except NotFound:
            raise
        except Problem as error:
            form.add_error("seats", explain(error))
            status = error.status
    return _page(request, stretch, form, status)


def _hold(request: HttpRequest, stretch: queries.Stretch, form: HoldForm) -> str:
    language = get_language() or settings.LANGUAGE_CODE
    contact = form.contact(language)
    chosen = {
        "trip_id": stretch.boarding.trip_id,
        "origin": stretch.boarding.place.code,
        "destination": stretch.alighting.place.code,
        "seats": form.cleaned_data["seats"],
    }
    owner_id = request.user.pk if request.user.is_authenticated else None
    form_hash = request_hash("POST", request.path, {**chosen, "email": contact.email, "phone": contact.phone})
    work = partial(hold, **chosen, contact=contact, owner_id=owner_id)
    reference = hold_once(str(form.cleaned_data["key"]), form_hash, lambda then: work(before_commit=then))
    if owner_id is None:
        remember(request, reference)
    return reference


def _page(request: HttpRequest, stretch: queries.Stretch, form: HoldForm, status: int = 200) -> HttpResponse:
    trip = stretch.boarding.trip
    user_id = request.user.pk if request.user.is_authenticated else None
    states = queries.seats(stretch, viewer_id=user_id, references=remembered(request))
    wanted = _wanted(request)
    chosen = form["seats"].value() or []
    if not form.is_bound and "together" in request.GET:
        chosen = together(trip.seat_map.columns, states, wanted)
    context = {
        "stretch": stretch,
        "trip": trip,
        "form": form,
        "wanted": wanted,
        "chosen": chosen,
        "on_sale": trip.status == TripStatus.OPEN and stretch.boarding.sales_end_at > timezone.now(),
        "letters": cabin.layout(trip.seat_map.columns),
        "rows": list(cabin.rows(trip.seat_map.columns, states)),
        "exits": any("exit_row" in seat.features for seat in states),
        "states": cabin.STATES,
        "nothing": Money(0, trip.currency),
        "hold_minutes": round(settings.HOLD.total_seconds() / 60),
        "free": sum(seat.status == "free" for seat in states),
    }
    return render(request, "bookings/seats.html", context, status=status)


def _wanted(request: HttpRequest) -> int:
    """How many travel, as the search said; the seats that are chosen decide."""
    text = request.GET.get("passengers", "")
    number = int(text) if text.isdecimal() and len(text) < _LONGEST_NUMBER else 1
    most: int = settings.MAX_HELD_SEATS
    return min(max(number, 1), most)
