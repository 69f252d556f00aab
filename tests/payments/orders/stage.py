"""A stage for scenarios: travellers, banks and the operator move money at the sandbox, and nobody has told us yet."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from bookings.models import Booking, Trip
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.refund import process_due_refunds
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.errors import GatewayUnavailable
from payments.gateways.base import RefundTold
from payments.gateways.stripe import StripeGateway
from payments.models import Payment, RefundAttempt
from tests.database import age_hold
from tests.payments.scene import charge_of, fresh
from tests.services import Sandbox
from tests.world import hold_seats


class Stage:
    """What a scenario does, step by step; `watch` is called after each step at the gateway."""

    def __init__(self, sandbox: Sandbox, trip: Trip, watch: Callable[["Stage"], None] = lambda _stage: None) -> None:
        self.sandbox, self.trip, self._watch = sandbox, trip, watch
        self.bookings: list[Booking] = []
        self.payments: list[Payment] = []
        self.interchangeable = False  # whether any of the payments may play the part of any other

    # ------------------------------------------------------------------------------------------------------ our side
    def hold(self, *seats: str) -> Booking:
        """A traveller takes seats."""
        self.bookings.append(hold_seats(self.trip, *seats))
        return self.bookings[-1]

    def start(self, booking: Booking) -> Payment:
        """And goes to the page where they are paid."""
        self.payments.append(start_payment(booking.pk).payment)
        return self.payments[-1]

    def lose_sight_of(self, payment: Payment) -> None:
        """We give a payment up, and the call that would end its session never reaches the gateway."""
        fresh(payment).cancel()
        fresh(payment.booking).abandon_payment()

    def end_hold(self, booking: Booking) -> None:
        """The time of a hold is over."""
        age_hold(booking)

    def hear_of(self, payment: Payment) -> None:
        """We ask what became of a payment before anything tells us."""
        sync(payment.pk)

    def give_courtesy(self, payment: Payment, amount: int) -> None:
        """We pay minor units back, and never hear that it was done."""
        give_courtesy(payment.pk, amount, note="late departure")
        self.send_refunds()

    def cancel(self, booking: Booking, seat: str) -> None:
        """A traveller gives a seat back; we pay, and never hear that it was done."""
        cancel(booking.pk, Wish(seats=[seat]))
        self.send_refunds()

    def send_refunds(self) -> None:
        """We have the gateway pay what is due; it does, and its answers are lost."""
        send = StripeGateway.refund

        def send_unheard(gateway: StripeGateway, attempt: RefundAttempt) -> RefundTold:
            send(gateway, attempt)
            raise GatewayUnavailable

        with patch.object(StripeGateway, "refund", send_unheard):
            assert process_due_refunds()["waiting"] == 1
        self._watch(self)

    # --------------------------------------------------------------------------------------------------- the gateway
    def pay(self, payment: Payment, method: str = "card") -> None:
        """The traveller pays, or tries to."""
        self.sandbox.pay(payment.session_id, method)
        self._watch(self)

    def settle(self, payment: Payment) -> None:
        """A bank transfer arrives."""
        self.sandbox.control(f"sessions/{payment.session_id}/settle", success=True)
        self._watch(self)

    def take_fee(self, payment: Payment) -> None:
        """The charge reaches the gateway's balance, less the fee."""
        self.sandbox.control(f"charges/{self._charge(payment)}/balance")
        self._watch(self)

    def refund_there(self, payment: Payment, amount: int) -> str:
        """Somebody pays minor units back in the gateway's dashboard. Returns the refund's id."""
        refund = self.sandbox.refund_in_dashboard(self._charge(payment), amount)
        self._watch(self)
        return str(refund["id"])

    def settle_refund(self, refund_id: str, *, success: bool) -> None:
        """A refund arrives, or does not."""
        self.sandbox.settle_refund(refund_id, success)
        self._watch(self)

    def dispute(self, payment: Payment) -> str:
        """The traveller asks the bank for what is left of the money. Returns the dispute's id."""
        dispute = self.sandbox.dispute(self._charge(payment))
        self._watch(self)
        return str(dispute["id"])

    def move_dispute(self, dispute_id: str, status: str) -> None:
        """The bank goes on with it."""
        self.sandbox.move_dispute(dispute_id, status)
        self._watch(self)

    def reinstate_dispute(self, dispute_id: str) -> None:
        """What the bank took for good comes back all the same."""
        self.sandbox.reinstate_dispute(dispute_id)
        self._watch(self)

    def _charge(self, payment: Payment) -> Any:
        return charge_of(self.sandbox, payment)["id"]
