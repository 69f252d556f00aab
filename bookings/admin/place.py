from django.contrib import admin
from unfold.admin import ModelAdmin

from bookings.admin.schedule import ChangesSchedule
from bookings.models import Place


@admin.register(Place)
class PlaceAdmin(ChangesSchedule, ModelAdmin):
    """Airports and bus stations."""

    list_display = ("code", "city", "name", "kind", "country", "timezone")
    list_filter = ("kind", "country")
    search_fields = ("code", "name", "name_ar", "city", "city_ar")
    ordering = ("code",)
    fields = (("code", "kind"), ("name", "name_ar"), ("city", "city_ar"), ("country", "timezone"))
