from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models.mode import Mode
from bookings.models.operator import Operator, check_booking_fee
from bookings.models.place import Place
from bookings.models.route import Route
from bookings.models.vehicle import SeatMap
from core.money import CurrencyField
from core.transitions import Stateful, Transitions


class TripStatus(models.TextChoices):
    OPEN = "open", _("on sale")
    CLOSED = "closed", _("sales closed")
    CANCELLED = "cancelled", _("cancelled")
    DEPARTED = "departed", _("departed")
    ARRIVED = "arrived", _("arrived")


TRIP_TRANSITIONS = Transitions(
    initial=[TripStatus.OPEN, TripStatus.CLOSED],
    allowed={
        TripStatus.OPEN: [TripStatus.CLOSED, TripStatus.CANCELLED, TripStatus.DEPARTED],
        TripStatus.CLOSED: [TripStatus.OPEN, TripStatus.CANCELLED, TripStatus.DEPARTED],
        TripStatus.DEPARTED: [TripStatus.ARRIVED],
    },
)


class Trip(Stateful):
    """One dated run of a route. It keeps its own stops and its version of the seat map."""

    transitions = TRIP_TRANSITIONS

    operator = models.ForeignKey(Operator, models.PROTECT, related_name="trips", verbose_name=_("operator"))
    route = models.ForeignKey(Route, models.PROTECT, related_name="trips", verbose_name=_("route"))
    seat_map = models.ForeignKey(SeatMap, models.PROTECT, related_name="trips", verbose_name=_("seat map"))
    number = models.CharField(_("number"), max_length=12)
    service_date = models.DateField(_("date"), help_text=_("Local date at the first stop."))
    mode = models.CharField(_("mode"), max_length=10, choices=Mode)
    status = models.CharField(_("status"), max_length=10, choices=TripStatus, default=TripStatus.OPEN)
    currency = CurrencyField(verbose_name=_("currency"))
    booking_fee = models.PositiveBigIntegerField(_("our booking fee a seat, minor units"), default=0)

    class Meta:
        verbose_name = _("trip")
        verbose_name_plural = _("trips")
        constraints = [
            models.UniqueConstraint(fields=["operator", "number", "service_date"], name="trip_one_per_number_and_date")
        ]
        indexes = [
            models.Index(fields=["service_date", "id"], name="trip_by_date"),
            models.Index(fields=["id"], name="trip_under_way", condition=Q(status__in=["open", "closed", "departed"])),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.service_date:%Y-%m-%d}"

    def clean(self) -> None:
        check_booking_fee(self.booking_fee, self.currency)

    @property
    def cancellation_policy(self) -> list[dict[str, int]]:
        """The terms of its seats whose fare has none of its own: the route's, else the operator's."""
        own: list[dict[str, int]] | None = self.route.cancellation_policy
        policy: list[dict[str, int]] = self.operator.cancellation_policy
        return policy if own is None else own

    def close(self, *, reason: str) -> None:
        """End its sale."""
        self._move(TripStatus.CLOSED, reason=reason)

    def reopen(self, *, reason: str) -> None:
        """Sell it again."""
        self._move(TripStatus.OPEN, reason=reason)

    def cancel(self, *, reason: str) -> None:
        """It will not run."""
        self._move(TripStatus.CANCELLED, reason=reason)

    def depart(self, *, reason: str) -> None:
        """It has left the last stop where somebody boards; until then it is sold on at the stops ahead."""
        self._move(TripStatus.DEPARTED, reason=reason)

    def arrive(self, *, reason: str) -> None:
        """It has reached its last stop."""
        self._move(TripStatus.ARRIVED, reason=reason)


class TripStop(models.Model):
    """A stop of one trip, in UTC; leg k runs from position k to position k + 1."""

    trip = models.ForeignKey(Trip, models.CASCADE, related_name="stops", verbose_name=_("trip"))
    position = models.PositiveSmallIntegerField(_("position"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("place"))
    arrives_at = models.DateTimeField(_("arrives at"))
    departs_at = models.DateTimeField(_("departs at"))
    sales_end_at = models.DateTimeField(_("sales end at"), help_text=_("For travellers who board here."))

    class Meta:
        verbose_name = _("stop of the trip")
        verbose_name_plural = _("stops of the trip")
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["trip", "position"], name="tripstop_one_per_position"),
            models.UniqueConstraint(fields=["trip", "place"], name="tripstop_one_per_place"),
            models.CheckConstraint(condition=Q(departs_at__gte=F("arrives_at")), name="tripstop_departs_after_arrival"),
            models.CheckConstraint(condition=Q(sales_end_at__lte=F("departs_at")), name="tripstop_sales_end_in_time"),
        ]
        indexes = [models.Index(fields=["place", "departs_at"], name="tripstop_departures")]

    def __str__(self) -> str:
        return f"{self.place.code} {self.departs_at:%Y-%m-%d %H:%M}"
