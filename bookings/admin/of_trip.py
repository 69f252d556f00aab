from typing import Any

from django.http import HttpRequest

from bookings.actions.confirm import SELLABLE
from bookings.models import Trip


class OfTrip:
    """Mixed into inlines of a trip. What belongs to one that ran or was cancelled stays as it was."""

    trip: Trip | None = None

    def get_formset(self, request: HttpRequest, obj: Trip | None = None, **kwargs: Any) -> Any:
        self.trip = obj  # an inline is made for one request, so its columns may know the trip
        return super().get_formset(request, obj, **kwargs)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return super().has_add_permission(request, obj) and _may_change(obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_change(obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_change(obj)  # type: ignore[misc]


def _may_change(trip: Trip | None) -> bool:
    return trip is None or trip.status in SELLABLE
