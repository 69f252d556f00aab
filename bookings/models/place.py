import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """An IANA time zone, like Asia/Riyadh."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no such time zone."), code="invalid")


class Place(models.Model):
    """Where trips stop: an airport or a bus station, with the clock on its wall."""

    class Kind(models.TextChoices):
        AIRPORT = "airport", _("airport")
        STATION = "station", _("bus station")

    code = models.CharField(_("code"), max_length=8, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_ar = models.CharField(_("name in Arabic"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=60)
    city_ar = models.CharField(_("city in Arabic"), max_length=60, blank=True)
    country = models.CharField(_("country, ISO 3166"), max_length=2)
    timezone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.local_city} ({self.code})"

    @property
    def local_name(self) -> str:
        """The name in the reader's language."""
        return (get_language() == "ar" and self.name_ar) or self.name

    @property
    def local_city(self) -> str:
        """The city in the reader's language."""
        return (get_language() == "ar" and self.city_ar) or self.city

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The place's time zone."""
        return zoneinfo.ZoneInfo(self.timezone)
