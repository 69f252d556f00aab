"""Who travels, in tables."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin.policy import policy_lines
from bookings.models import Booking, Passenger, SeatClaim, Trip
from core.admin.display import link, prose, utc
from core.admin.sections import Table
from core.money import Money


def passengers_of(trip: Trip) -> Table:
    """Everybody who has a seat of a trip, as a list for the door: by seat, then by stop."""
    passengers = (
        Passenger.objects.filter(booking__trip=trip, booking__status__in=Booking.SOLD)
        .exclude(status="cancelled")
        .select_related("seat", "booking__boarding__place", "booking__alighting__place")
        .order_by("seat__row", "seat__column", "booking__boarding__position")
    )
    return Table(
        _("passengers"),
        (_("seat"), _("name"), _("document"), _("from"), _("to"), _("status"), _("booking")),
        [
            (
                passenger.seat.number,
                passenger.full_name or None,
                passenger.document or None,
                passenger.booking.boarding.place.code,
                passenger.booking.alighting.place.code,
                passenger.get_status_display(),
                link("bookings_booking", passenger.booking_id, passenger.booking.reference),
            )
            for passenger in passengers
        ],
    )


def seats_of(booking: Booking, passengers: Sequence[Passenger]) -> Table:
    """These passengers of a booking with their seats, what each costs, and until when the seat is theirs."""
    held = _claims_of(booking)
    currency = booking.currency
    return Table(
        _("passengers"),
        (
            _("seat"), _("class"), _("name"), _("document"), _("status"),
            _("fare"), _("tax"), _("fee"), _("price"), _("seat is theirs"), _("terms of its own"),
        ),
        [
            (
                passenger.seat.number,
                passenger.seat.fare_class,
                passenger.full_name or None,
                passenger.document or None,
                passenger.get_status_display(),
                Money(passenger.fare_amount, currency),
                Money(passenger.tax_amount, currency),
                Money(passenger.fee_amount, currency),
                Money(passenger.price, currency),
                held.get(passenger.seat_id, _("no")),
                prose(policy_lines(passenger.cancellation_policy or (), currency)),
            )
            for passenger in passengers
        ],
    )  # fmt: skip


def _claims_of(booking: Booking) -> dict[int, str]:
    """Until when the booking has a seat, for each seat that it has on all of its legs."""
    ends: dict[int, list[datetime | None]] = defaultdict(list)
    for seat, expires_at in SeatClaim.objects.filter(booking=booking).values_list("seat_id", "expires_at"):
        ends[seat].append(expires_at)
    legs = booking.alighting.position - booking.boarding.position
    return {seat: _until(found) for seat, found in ends.items() if len(found) == legs}


def _until(ends: Iterable[datetime | None]) -> str:
    times = [end for end in ends if end is not None]
    return format_html(gettext("until {}"), utc(min(times))) if times else gettext("for good")
