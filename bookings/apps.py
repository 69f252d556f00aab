from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "bookings"
    never_deleted = ("bookings_booking", "bookings_passenger")
    verbose_name = _("Bookings")
