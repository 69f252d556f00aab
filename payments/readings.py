"""How money stands that is under way: events that are not processed, refunds that are not paid, open disputes."""

from collections.abc import Iterable

from prometheus_client.core import Metric

from core.metrics import count_and_age, gauge, gauges, reading
from payments.attention import FAILED, TO_ANSWER
from payments.gateways import NAMES
from payments.models import Dispute, GatewayEvent, Refund
from payments.models.gateway_event import MAX_RETRIES


@reading
def events() -> Iterable[Metric]:
    """Events that still wait to be processed, and those that are not tried again by themselves."""
    counts, ages, given_up = {}, {}, {}
    for name in NAMES:
        waiting = GatewayEvent.objects.filter(gateway=name, processed_at__isnull=True)
        counts[name], ages[name] = count_and_age(waiting.filter(retry_count__lt=MAX_RETRIES), "received_at")
        given_up[name] = waiting.filter(retry_count__gte=MAX_RETRIES).count()
    yield gauges("berth_events_waiting", "Gateway events that are still to be processed", "gateway", counts)
    yield gauges("berth_events_oldest_seconds", "Age of the oldest of them", "gateway", ages)
    yield gauges("berth_events_given_up", "Gateway events whose tries are spent", "gateway", given_up)


@reading
def refunds() -> Iterable[Metric]:
    """Refunds that are under way, for how long the first of them has been, and those that failed."""
    count, age = count_and_age(Refund.objects.filter(status__in=Refund.UNDER_WAY))
    yield gauge("berth_refunds_under_way", "Refunds that are not paid yet", count)
    yield gauge("berth_refunds_oldest_seconds", "Age of the oldest of them", age)
    failed = Refund.objects.filter(FAILED).count()
    yield gauge("berth_refunds_failed", "Refunds that staff have to see to", failed)


@reading
def disputes() -> Iterable[Metric]:
    """Disputes that wait for our answer."""
    to_answer = Dispute.objects.filter(status__in=TO_ANSWER).count()
    yield gauge("berth_disputes_to_answer", "Disputes that wait for our answer", to_answer)
