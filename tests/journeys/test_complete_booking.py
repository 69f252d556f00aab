"""A booking from an empty account to the e-mail and the books: every part a real process, talking real HTTP."""

import uuid
from pathlib import Path

import httpx
import pytest

from bookings.models import Booking
from ledger.queries import trial_balance
from payments.models import GatewayEvent
from tests.journeys.traveller import letters
from tests.services import celery_worker, wait_until
from tests.world import FEE, PRICE, in_days, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mails(tmp_path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def worker(transactional_db, sandbox, mails, web):
    with celery_worker(EMAIL_URL=f"filemail:///{mails}", STRIPE_API_BASE=sandbox.url, PUBLIC_URL=web):
        yield


def test_complete_booking(web, sandbox, worker, mails):
    make_trip("RUH", "DMM", "JED")
    api = httpx.Client(base_url=f"{web}/api/v1", timeout=20)

    def post(path: str, body: dict | None = None) -> dict:
        answer = api.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.is_success, answer.text
        return answer.json()

    signed_up = post(
        "/auth/register", {"email": "layla@example.com", "password": "seats-and-money", "full_name": "Layla Haddad"}
    )
    api.headers["Authorization"] = f"Bearer {signed_up['access']}"

    query = {"origin": "RUH", "destination": "JED", "date": in_days(7).isoformat(), "passengers": 2}
    (trip,) = api.get("/trips", params=query).json()["results"]
    assert trip["price"] == {"amount": 2 * PRICE + FEE, "currency": "SAR"}
    booking = post(
        "/bookings",
        {
            "trip": trip["id"],
            "origin": "RUH",
            "destination": "JED",
            "seats": ["2A", "2B"],
            "contact": {"email": "layla@example.com"},
        },
    )
    path = f"/bookings/{booking['reference']}"
    names = [{"seat": "2A", "full_name": "Layla Haddad"}, {"seat": "2B", "full_name": "Omar Saleh"}]
    assert api.put(f"{path}/passengers", json=names).status_code == 200
    payment = post(f"{path}/payments", {"gateway": "stripe"})

    page = httpx.get(payment["checkout_url"])
    assert "SANDBOX" in page.text.upper()
    sandbox.pay(sandbox.state["sessions"][0]["id"])
    wait_until(lambda: api.get(path).json()["status"] == "confirmed", "the webhook to confirm the booking")

    confirmed = api.get(path).json()
    assert (confirmed["payment_status"], confirmed["paid"]) == ("paid", booking["total"])
    both = wait_until(lambda: len(letters(mails)) == 2 and letters(mails), "both e-mails")
    # The other one asks whether the address is hers.
    (message,) = [one for one in both if one["Subject"] != "Confirm your address"]
    assert message["To"] == "layla@example.com"
    assert booking["reference"] in str(message["Subject"])
    assert booking["reference"] in str(message["Message-ID"])
    assert "Omar Saleh" in message.get_body(("html",)).get_content()

    wait_until(lambda: not GatewayEvent.objects.filter(processed_at=None).exists(), "every event to be processed")
    fee = round(confirmed["paid"]["amount"] * 0.029) + 100
    books = trial_balance()["currencies"]["SAR"]
    assert books["total_debit"] == books["total_credit"]
    balances = {account["code"]: account["balance"] for account in books["accounts"]}
    assert balances["gateway:stripe:clearing"] == confirmed["paid"]["amount"] - fee
    assert balances["platform:gateway_fees"] == fee
    assert Booking.objects.get().is_sold
