"""Trips and bookings in the staff site."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.operator import OperatorAdmin
from bookings.admin.place import PlaceAdmin
from bookings.admin.route import RouteAdmin
from bookings.admin.seat_map import SeatMapAdmin
from bookings.admin.trip import TripAdmin
from bookings.admin.vehicle import VehicleAdmin

__all__ = [
    "BookingAdmin",
    "OperatorAdmin",
    "PlaceAdmin",
    "RouteAdmin",
    "SeatMapAdmin",
    "TripAdmin",
    "VehicleAdmin",
]
