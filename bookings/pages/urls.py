"""The traveller's pages, below the language prefix."""

from django.urls import path

from bookings.pages import booking, find, my_bookings, search, seats

app_name = "bookings"
urlpatterns = [
    path("", search.search, name="search"),
    path("trips", search.trips, name="trips"),
    path("trips/<int:trip_id>/seats", seats.choose_seats, name="seats"),
    path("bookings/", my_bookings.list_bookings, name="list"),
    path("bookings/<slug:reference>", booking.show, name="booking"),
    path("bookings/<slug:reference>/passengers", booking.save_passengers, name="passengers"),
    path("bookings/<slug:reference>/extend", booking.extend_hold, name="extend"),
    path("find-booking", find.find, name="find"),
]
