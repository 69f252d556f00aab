from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from bookings.models import Vehicle


@admin.register(Vehicle)
class VehicleAdmin(ModelAdmin):
    """Types of aircraft and coaches. Their seats are in seat maps, one for each version."""

    list_display = ("name", "operator", "mode")
    list_filter = ("operator", "mode")
    search_fields = ("name", "operator__name")
    ordering = ("operator__name", "name")
    fields = ("name", ("operator", "mode"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vehicle]:
        vehicles: QuerySet[Vehicle] = super().get_queryset(request)
        return vehicles.select_related("operator")
