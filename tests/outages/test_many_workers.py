"""Two beats and three workers, as of an operator who scales what should be single: each effect happens once.

JOBS_DAYS says for how many days of their clocks; see docs/developer-reference.md.
"""

import logging
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from celery import current_app
from celery.beat import Scheduler
from django.conf import settings
from django.db.models import Count
from redis import Redis

from bookings.models import Booking
from core import jobs
from core.models import JobRun, OutboxMessage, StatusChange
from core.readings import queue_lengths
from finance.models import Settlement
from ledger.models import JournalEntry
from payments.models import GatewayEvent, Payout, Refund
from tests.clock import Clock, turned_to
from tests.outages.days import Days
from tests.outages.reckoning import assert_books_in_order
from tests.payments import flutterwave, scene
from tests.races.mail_sink import MailSink, mail_sink
from tests.races.rivals import at_once
from tests.services import Sandbox, celery_worker, wait_until
from tests.world import in_days

DAYS = float(os.environ.get("JOBS_DAYS", "1"))
IN_FULL = 10
STEP = timedelta(minutes=10 if DAYS >= IN_FULL else 30)
WORKERS, BEATS = 3, 2
LAST_HOURS = timedelta(hours=6)  # in which nothing happens any more
PAYOUT_HOUR = 1

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120 + DAYS * 240)]


class Beat(Scheduler):
    """Celery's own, which counts what it asks for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        super().__init__(current_app)

    def apply_async(self, entry: Any, *arguments: Any, **options: Any) -> Any:
        self.asked[entry.name] += 1
        return super().apply_async(entry, *arguments, **options)

    def ask_for_what_is_due(self) -> None:
        """All of it."""
        while not self.tick():
            pass


@pytest.fixture
def mails() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture
def clock(sandbox) -> Iterator[Clock]:
    """It is noon, on the day before a month begins."""
    today = in_days(0)
    last = date(today.year + today.month // 12, today.month % 12 + 1, 1) - timedelta(days=1)
    with turned_to(datetime(last.year, last.month, last.day, 12, tzinfo=UTC), sandbox) as clock:
        yield clock


def test_two_beats_and_three_workers_do_everything_once(clock, sandbox, mails, record_property):
    logging.disable(logging.ERROR)  # events that fail on purpose
    days = Days(sandbox, random.Random(8), round(DAYS))
    services = {"EMAIL_URL": mails.url, "REDIS_URL": settings.REDIS_URL}
    with ExitStack() as block:
        block.callback(logging.disable, logging.NOTSET)
        for _worker in range(WORKERS):
            block.enter_context(celery_worker(2, application="tests.outages.on_time", **services))
        beats = [Beat() for _beat in range(BEATS)]
        for beat in beats:
            block.callback(beat.close)
        let_pass(clock, days, beats)

    asked = sum((beat.asked for beat in beats), Counter())
    assert asked.keys() == {job.name for job in jobs.registered()}
    assert Counter(JobRun.objects.values_list("job", flat=True)) == asked
    assert not JobRun.objects.exclude(error="").exists()
    assert_every_effect_once(sandbox, mails, days)
    done = ", ".join(f"{number:,} {what}" for what, number in sorted((days.counts | effects()).items()))
    record_property(
        "two beats and three workers", f"{asked.total():,} runs in {DAYS:g} days, {overlapping():,} at once; {done}"
    )


def let_pass(clock: Clock, days: Days, beats: list[Beat]) -> None:
    """The days, step by step; both beats ask at the same moment, and all that they ask for is done."""
    ends_at = datetime.now(UTC) + timedelta(days=DAYS)
    paid_out = None
    while datetime.now(UTC) < ends_at:
        now = datetime.now(UTC)
        if now < ends_at - LAST_HOURS:
            days.go_on()
            if now.hour == PAYOUT_HOUR and paid_out != now.date():
                days.pay_out()
                paid_out = now.date()
        at_once(*(beat.ask_for_what_is_due for beat in beats))
        wait_until(all_is_done, "every task to be done", patience=60)
        clock.move_by(STEP)


def all_is_done() -> bool:
    """Whether no task waits and none is under way, nudges included: leases would end if the clock were turned then."""
    prefix = current_app.conf.broker_transport_options["global_keyprefix"]
    with Redis.from_url(settings.REDIS_URL) as broker:
        return not any(queue_lengths().values()) and not broker.hlen(f"{prefix}unacked")


def effects() -> Counter[str]:
    """What there is to see of it."""
    return Counter(
        {
            "e-mails sent": OutboxMessage.objects.filter(status="sent").count(),
            "holds ended": Booking.objects.filter(status="expired").count(),
            "refunds paid": Refund.objects.filter(status="succeeded").count(),
            "bookings earned": JournalEntry.objects.filter(kind="earning").count(),
            "payouts matched": Payout.objects.exclude(matched_at=None).count(),
            "settlements drafted": Settlement.objects.count(),
        }
    )


def assert_every_effect_once(sandbox: Sandbox, mails: MailSink, days: Days) -> None:
    found = effects()
    assert min(found.values()) > 0, found
    assert not OutboxMessage.objects.exclude(status="sent").exists()
    sent = Counter(mails.message_ids)
    assert (len(sent), max(sent.values())) == (found["e-mails sent"], 1)

    moves = StatusChange.objects.values("subject_type", "subject_id", "from_status", "to_status")
    assert not moves.annotate(times=Count("pk")).filter(times__gt=1).exists()
    assert found["holds ended"] == days.counts["left unpaid"]
    assert OutboxMessage.objects.filter(kind="booking.hold_ends").count() <= days.counts["left unpaid"]

    assert not Refund.objects.exclude(status="succeeded").exists()
    at_gateways = len(sandbox.objects("refunds")) + len(sandbox.flutterwave_state["refunds"])
    assert at_gateways == found["refunds paid"] == days.counts["given up"]

    gone = Booking.objects.filter(status="completed")
    assert found["bookings earned"] == gone.count()
    assert not Booking.objects.filter(status="confirmed", boarding__departs_at__lt=datetime.now(UTC) - STEP).exists()
    assert not GatewayEvent.objects.filter(processed_at=None).exists()
    assert found["payouts matched"] == days.counts["payouts"]
    of_months = Settlement.objects.values("operator", "month").annotate(times=Count("pk"))
    assert not of_months.filter(times__gt=1).exists()
    scene.assert_gateway_agrees(sandbox)
    flutterwave.assert_gateway_agrees(sandbox)
    assert_books_in_order()


def overlapping() -> int:
    """How often a job began while another run of it was under way."""
    count = 0
    for job in jobs.registered():
        runs = JobRun.objects.filter(job=job.name).order_by("started_at").values_list("started_at", "ended_at")
        count += sum(later[0] < earlier[1] for earlier, later in pairwise(runs))
    return count
