from django.urls import path

from bookings.api import bookings, trips

urlpatterns = [
    path("places", trips.PlaceListView.as_view(), name="api-places"),
    path("trips", trips.TripListView.as_view(), name="api-trips"),
    path("trips/<int:trip_id>", trips.TripView.as_view(), name="api-trip"),
    path("trips/<int:trip_id>/seats", trips.TripSeatsView.as_view(), name="api-trip-seats"),
    path("bookings", bookings.BookingListView.as_view(), name="api-bookings"),
    path("bookings/<str:reference>", bookings.BookingView.as_view(), name="api-booking"),
    path("bookings/<str:reference>/ticket.pdf", bookings.TicketView.as_view(), name="api-ticket-pdf"),
    path("bookings/<str:reference>/ticket.ics", bookings.CalendarView.as_view(), name="api-ticket-ics"),
    path("bookings/<str:reference>/extend", bookings.ExtendView.as_view(), name="api-booking-extend"),
    path("bookings/<str:reference>/passengers", bookings.PassengersView.as_view(), name="api-booking-passengers"),
]
