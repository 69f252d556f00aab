from django.db.models import QuerySet

from bookings.models import Booking, BookingStatus, Trip


def to_clear(trip: Trip) -> QuerySet[Booking]:
    """Bookings that must not outlive the trip: if it is cancelled, a job cancels each and gives its money back."""
    return trip.bookings.filter(status__in=(*Booking.UNPAID, BookingStatus.CONFIRMED))
