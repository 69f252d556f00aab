from tests.bookings.pages.conftest import trip, visitor

__all__ = ["trip", "visitor"]
