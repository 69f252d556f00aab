"""Days in which travellers buy, give up, forget to pay and leave, and a gateway pays out: something for every job."""

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from bookings.models import Booking, Trip
from payments.actions import receive
from payments.actions.cancel import Wish, cancel
from tests.payments import flutterwave, scene
from tests.payments.gateway import send
from tests.services import Sandbox
from tests.world import hold_seats, make_trip

ROWS = 50
ON_SALE = timedelta(hours=3)  # before departure nobody buys any more


class Days:
    """What happens is by luck, and counted."""

    def __init__(self, sandbox: Sandbox, luck: random.Random, days: int) -> None:
        self.counts: Counter[str] = Counter()
        self._sandbox = sandbox
        self._luck = luck
        self._told = 0
        self._seats = {
            trip: [f"{row}{letter}" for row in range(1, ROWS + 1) for letter in "ABCD"]
            for currency, stops in (("SAR", ("RUH", "JED")), ("NGN", ("LOS", "ABV")))
            for trip in (make_trip(*stops, rows=ROWS, currency=currency, days=day) for day in range(1, days + 3))
        }

        self._leaves = {trip: trip.stops.earliest("position").departs_at for trip in self._seats}

    def go_on(self) -> None:
        """One thing may happen now, and the gateway tells of what happened."""
        happening = self._luck.choice((self._buy, self._buy, self._forget_to_pay, self._give_up, self._nothing))
        happening()
        self._tell()

    def pay_out(self) -> None:
        """The gateway pays out what it has."""
        payout = self._sandbox.pay_out("sar")
        self._sandbox.settle_payout(payout["id"], success=True)
        self.counts["payouts"] += 1

    def _nothing(self) -> None:
        pass

    def _buy(self) -> None:
        trip, seat = self._choose()
        if trip.currency == "NGN":
            flutterwave.buy(self._sandbox, seat, trip=trip)
        else:
            scene.buy(self._sandbox, seat, trip=trip)
        self.counts["bought"] += 1

    def _forget_to_pay(self) -> None:
        trip, seat = self._choose()
        hold_seats(trip, seat)
        self.counts["left unpaid"] += 1

    def _give_up(self) -> None:
        departs_after = datetime.now(UTC) + timedelta(days=1, hours=1)
        sold = Booking.objects.filter(status="confirmed", boarding__departs_at__gt=departs_after)
        if booking := sold.order_by("?").first():
            cancel(booking.pk, Wish())
            self.counts["given up"] += 1

    def _choose(self) -> tuple[Trip, str]:
        latest = datetime.now(UTC) + ON_SALE
        trip = self._luck.choice([trip for trip, leaves_at in self._leaves.items() if leaves_at > latest])
        return trip, self._seats[trip].pop()

    def _tell(self) -> None:
        """Half of the events fail when they come, and are left to a job."""
        events = self._sandbox.events()
        for event in events[self._told :]:
            if self._luck.random() < 0.5:
                assert send(event).status_code == 200
                continue
            with patch.object(receive, "process", side_effect=RuntimeError("out of luck")), suppress(RuntimeError):
                send(event)
            self.counts["events left to the job"] += 1
        self._told = len(events)
