from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.mode import Mode
from bookings.models.operator import Operator


class Vehicle(models.Model):
    """A type of aircraft or coach that an operator runs."""

    operator = models.ForeignKey(Operator, models.PROTECT, related_name="vehicles", verbose_name=_("operator"))
    name = models.CharField(_("name"), max_length=60)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode)

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        constraints = [models.UniqueConstraint(fields=["operator", "name"], name="vehicle_one_name_per_operator")]

    def __str__(self) -> str:
        return self.name


class SeatMap(models.Model):
    """One version of a vehicle's seats. A trip keeps the version that it was made with."""

    vehicle = models.ForeignKey(Vehicle, models.PROTECT, related_name="seat_maps", verbose_name=_("vehicle"))
    version = models.PositiveIntegerField(_("version"), default=1)
    columns = models.CharField(
        _("columns"), max_length=20, help_text=_("Letters from left to right, a space where the aisle is: ABC DEF")
    )

    class Meta:
        verbose_name = _("seat map")
        verbose_name_plural = _("seat maps")
        constraints = [models.UniqueConstraint(fields=["vehicle", "version"], name="seatmap_one_per_version")]

    def __str__(self) -> str:
        return f"{self.vehicle} · {self.version}"


class Seat(models.Model):
    """A seat of one version of a seat map."""

    seat_map = models.ForeignKey(SeatMap, models.CASCADE, related_name="seats", verbose_name=_("seat map"))
    number = models.CharField(_("number"), max_length=6)
    row = models.PositiveSmallIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=2)
    fare_class = models.CharField(_("fare class"), max_length=20)
    features = ArrayField(models.CharField(max_length=20), verbose_name=_("features"), default=list, blank=True)

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ("row", "column")
        constraints = [
            models.UniqueConstraint(fields=["seat_map", "number"], name="seat_one_per_number"),
            models.UniqueConstraint(fields=["seat_map", "row", "column"], name="seat_one_per_position"),
        ]

    def __str__(self) -> str:
        return self.number
