"""Everything that the gateway tells of a scenario, gathered over real HTTP.

What an event makes us look up is gathered twice: as the gateway stood when the event arose, and as it stands at the
end. Told again later, either may be the answer; so news are not only in the wrong order, they are of any age.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bookings.models import Trip
from payments.gateways.base import Fact, PayoutTold, RefundTold, Report
from payments.gateways.stripe import StripeGateway
from payments.models import GatewayEvent, Refund, RefundAttempt
from tests.payments.orders.outcome import Names, namings
from tests.payments.orders.stage import Stage
from tests.services import Sandbox

Facts = tuple[Fact, ...]


@dataclass
class Told:
    """An event with what we read of it: one report or, if the gateway tells more by the end, two."""

    event: dict[str, Any]
    reports: list[Report]


@dataclass(frozen=True)
class Recording:
    """A scenario as it was played."""

    stage: Stage
    names: list[Names]
    events: list[Told]
    # By payment, what the gateway knew of it after each step.
    looks: dict[UUID, list[Facts]]
    # What it answers to refunds that we sent, when its first answer was lost.
    answers: list[tuple[RefundAttempt, RefundTold]]


def record(play: Callable[[Stage], None], sandbox: Sandbox, trip: Trip) -> Recording:
    """Play a scenario at a sandbox that delivers nothing, and gather what there is to tell of it."""
    sandbox.mode(charge_updated_delay_seconds=86_400)  # a scenario says when a charge reaches the balance
    listener = _Listener(sandbox)
    stage = Stage(sandbox, trip, listener.look)
    play(stage)
    listener.read_again()
    unanswered = RefundAttempt.objects.filter(gateway_refund_id=None).select_related("refund__payment__booking")
    with patch.object(Refund, "keep_lease", return_value=True):  # nothing is sent: their keys are answered as before
        answers = [(attempt, StripeGateway().refund(attempt)) for attempt in unanswered.order_by("pk")]
    return Recording(stage, namings(stage), listener.events, listener.looks, answers)


class _Listener:
    """Looks at the gateway after each step."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._gateway = sandbox, StripeGateway()
        self._seen: set[str] = set()
        self.events: list[Told] = []
        self.looks: dict[UUID, list[Facts]] = {}

    def look(self, stage: Stage) -> None:
        """What arose since the last look, and how everything stands now."""
        for event in self._sandbox.events():
            if event["id"] not in self._seen and (report := self._read(event)) is not None:
                self.events.append(Told(event, [report]))
            self._seen.add(event["id"])
        for payment in stage.payments:
            known, now = self.looks.setdefault(payment.pk, []), self._gateway.report(payment)
            if now and now not in known:
                known.append(now)

    def read_again(self) -> None:
        """Every event once more, as it is read now."""
        for told in self.events:
            report = self._read(told.event)
            if report is not None and report not in told.reports:
                told.reports.append(report)

    def _read(self, event: dict[str, Any]) -> Report | None:
        body = json.dumps(event)
        stored = GatewayEvent(event_id=event["id"], type=event["type"], api_version=event["api_version"], body=body)
        report = self._gateway.report_of(stored)
        assert not isinstance(report, PayoutTold), "no scenario pays out"
        return report
