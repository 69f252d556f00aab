from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.mode import Mode
from bookings.models.operator import BASIS_POINTS, Operator, validate_policy
from bookings.models.place import Place


class Route(models.Model):
    """A line that an operator runs again and again, with any number of stops."""

    operator = models.ForeignKey(Operator, models.PROTECT, related_name="routes", verbose_name=_("operator"))
    name = models.CharField(_("name"), max_length=120)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode)
    cancellation_policy = models.JSONField(
        _("cancellation policy"), null=True, blank=True, validators=[validate_policy],
        help_text=_("Empty: the operator's."),
    )  # fmt: skip
    commission_bps = models.PositiveIntegerField(
        _("commission, basis points"), null=True, blank=True, validators=[MaxValueValidator(BASIS_POINTS)],
        help_text=_("Empty: the operator's."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [
            models.UniqueConstraint(fields=["operator", "name"], name="route_one_name_per_operator"),
            models.CheckConstraint(condition=models.Q(commission_bps__lte=BASIS_POINTS), name="route_commission"),
        ]

    def __str__(self) -> str:
        return self.name


class RouteStop(models.Model):
    """A stop of a route; leg k runs from position k to position k + 1."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="stops", verbose_name=_("route"))
    position = models.PositiveSmallIntegerField(_("position"))
    place = models.ForeignKey(Place, models.PROTECT, verbose_name=_("place"))
    arrives_after = models.DurationField(_("arrives after departure by"))
    departs_after = models.DurationField(_("departs after departure by"))

    class Meta:
        verbose_name = _("stop of the route")
        verbose_name_plural = _("stops of the route")
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["route", "position"], name="routestop_one_per_position"),
            models.UniqueConstraint(fields=["route", "place"], name="routestop_one_per_place"),
            models.CheckConstraint(
                condition=models.Q(departs_after__gte=models.F("arrives_after")), name="routestop_departs_after_arrival"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.place}"
