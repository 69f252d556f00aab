from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models.booking import Booking
from bookings.models.trip import Trip
from bookings.models.vehicle import Seat


class SeatClaim(models.Model):
    """One seat of one trip on one leg, taken. Its primary key is why no seat is sold twice.

    Held: a booking and `expires_at`; from that moment on anyone may take the row over. Sold: a booking and no
    `expires_at`. Blocked by staff: no booking.
    """

    pk = models.CompositePrimaryKey("trip_id", "seat_id", "leg")
    trip = models.ForeignKey(Trip, models.PROTECT, related_name="claims", db_index=False)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", db_index=False)
    leg = models.PositiveSmallIntegerField()
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="claims", null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("seat claim")
        verbose_name_plural = _("seat claims")
        constraints = [
            models.CheckConstraint(
                condition=Q(booking__isnull=False) | Q(expires_at__isnull=True), name="seatclaim_block_has_no_end"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trip_id}/{self.seat_id}/{self.leg}"
