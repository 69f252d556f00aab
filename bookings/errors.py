"""What can go wrong when seats are held, named and sold."""

from core.errors import Problem


class BookingError(Problem):
    """Root of this app's errors."""


class SeatUnavailable(BookingError):
    """Some of the seats are taken, blocked or not sold on this stretch; `seats` names them. None was held."""

    code, status, title = "seat_unavailable", 409, "Some of these seats are not free."


class TripClosed(BookingError):
    """The trip is not on sale (any more) from this stop."""

    code, status, title = "trip_closed", 409, "This trip is not on sale."


class HoldExpired(BookingError):
    """The hold has ended; its seats are on sale again."""

    code, status, title = "hold_expired", 409, "The hold has ended."


class HoldLimitReached(BookingError):
    """The hold was extended as far as it can be."""

    code, status, title = "hold_limit_reached", 409, "The hold cannot be extended any further."


class TooManySeats(BookingError):
    """One person may hold only so many seats at once."""

    code, status, title = "too_many_seats", 409, "Too many seats are held at once."


class PassengersIncomplete(BookingError):
    """Every passenger needs a name before payment; `seats` tells whose is missing."""

    code, status, title = "passengers_incomplete", 409, "Some passengers have no name yet."


class MadeBefore(BookingError):
    """This key of this user has made a booking already."""

    code, status, title = "idempotency_payload_mismatch", 422, "This key has made another booking."


class SeatsLost(BookingError):
    """A confirmation came too late: somebody else has (some of) the seats, or the trip is gone. Nothing was changed."""

    code, status, title = "seat_unavailable", 409, "The seats were sold to somebody else meanwhile."
