"""Tables of bookings."""

from bookings.models.booking import BOOKING_TRANSITIONS, Booking, BookingPaymentStatus, BookingStatus
from bookings.models.claim import SeatClaim
from bookings.models.fare import Fare
from bookings.models.operator import CountryTax, Operator
from bookings.models.passenger import PASSENGER_TRANSITIONS, Passenger, PassengerStatus
from bookings.models.place import Place
from bookings.models.route import Route, RouteStop
from bookings.models.trip import TRIP_TRANSITIONS, Trip, TripStatus, TripStop
from bookings.models.vehicle import Seat, SeatMap, Vehicle

__all__ = [
    "BOOKING_TRANSITIONS",
    "PASSENGER_TRANSITIONS",
    "TRIP_TRANSITIONS",
    "Booking",
    "BookingPaymentStatus",
    "BookingStatus",
    "CountryTax",
    "Fare",
    "Operator",
    "Passenger",
    "PassengerStatus",
    "Place",
    "Route",
    "RouteStop",
    "Seat",
    "SeatClaim",
    "SeatMap",
    "Trip",
    "TripStatus",
    "TripStop",
    "Vehicle",
]
