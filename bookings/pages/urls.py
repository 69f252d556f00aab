"""The traveller's pages, below the language prefix."""

from django.urls import path

from bookings.pages import booking, find, my_bookings, search, seats
from bookings.tickets.files import CALENDAR, PDF

app_name = "bookings"
urlpatterns = [
    path("", search.search, name="search"),
    path("trips", search.trips, name="trips"),
    path("trips/<int:trip_id>/seats", seats.choose_seats, name="seats"),
    path("bookings/", my_bookings.list_bookings, name="list"),
    path("bookings/<slug:reference>", booking.show, name="booking"),
    path("bookings/<slug:reference>/ticket.pdf", booking.ticket_file, {"file": PDF}, name="ticket-pdf"),
    path("bookings/<slug:reference>/ticket.ics", booking.ticket_file, {"file": CALENDAR}, name="ticket-ics"),
    path("bookings/<slug:reference>/passengers", booking.save_passengers, name="passengers"),
    path("bookings/<slug:reference>/extend", booking.extend_hold, name="extend"),
    path("find-booking", find.find, name="find"),
]
