"""Take in a gateway's messages: verify, store, process; processed again later if that fails."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection
from django.db.models import F
from prometheus_client import Counter

from core.actors import acting_as
from core.clock import BerthNow, from_now
from core.correlation import correlated, current_id
from core.transactions import in_one_transaction
from payments.actions.apply import apply
from payments.actions.payouts import note_payout
from payments.gateways import gateway
from payments.gateways.base import IncomingEvent, PayoutTold, Report
from payments.gateways.calls import redacted
from payments.locks import EventTaken, lock_event
from payments.models import GatewayEvent
from payments.queries import payment_of

log = structlog.get_logger(__name__)

EVENTS = Counter("berth_gateway_events", "What became of gateways' events", ["gateway", "type", "outcome"])

FIRST_RETRY = timedelta(seconds=60)

_STORE = """
INSERT INTO payments_gatewayevent
  (gateway, event_id, type, api_version, body, received_at, retry_count, last_error, next_attempt_at, correlation_id)
VALUES (%s, %s, %s, %s, %s, berth_now(), 0, '', berth_now() + make_interval(secs => %s), %s)
ON CONFLICT (gateway, event_id) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True)
class Received:
    """The event is stored; `deduplicated` if somebody else processes, or has processed, it."""

    deduplicated: bool


def receive(gateway_name: str, body: bytes, headers: Mapping[str, str]) -> Received:
    """Store a message and process it. Raises WebhookRefused (nothing stored), or whatever processing raises."""
    incoming = gateway(gateway_name).read_event(body, headers)
    event = _store(gateway_name, incoming)
    deduplicated = event.processed_at is not None or not process(event)
    if deduplicated:
        _count(event, "deduplicated")
    return Received(deduplicated)


def _store(gateway_name: str, incoming: IncomingEvent) -> GatewayEvent:
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            [
                gateway_name,
                incoming.event_id,
                incoming.type,
                incoming.api_version,
                incoming.body,
                FIRST_RETRY.total_seconds(),
                current_id(),
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return GatewayEvent.objects.get(gateway=gateway_name, event_id=incoming.event_id)
    return GatewayEvent(
        id=row[0],
        gateway=gateway_name,
        event_id=incoming.event_id,
        type=incoming.type,
        api_version=incoming.api_version,
        body=incoming.body,
        correlation_id=current_id(),
    )


def process(event: GatewayEvent) -> bool:
    """Do what a stored event asks for. False if somebody else is at it. A failure is kept with the event and raised."""
    with acting_as(f"gateway:{event.gateway}"), correlated(event.correlation_id):
        try:
            report = gateway(event.gateway).report_of(event)
            payment = payment_of(event.gateway, report) if isinstance(report, Report) else None
            if isinstance(report, PayoutTold):
                note_payout(event.gateway, report, event)
            elif report is None or payment is None:
                _leave(event)
            else:
                apply(payment, report.facts, event)
        except EventTaken:
            return False
        except Exception as error:
            log.exception("event_failed", event_id=event.event_id, type=event.type)
            _keep_error(event, error)
            _count(event, "failed")
            raise
        _count(event, "processed")
        log.info("event_processed", event_id=event.event_id, type=event.type)
        return True


@in_one_transaction
def _leave(event: GatewayEvent) -> None:
    """Nothing that we act on: it is kept, without the persons in it, and done with."""
    lock_event(event)
    body = json.dumps(redacted(json.loads(event.body)))
    GatewayEvent.objects.filter(pk=event.pk).update(body=body, processed_at=BerthNow())


def _count(event: GatewayEvent, outcome: str) -> None:
    EVENTS.labels(event.gateway, event.type, outcome).inc()


def _keep_error(event: GatewayEvent, error: Exception) -> None:
    # Outside the transaction that rolled back, and never over a success that came meanwhile.
    failures = event.retry_count + 1
    GatewayEvent.objects.filter(pk=event.pk, processed_at__isnull=True).update(
        retry_count=F("retry_count") + 1,
        last_error=f"{type(error).__name__}: {error}"[:1000],
        next_attempt_at=from_now(FIRST_RETRY * 2**failures),
    )
