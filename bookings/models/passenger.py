from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.booking import Booking
from bookings.models.vehicle import Seat
from core.transitions import Stateful, Transitions


class PassengerStatus(models.TextChoices):
    BOOKED = "booked", _("booked")
    CANCELLED = "cancelled", _("cancelled")
    BOARDED = "boarded", _("boarded")
    NO_SHOW = "no_show", _("did not show up")


PASSENGER_TRANSITIONS = Transitions(
    initial=[PassengerStatus.BOOKED],
    allowed={
        PassengerStatus.BOOKED: [PassengerStatus.CANCELLED, PassengerStatus.BOARDED, PassengerStatus.NO_SHOW],
        PassengerStatus.BOARDED: [PassengerStatus.NO_SHOW],
        PassengerStatus.NO_SHOW: [PassengerStatus.BOARDED],
    },
)


class Passenger(Stateful):
    """One seat of a booking and, once typed, who sits there. Amounts are minor units of the booking's currency."""

    transitions = PASSENGER_TRANSITIONS

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="passengers", verbose_name=_("booking"))
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", verbose_name=_("seat"))
    full_name = models.CharField(_("full name"), max_length=120, blank=True)
    document = models.CharField(_("passport or identity number"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=PassengerStatus, default=PassengerStatus.BOOKED)
    # The terms of this seat's own fare; where it has none, the booking's hold.
    cancellation_policy = models.JSONField(_("cancellation policy"), null=True, blank=True)
    fare_amount = models.PositiveBigIntegerField(_("fare, minor units"))
    tax_amount = models.PositiveBigIntegerField(_("tax, minor units"))
    fee_amount = models.PositiveBigIntegerField(_("fee, minor units"))

    class Meta:
        verbose_name = _("passenger")
        verbose_name_plural = _("passengers")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.full_name or "—"

    @property
    def price(self) -> int:
        """What this seat costs, minor units of the booking's currency."""
        return self.fare_amount + self.tax_amount + self.fee_amount

    def cancel(self, *, reason: str) -> None:
        """The passenger will not travel; the seat is given up in the same transaction."""
        self._move(PassengerStatus.CANCELLED, reason=reason)

    def miss(self, *, reason: str) -> None:
        """The trip has left without the passenger."""
        self._move(PassengerStatus.NO_SHOW, reason=reason)

    def board(self, *, reason: str = "") -> None:
        """The passenger travels, or has travelled."""
        self._move(PassengerStatus.BOARDED, reason=reason)
