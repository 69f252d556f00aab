"""One traveller's way through Berth over HTTP, with a step in it that may be the last of the process that serves it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from bookings.models import Booking, Trip
from bookings.pages.access import booking_link
from payments.models import Payment, Refund
from tests.clock import Clock
from tests.database import age_hold, as_owner
from tests.payments.scene import after, lapse_refunds
from tests.races.desk import Desk
from tests.races.machines import Machines
from tests.races.travellers import Traveller
from tests.services import Sandbox, wait_until
from tests.world import make_trip

_TIME_PASSES = """
UPDATE core_idempotencyrecord SET locked_until = berth_now();
UPDATE payments_gatewayevent SET next_attempt_at = berth_now() WHERE processed_at IS NULL;
"""


@dataclass
class Journey:
    """`fatal()` is the context of the step in which the web server or the worker dies."""

    machines: Machines
    traveller: Traveller
    desk: Desk
    fatal: Callable[[], AbstractContextManager[None]]
    gateway: str = "stripe"
    reference: str = field(default="", init=False)

    @cached_property
    def trip(self) -> Trip:
        """What is travelled on; Flutterwave takes no riyals."""
        return make_trip(currency="NGN") if self.gateway == "flutterwave" else make_trip()

    @property
    def sandbox(self) -> Sandbox:
        """Both gateways."""
        return self.machines.sandbox

    @property
    def booking(self) -> Booking:
        """As it is in the database now."""
        return Booking.objects.get(reference=self.reference)

    @property
    def payment(self) -> Payment:
        """The only one, as it is in the database now."""
        return Payment.objects.get(booking__reference=self.reference)

    @property
    def refund(self) -> Refund:
        """The only one, as it is in the database now."""
        return Refund.objects.get(payment__booking__reference=self.reference)

    # ------------------------------------------------------------------------------------------ what the traveller does
    def hold(self) -> None:
        """Two seats."""
        self.reference = _created(self.traveller.hold(self.trip, "1A", "1B"))["reference"]

    def start(self, key: str = "") -> httpx.Response:
        """Ask to pay."""
        return self.traveller.post(f"bookings/{self.reference}/payments", {"gateway": self.gateway}, key)

    def pay(self) -> None:
        """With a card, on the gateway's page."""
        session = self.payment.session_id or ""
        if self.gateway == "flutterwave":
            self.sandbox.pay_flutterwave(session)
        else:
            self.sandbox.pay(session)
            wait_until(self._charge_is_on_the_balance, "the charge's fee")

    def come_back(self) -> None:
        """From the gateway's page, in whatever browser."""
        self.traveller.client.get(f"/en/payments/{self.payment.pk}/return")

    def sync(self) -> httpx.Response:
        """Ask what became of the payment."""
        return self.traveller.post(f"payments/{self.payment.pk}/sync")

    def leave(self) -> httpx.Response:
        """Give the payment up."""
        return self.traveller.post(f"payments/{self.payment.pk}/cancel")

    @cached_property
    def quoted(self) -> Any:
        """What would come back, as it was when it was asked for first."""
        return self.traveller.get(f"bookings/{self.reference}/cancellation").json()["refund"]

    def cancel(self, key: str = "") -> httpx.Response:
        """Give the booking up for what was quoted."""
        return self.traveller.post(f"bookings/{self.reference}/cancellation", {"expected_refund": self.quoted}, key)

    def cancel_on_page(self) -> None:
        """Give the unpaid booking up, by the link in an e-mail and two pages, as a guest does."""
        client, page = self.traveller.client, f"/en/bookings/{self.reference}/cancel"
        client.get(urlsplit(booking_link(self.booking))._replace(scheme="", netloc="").geturl())
        client.get(page)
        client.post(page, data={"csrfmiddlewaretoken": client.cookies["csrftoken"]})

    def buy(self) -> None:
        """Hold, pay and be confirmed, with the fee booked."""
        self.hold()
        _created(self.start())
        self.pay()
        self.hear_everything()
        assert self.booking.status == "confirmed"

    # ------------------------------------------------------------------------------------------------- what time brings
    def stay_away(self) -> None:
        """Until the hold has ended."""
        age_hold(self.booking)

    def departed(self) -> AbstractContextManager[Clock]:
        """A minute after the trip has left, by PostgreSQL's clock."""
        return after(self.booking)

    def hear_everything(self) -> None:
        """Wait until the gateways have told what they had to tell; what failed at first is told again at once."""

        def all_is_told() -> bool:
            deliveries = self.sandbox.state["deliveries"]
            told = {delivery["event"] for delivery in deliveries if delivery["state"] == "delivered"}
            untold = [one for one in deliveries if one["state"] == "pending" and one["event"] not in told]
            for delivery in untold:
                if delivery["tries"]:
                    self.sandbox.deliver(delivery["event"])
            return not untold

        wait_until(all_is_told, "every event to be told")

    def let_time_pass(self) -> None:
        """Leases and pauses end."""
        lapse_refunds()
        with as_owner() as cursor:
            cursor.execute(_TIME_PASSES)

    def wait_for_refund(self, status: str) -> Refund:
        """The refund, once it is so."""
        wait_until(lambda: self.refund.status == status, f"the refund to be {status}")
        return self.refund

    def _charge_is_on_the_balance(self) -> bool:
        charges = self.sandbox.objects("charges")
        return all(charge["balance_transaction"] for charge in charges if charge["status"] == "succeeded")


def _created(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()
