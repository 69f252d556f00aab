"""The days nearest to an empty one on which something runs."""

from datetime import date, datetime, timedelta

from django.db.models import F

from bookings.models import Place, TripStatus, TripStop
from core.clock import BerthNow

_REACH = timedelta(days=30)
_SHOWN = 4


def nearest_days(origin: Place, destination: Place, day: date) -> list[date]:
    """Up to four other local days at the origin with a trip on sale, in order; within a month of the day."""
    middle = datetime.combine(day, datetime.min.time(), tzinfo=origin.zone)
    departures = TripStop.objects.filter(
        place=origin,
        trip__status=TripStatus.OPEN,
        sales_end_at__gt=BerthNow(),
        departs_at__range=(middle - _REACH, middle + _REACH),
        trip__stops__place=destination,
        trip__stops__position__gt=F("position"),
    ).values_list("departs_at", flat=True)
    days = {departs_at.astimezone(origin.zone).date() for departs_at in departures} - {day}
    return sorted(sorted(days, key=lambda other: (abs(other - day), other))[:_SHOWN])
