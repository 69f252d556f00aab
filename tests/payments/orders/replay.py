"""A recorded scenario told again and again, in one order after the other, each of which is rolled back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import connection, transaction

from payments.actions.apply import apply
from payments.actions.expire import expire_ended_holds
from payments.actions.receive import receive
from payments.actions.reconcile import reconcile_one
from payments.actions.sync import sync
from payments.gateways.base import Report
from payments.gateways.stripe import StripeGateway
from payments.models import GatewayEvent, Payment
from tests.payments.gateway import signed
from tests.payments.orders.outcome import Outcome, outcome
from tests.payments.orders.plots import Plot
from tests.payments.orders.recording import Facts, Recording, Told
from tests.payments.scene import fresh


@dataclass(frozen=True)
class Arrival:
    """Something reaches us."""

    label: str
    happen: Callable[[], Any] = field(repr=False)
    copy: "Arrival | None" = field(default=None, repr=False)

    @property
    def again(self) -> "Arrival":
        """It reaches us once more; an event under another id, as two events may tell of one change."""
        return self.copy or self


# One thing that there is to tell: as it stood when it arose and, if that differs, as it stands at the end.
News = tuple[Arrival, ...]


class Replay:
    """Our code and our database are real; the gateway gives recorded answers."""

    def __init__(self, recording: Recording, plot: Plot) -> None:
        self._recording, self._plot = recording, plot
        self._reports: dict[str, Report] = {}
        self._looks: dict[UUID, Facts] = {}
        self.events: list[News] = [self._event(told) for told in recording.events]
        self.sweep = Arrival("sweep", self._sweep)
        self.ask = Arrival("ask", self._ask)
        self.reconcile = Arrival("reconcile", self._reconcile)
        # The worker asks once more, with the same key, and gets the answer that was lost.
        self.answers = [
            Arrival(f"answer to {self._name(told.refund_id)}", partial(apply, attempt.refund.payment, (told,)))
            for attempt, told in recording.answers
        ]
        self.looks = [
            Arrival(f"look {number} at {self._name(str(payment))}", partial(self._look, payment, facts))
            for payment, known in recording.looks.items()
            for number, facts in enumerate(known)
        ]

    @contextmanager
    def on_air(self) -> Iterator["Replay"]:
        """Our code asks this instead of the gateway."""
        with (
            patch.object(StripeGateway, "report_of", lambda _gateway, event: self._report_of(event)),
            patch.object(StripeGateway, "report", lambda _gateway, payment: self._report(payment)),
            # A session that is paid cannot be ended: what became of it is the answer.
            patch.object(StripeGateway, "end", lambda _gateway, payment: self._report(payment)),
        ):
            yield self

    def _report_of(self, event: GatewayEvent) -> Report:
        return self._reports[event.event_id]

    def _report(self, payment: Payment) -> Facts:
        return self._looks.get(payment.pk, self._recording.looks[payment.pk][-1])

    def _name(self, known: str) -> str:
        return self._recording.names[0].get(known, known)

    # ------------------------------------------------------------------------------------------------- what arrives
    def _event(self, told: Told) -> News:
        label = f"{told.event['type']} of {self._name(told.event['data']['object']['id'])}"
        twin = told.event | {"id": f"{told.event['id']}_twin"}
        return tuple(
            Arrival(
                f"{label}, {age}",
                partial(self._receive, told.event, report),
                Arrival(f"twin of {label}, {age}", partial(self._receive, twin, report)),
            )
            for age, report in zip(("as of then", "as of the end"), told.reports, strict=False)
        )

    def _receive(self, event: dict[str, Any], report: Report) -> None:
        self._reports[event["id"]] = report
        body = json.dumps(event)
        receive("stripe", body.encode(), {"Stripe-Signature": signed(body)})

    def _look(self, payment: UUID, facts: Facts) -> None:
        """The traveller comes back to our page, say, and the gateway's answer takes its time."""
        self._looks[payment] = facts
        sync(payment)
        del self._looks[payment]

    def _sweep(self) -> None:
        """The job that ends holds comes by."""
        assert expire_ended_holds()["failed"] == 0

    def _ask(self) -> None:
        """Whatever we have not heard, we ask for."""
        for payment in self._recording.stage.payments:
            sync(payment.pk)

    def _reconcile(self) -> None:
        """The same, by the job that reports what it found."""
        for payment in self._recording.stage.payments:
            assert {found.outcome for found in reconcile_one(fresh(payment))} <= {"fixed"}

    # -------------------------------------------------------------------------------------------------- what becomes
    def outcome(self, *arrivals: Arrival) -> Outcome:
        """What we come to if all this happens now, and the jobs do their work after it. Nothing of it is kept."""
        with undone():
            for arrival in (*arrivals, self.sweep):
                arrival.happen()
                ask_guards()
            return outcome(self._recording.stage, self._recording.names, without=self._plot.by_chance)


@contextmanager
def undone() -> Iterator[None]:
    """Roll a block back. As in Django's own test cases, durable transactions may happen within."""
    case = transaction.atomic()
    case._from_testcase = True  # type: ignore[attr-defined]
    with case:
        yield
        transaction.set_rollback(True)


def ask_guards() -> None:
    """Have the guards that look at commit look now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
