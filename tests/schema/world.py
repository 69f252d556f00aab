"""Two travellers on the same trips, and what a caller may know of them."""

from dataclasses import dataclass
from typing import Any

from core import jobs
from tests.database import every_row
from tests.schema.people import Person
from tests.services import Sandbox
from tests.world import in_days, make_trip

SECRET = "a secret of the jobs that only the operator knows"


@dataclass
class World:
    """What is there, and every row of the database and of the sandbox as it was before the stranger came."""

    web: str
    trips: list[str]
    user: Person
    before: dict[str, list[str]]
    sessions: list[dict[str, Any]]
    stranger: Person

    @property
    def people(self) -> tuple[Person, Person]:
        return self.user, self.stranger

    @property
    def references(self) -> list[str]:
        return [reference for person in self.people for reference in person.references]

    @property
    def payments(self) -> list[str]:
        return [payment for person in self.people for payment in person.payments]

    @property
    def devices(self) -> list[str]:
        return [device for person in self.people for device in person.devices]

    @property
    def date(self) -> str:
        return in_days(7).isoformat()

    @property
    def jobs(self) -> list[str]:
        return [job.name for job in jobs.registered()]

    def values(self) -> dict[str, list[Any]]:
        """What exists, by the kind of it: see PLACES_OF_VALUES."""
        return {
            "references": self.references,
            "payments": self.payments,
            "devices": self.devices,
            "trips": self.trips,
            "trip_ids": [int(trip) for trip in self.trips],
            "jobs": self.jobs,
            "origins": ["RUH", "MED"],
            "destinations": ["JED"],
            "dates": [self.date],
            "seats": [f"{row}{column}" for row in (1, 2, 5, 11, 12, 20, 21, 22, 23) for column in "ABCD"],
            "seat_lists": ["5A", "5B,5C", "2A,2B,2C,2D"],
            "amounts": [0, 8400, 33_600],
            "currencies": ["SAR", "NGN"],
            "emails": [*(person.email for person in self.people), *(f"new{n}@example.com" for n in range(8))],
            "passwords": ["a-seat-by-the-window"],
            "names": ["Nour Aziz", "سامي عزيز"],
        }


def make_world(web: str, sandbox: Sandbox) -> World:
    """A user who travels, then a stranger who does, too."""
    trips = [
        str(make_trip("RUH", "JED", rows=40).pk),
        str(make_trip("RUH", "MED", "JED", rows=40, number="T2", currency="NGN").pk),
    ]
    user = Person(web, "Layla", first_row=1)
    user.travel(sandbox, *trips)
    before, sessions = every_row(), sandbox.state["sessions"]
    stranger = Person(web, "Omar", first_row=11)
    stranger.travel(sandbox, *trips)
    return World(web, trips, user, before, sessions, stranger)
