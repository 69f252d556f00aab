from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models.operator import validate_policy
from bookings.models.trip import Trip
from core.money import can_be_charged


class Fare(models.Model):
    """What a seat of a class costs on a stretch of a trip, tax included, booking fee not. No fare: not for sale."""

    trip = models.ForeignKey(Trip, models.CASCADE, related_name="fares", verbose_name=_("trip"))
    fare_class = models.CharField(_("fare class"), max_length=20)
    from_position = models.PositiveSmallIntegerField(_("from stop"))
    to_position = models.PositiveSmallIntegerField(_("to stop"))
    amount = models.PositiveBigIntegerField(_("amount, minor units"))
    cancellation_policy = models.JSONField(
        _("cancellation policy"), null=True, blank=True, validators=[validate_policy],
        help_text=_("Empty: the route's."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("fare")
        verbose_name_plural = _("fares")
        ordering = ("from_position", "to_position", "amount")
        constraints = [
            models.UniqueConstraint(
                fields=["trip", "from_position", "to_position", "fare_class"], name="fare_one_per_class_and_stretch"
            ),
            models.CheckConstraint(condition=Q(to_position__gt=F("from_position")), name="fare_runs_forward"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="fare_of_something"),
        ]

    def clean(self) -> None:
        if self.trip_id and self.amount and not can_be_charged(self.amount, self.trip.currency):
            raise ValidationError({"amount": _("Cards are charged in steps of ten of this currency's smallest unit.")})

    def __str__(self) -> str:
        return f"{self.fare_class} {self.from_position}–{self.to_position}"
