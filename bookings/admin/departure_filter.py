from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import DateField, DateTimeField, F, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bookings.models import Trip, TripStop
from core.admin.display import Text
from core.clock import BerthNow

_DAY = timedelta(days=1)


class DepartureFilter(admin.SimpleListFilter):
    """By the trip's own date, which is local at its first stop."""

    title = _("departure")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [("today", _("today")), ("coming", _("today and later")), ("past", _("before today"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Trip]) -> QuerySet[Trip]:
        first = TripStop.objects.filter(trip=OuterRef("pk")).order_by("position")
        here = Func(F("zone"), BerthNow(), function="timezone", output_field=DateTimeField())
        trips = queryset.alias(zone=Subquery(first.values("place__timezone")[:1])).alias(here=Cast(here, DateField()))
        utc = timezone.now().date()  # no place's date is further than a day from it, and the trip's date is indexed
        match self.value():
            case "today":
                return trips.filter(service_date__range=(utc - _DAY, utc + _DAY)).filter(service_date=F("here"))
            case "coming":
                return trips.filter(service_date__gte=utc - _DAY).filter(service_date__gte=F("here"))
            case "past":
                return trips.filter(service_date__lte=utc + _DAY).filter(service_date__lt=F("here"))
        return queryset
