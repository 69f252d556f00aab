"""A traveller with the mobile app: everything goes through the REST interface."""

import email
import uuid
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import httpx

from tests.services import Sandbox, wait_until
from tests.world import in_days

Json = dict[str, Any]
ADDRESS = "layla@example.com"


class Traveller:
    """Registers on entering the block."""

    def __init__(self, web: str) -> None:
        self._api = httpx.Client(base_url=f"{web}/api/v1", timeout=20, trust_env=False)

    def __enter__(self) -> Self:
        person = {"email": ADDRESS, "password": "seats-and-money", "full_name": "Layla Haddad"}
        self._api.headers["Authorization"] = f"Bearer {self.post('auth/register', person).json()['access']}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._api.close()

    # ----------------------------------------------------------------------------------------------- single requests
    def post(self, path: str, body: Any = None, key: str = "") -> httpx.Response:
        """POST under a fresh idempotency key, unless one is given."""
        return self._api.post(f"/{path}", json=body, headers={"Idempotency-Key": key or uuid.uuid4().hex})

    def put(self, path: str, body: Any) -> httpx.Response:
        return self._api.put(f"/{path}", json=body)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self._api.get(f"/{path}", params=parameters)

    # ---------------------------------------------------------------------------------------------------- ways to go
    def wanted(self, *seats: str) -> Json:
        """What is asked for to hold these seats of the only trip, with a name for each."""
        stretch = {"origin": "RUH", "destination": "JED"}
        (trip,) = self.get("trips", **stretch, date=in_days(7).isoformat(), passengers=len(seats)).json()["results"]
        return {
            "trip": trip["id"],
            **stretch,
            "seats": list(seats),
            "contact": {"email": ADDRESS},
            "passengers": [{"seat": seat, "full_name": f"Traveller {seat}"} for seat in seats],
        }

    def hold(self, *seats: str) -> str:
        """The reference of a new booking of these seats."""
        answer = self.post("bookings", self.wanted(*seats))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def booking(self, reference: str) -> Json:
        return dict(self.get(f"bookings/{reference}").json())

    def start_payment(self, reference: str) -> Json:
        """A payment, or the one that is open."""
        answer = self.post(f"bookings/{reference}/payments", {"gateway": "stripe"})
        assert answer.is_success, answer.text
        return dict(answer.json())

    def buy(self, sandbox: Sandbox, *seats: str) -> tuple[str, Json]:
        """Seats that are paid and confirmed: the booking's reference and the payment."""
        reference = self.hold(*seats)
        payment = self.start_payment(reference)
        sandbox.pay(session_of(payment))
        self.wait_for(reference, "confirmed")
        return reference, payment

    def wait_for(self, reference: str, status: str) -> Json:
        """The booking once it has come to this status."""

        def arrived() -> Json | None:
            booking = self.booking(reference)
            return booking if booking["status"] == status else None

        return dict(wait_until(arrived, f"{reference} to be {status}"))

    def seats(self, reference: str) -> dict[str, str]:
        """How the seats of the booking's trip stand for the one who asks."""
        trip = self.booking(reference)["trip"]
        answer = self.get(f"trips/{trip}/seats", origin="RUH", destination="JED")
        return {seat["number"]: seat["status"] for seat in answer.json()["seats"]}


def session_of(payment: Json) -> str:
    """The session behind a payment page."""
    return str(payment["checkout_url"]).rpartition("/")[2]


def letters(mails: Path) -> list[EmailMessage]:
    """What was sent so far."""
    texts = [file.read_bytes() for file in mails.glob("*.log")]
    written = [text for text in texts if text.rstrip().endswith(b"-" * 79)]  # to its end, which is a line of dashes
    return [email.message_from_bytes(text, policy=policy.default) for text in written]


def wait_for_letter(mails: Path, about: str) -> EmailMessage:
    """The e-mail with this in its subject."""

    def came() -> EmailMessage | None:
        return next((letter for letter in letters(mails) if about in str(letter["Subject"])), None)

    letter: EmailMessage = wait_until(came, f"an e-mail about {about!r}")
    return letter
