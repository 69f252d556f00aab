"""Everybody who can do anything to one booking, each ready to do it now."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bookings.models import Booking
from core.errors import Problem
from payments.actions.expire import expire_ended_holds
from payments.actions.give_back import give_courtesy
from payments.actions.refund import process_due_refunds
from payments.models import Payment
from tests.races.travellers import Traveller
from tests.services import Sandbox

Deed = Callable[[], Any]


@dataclass(frozen=True)
class Crowd:
    """Over HTTP where they would come that way. `luck` decides on seats, amounts and events."""

    traveller: Traveller
    sandbox: Sandbox
    booking: Booking
    luck: random.Random

    def deeds(self, **how_many: int) -> list[Deed]:
        """So many of each kind, in random order."""
        chosen = [getattr(self, kind)() for kind, number in how_many.items() for _one in range(number)]
        self.luck.shuffle(chosen)
        return chosen

    # ------------------------------------------------------------------------------------------------- the traveller
    def start(self) -> Deed:
        return partial(self._post, "payments", {"gateway": "stripe"})

    def extend(self) -> Deed:
        return partial(self._post, "extend")

    def leave(self) -> Deed:
        return partial(self._of_payment, "cancel")

    def sync(self) -> Deed:
        return partial(self._of_payment, "sync")

    def come_back(self) -> Deed:
        def look() -> httpx.Response | None:
            payment = self._payment()
            return payment and self.traveller.client.get(f"/en/payments/{payment.pk}/return")

        return look

    def pay(self) -> Deed:
        """On whatever page is open."""

        def go_and_pay() -> None:
            payment = self._payment()
            if payment and payment.session_id:
                with suppress(httpx.HTTPStatusError):  # the page is over
                    self.sandbox.pay(payment.session_id)

        return go_and_pay

    def cancel(self) -> Deed:
        """All of it, or a seat."""
        seats = self.luck.choice([[], [], ["1A"], ["1B"], ["1C"], ["1D"]])
        path = f"bookings/{self.booking.reference}/cancellation"

        def ask_and_cancel() -> list[httpx.Response]:
            quoted = self.traveller.get(path, **({"seats": ",".join(seats)} if seats else {}))
            if quoted.status_code != 200:
                return [quoted]
            wish = {"expected_refund": quoted.json()["refund"], "seats": seats}
            return [quoted, self.traveller.post(path, wish)]

        return ask_and_cancel

    # ----------------------------------------------------------------------------------------------- the gateway, staff
    def hear_again(self) -> Deed:
        """Some event, twice."""
        place = self.luck.random()

        def deliver() -> list[int]:
            events = self.sandbox.events()
            return self.sandbox.deliver(events[int(place * len(events))]["id"], 2, concurrently=True) if events else []

        return deliver

    def courtesy(self) -> Deed:
        amount = self.luck.randint(1, 3_000)

        def give() -> Any:
            payment = self._payment()
            return payment and give_courtesy(payment.pk, amount, note="late departure")

        return _refusable(give)

    def dashboard_refund(self) -> Deed:
        amount = self.luck.randint(1, 1_000)

        def give() -> None:
            payment = self._payment()
            if payment and payment.charge_id:
                with suppress(httpx.HTTPStatusError):  # so much is not left
                    self.sandbox.refund_in_dashboard(payment.charge_id, amount)

        return give

    def send_refunds(self) -> Deed:
        def send() -> None:
            assert process_due_refunds()["waiting"] == 0

        return send

    def sweep(self) -> Deed:
        def expire() -> None:
            assert expire_ended_holds()["failed"] == 0

        return expire

    # ------------------------------------------------------------------------------------------------------------------
    def _payment(self) -> Payment | None:
        return Payment.objects.filter(booking=self.booking).order_by("-created_at").first()

    def _post(self, path: str, body: Any = None) -> httpx.Response:
        return self.traveller.post(f"bookings/{self.booking.reference}/{path}", body)

    def _of_payment(self, path: str) -> httpx.Response | None:
        payment = self._payment()
        return payment and self.traveller.post(f"payments/{payment.pk}/{path}")


def _refusable(use_case: Deed) -> Deed:
    def run() -> Any:
        try:
            return use_case()
        except Problem as problem:
            return problem.status

    return run


def statuses(end: Any) -> list[int]:
    """The HTTP statuses among what a deed came to."""
    if isinstance(end, httpx.Response):
        return [end.status_code]
    if isinstance(end, list):
        return [status for one in end for status in statuses(one)]
    return [end] if isinstance(end, int) else []
