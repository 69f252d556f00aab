"""How full a trip is: by leg, and seat by seat."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from bookings.admin.cabin import STATES, SeatOnLeg, draw
from bookings.models import SeatClaim, Trip, TripStop
from core.admin.sections import Section, Table
from core.clock import BerthNow

_LIVE = Q(expires_at__isnull=True) | Q(expires_at__gt=BerthNow())
_SOLD_ON_FULLEST_LEG = (
    SeatClaim.objects.filter(trip=OuterRef("pk"), booking__isnull=False, expires_at__isnull=True)
    .values("leg")
    .annotate(count=Count("*"))
    .order_by("-count")
    .values("count")[:1]
)
# Seats sold on the leg with the most of them, in an expression about Trip.
SOLD = Coalesce(Subquery(_SOLD_ON_FULLEST_LEG), Value(0), output_field=IntegerField())


def occupancy(trip: Trip, stops: Sequence[TripStop]) -> Iterator[Section]:
    """The load of each leg, and the cabin with the state of every seat on every leg, right now."""
    legs = [f"{boarding.place.code}–{alighting.place.code}" for boarding, alighting in pairwise(stops)]
    claimed = _claimed_seats(trip, legs)
    seats = list(trip.seat_map.seats.values_list("pk", flat=True))
    on_legs = {seat: [claimed[seat].get(leg) or SeatOnLeg(name) for leg, name in enumerate(legs)] for seat in seats}
    yield _load(legs, list(on_legs.values()))
    yield draw(trip.seat_map, _("seats"), on_legs)


def _claimed_seats(trip: Trip, legs: Sequence[str]) -> dict[int, dict[int, SeatOnLeg]]:
    claims = SeatClaim.objects.filter(_LIVE, trip=trip).values_list(
        "seat_id", "leg", "booking_id", "booking__reference", "expires_at"
    )
    found: dict[int, dict[int, SeatOnLeg]] = defaultdict(dict)
    for seat, leg, booking, reference, expires_at in claims:
        status = "blocked" if booking is None else "held" if expires_at else "sold"
        found[seat][leg] = SeatOnLeg(legs[leg], status, booking, reference or "")
    return found


def _load(legs: Sequence[str], seats: Sequence[Sequence[SeatOnLeg]]) -> Table:
    states = ("sold", "held", "blocked", "free")
    rows = []
    for index, leg in enumerate(legs):
        count = Counter(seat[index].status for seat in seats)
        share = count["sold"] / len(seats) if seats else 0
        rows.append((leg, *(count[state] for state in states), len(seats), f"{share:.0%}"))
    return Table(_("load"), (_("leg"), *(STATES[state] for state in states), _("seats"), _("sold, %")), rows)
