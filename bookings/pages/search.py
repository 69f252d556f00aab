"""Finding a trip: the search page and its results."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.models import Place, Route
from bookings.pages.forms import SearchForm
from bookings.pages.other_days import nearest_days
from bookings.queries import FoundTrip, TripWithSeats, places, search_trips
from core import limits


@dataclass(frozen=True)
class Offer:
    """A found trip as the results show it."""

    trip: FoundTrip
    seats_left: int
    enough: bool
    seats_url: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The first page."""
    known = list(places())
    tomorrow = timezone.localdate() + timedelta(days=1)
    form = SearchForm(places=known, initial={"date": tomorrow, "passengers": 1})
    return render(request, "bookings/search.html", {"form": form, "routes": _routes(tomorrow)})


@require_safe
def trips(request: HttpRequest) -> HttpResponse:
    """What runs on one day between two places."""
    if not {"origin", "destination", "date"} & set(request.GET):
        return redirect("bookings:search")
    limits.take("search", limits.who(request))
    form = SearchForm(request.GET, places=places())
    if not form.is_valid():
        return render(request, "bookings/trips.html", {"form": form})
    origin, destination, day = form.origin_place, form.destination_place, form.cleaned_data["date"]
    passengers: int = form.cleaned_data["passengers"]
    found = search_trips(origin.code, destination.code, day)
    offers = [_offer(one, origin, destination, passengers) for one in found.trips]
    context = {
        "form": form,
        "offers": offers,
        "origin": origin,
        "destination": destination,
        "day": day,
        "passengers": passengers,
        **_neighbours(origin, destination, day, passengers),
    }
    if not any(offer.enough for offer in offers):
        near = nearest_days(origin, destination, day)
        context["other_days"] = [(other, _trips_url(origin, destination, other, passengers)) for other in near]
    return render(request, "bookings/trips.html", context)


def _offer(found: TripWithSeats, origin: Place, destination: Place, passengers: int) -> Offer:
    query = urlencode({"origin": origin.code, "destination": destination.code, "passengers": passengers})
    url = f"{reverse('bookings:seats', args=[found.trip.id])}?{query}"
    return Offer(found.trip, found.seats_left, found.seats_left >= passengers, url)


def _neighbours(origin: Place, destination: Place, day: date, passengers: int) -> dict[str, str]:
    """Links to the day before, unless it has passed, and the day after."""
    today = timezone.now().astimezone(origin.zone).date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    links = {"next_day": _trips_url(origin, destination, after, passengers)}
    if before >= today:
        links["previous_day"] = _trips_url(origin, destination, before, passengers)
    return links


def _trips_url(origin: Place, destination: Place, day: date, passengers: int) -> str:
    query = {"origin": origin.code, "destination": destination.code, "date": day, "passengers": passengers}
    return f"{reverse('bookings:trips')}?{urlencode(query)}"


def _routes(day: date) -> list[tuple[str, Place, Place, str]]:
    """Each line from its first to its last stop, with a link to that day's trips."""
    lines = [
        (route.mode, [stop.place for stop in route.stops.all()])
        for route in Route.objects.prefetch_related("stops__place").order_by("-mode", "id")
    ]
    return [(mode, stops[0], stops[-1], _trips_url(stops[0], stops[-1], day, 1)) for mode, stops in lines if stops]
