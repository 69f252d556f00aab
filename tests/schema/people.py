"""Travellers with bookings in many states, made over the REST interface; what is theirs alone is known."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from tests.services import Sandbox

Json = dict[str, Any]
PASSWORD = "seats-and-money"
# What nobody else may learn, by the name that it has in answers. A booking names its trip, which is everybody's.
OF_ONES_OWN = {"email", "full_name", "phone", "document", "reference", "access", "refresh", "checkout_url"}


class Person:
    """Somebody with an account, three devices, and bookings of the seats of some rows of one trip."""

    def __init__(self, web: str, first_name: str, first_row: int) -> None:
        self.first_row = first_row
        self.email = f"{first_name.lower()}@example.com"
        self.name = f"{first_name} Haddad-{first_name}"
        self._api = httpx.Client(base_url=f"{web}/api/v1", timeout=20, trust_env=False)
        self.told: list[Any] = []  # all answers
        account = {"email": self.email, "password": PASSWORD, "full_name": self.name}
        self.access = self.post("auth/register", account)["access"]
        self._api.headers["Authorization"] = f"Bearer {self.access}"
        self.refreshes = [
            self.post("auth/token", account | {"device_name": f"{self.name} {n}"})["refresh"] for n in (1, 2)
        ]
        self.payments: list[str] = []
        self.references: list[str] = []

    def post(self, path: str, body: Any = None) -> Json:
        """The answer, which is not a refusal."""
        return self._told(self._api.post(f"/{path}", json=body, headers={"Idempotency-Key": uuid.uuid4().hex}))

    def get(self, path: str) -> Json:
        return self._told(self._api.get(f"/{path}"))

    def _told(self, answer: httpx.Response) -> Json:
        assert answer.is_success, answer.text
        self.told.append(answer.json())
        return dict(answer.json())

    # ------------------------------------------------------------------------------------------------------ bookings
    def travel(self, sandbox: Sandbox, trip: str, paid_in_naira: str) -> None:
        """Bookings that are held, on their way to be paid, paid, given up in part and given up."""
        rows = [[f"{row}{column}" for column in "ABCD"] for row in range(self.first_row, self.first_row + 6)]
        self._hold(trip, rows[0][:2], named=False)
        self._hold(trip, rows[0][2:])
        self._start_payment(self._hold(trip, rows[1]))
        self._start_payment(self._hold(paid_in_naira, rows[1]), "flutterwave")
        self._buy(sandbox, trip, rows[2])
        self._give_up(self._buy(sandbox, trip, rows[3]), rows[3][:1])
        self._give_up(self._buy(sandbox, trip, rows[4]), rows[4])
        self._give_up(self._hold(trip, rows[5]), rows[5])
        self.devices = [device["id"] for device in self.get("auth/devices")["results"]]
        self.get("bookings")

    def _hold(self, trip: str, seats: list[str], named: bool = True) -> str:
        passengers = [
            {"seat": seat, "full_name": f"{self.name} {seat}", "document": f"{self.name[:3]}-{seat}-77"}
            for seat in seats
        ]
        contact = {"email": self.email, "phone": f"+9665{self.first_row:02}00{len(self.references):02}"}
        wanted = {"trip": trip, "origin": "RUH", "destination": "JED", "seats": seats, "contact": contact}
        reference: str = self.post("bookings", wanted | ({"passengers": passengers} if named else {}))["reference"]
        self.references.append(reference)
        return reference

    def _start_payment(self, reference: str, gateway: str = "stripe") -> Json:
        payment = self.post(f"bookings/{reference}/payments", {"gateway": gateway})
        self.payments.append(payment["id"])
        return payment

    def _buy(self, sandbox: Sandbox, trip: str, seats: list[str]) -> str:
        reference = self._hold(trip, seats)
        payment = self._start_payment(reference)
        sandbox.pay(payment["checkout_url"].rpartition("/")[2])
        assert self.post(f"payments/{payment['id']}/sync")["status"] == "succeeded"
        return reference

    def _give_up(self, reference: str, seats: list[str]) -> None:
        quote = self.get(f"bookings/{reference}/cancellation?seats={','.join(seats)}")
        self.post(f"bookings/{reference}/cancellation", {"seats": seats, "expected_refund": quote["refund"]})

    # ------------------------------------------------------------------------------------------------- what is theirs
    def ids(self) -> list[str]:
        """What addresses name this person's things by."""
        return [*self.references, *self.payments, *self.devices]

    def secrets(self) -> list[str]:
        """Every text that is this person's alone and that nobody else may be told."""
        return sorted({*self.ids(), *(text for told in self.told for text in _own(told))})


def _own(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for name, value in told.items():
            if name in OF_ONES_OWN and isinstance(value, str) and value:
                yield value
            yield from _own(value)
    elif isinstance(told, list):
        for value in told:
            yield from _own(value)
