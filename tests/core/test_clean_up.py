"""Clean-up: what has had its time goes, in batches; what is in use stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from core import clean_up, jobs, outbox
from core.idempotency import Claim, Replay, begin
from core.models import IdempotencyRecord, JobRun, OutboxMessage
from tests.clock import turned_to
from tests.database import as_owner

LATER = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)


@pytest.fixture
def clock():
    with turned_to(LATER, ticking=False) as clock:
        yield clock


@pytest.mark.django_db
def test_an_answer_is_kept_for_a_day_and_then_its_key_is_new_again(clock):
    begin("s", "user:1", "k", "h").complete(201, {"reference": "X"})
    clock.move_by(timedelta(hours=24, seconds=-1))
    assert jobs.run("cleanup_idempotency") == {"records": 0}
    assert begin("s", "user:1", "k", "h") == Replay(201, {"reference": "X"})

    clock.move_by(timedelta(seconds=1))
    assert jobs.run("cleanup_idempotency") == {"records": 1}
    again = begin("s", "user:1", "k", "h")
    assert isinstance(again, Claim)
    assert again.fencing == 1


@pytest.mark.django_db
def test_messages_go_thirty_days_after_they_were_sent_and_a_hundred_and_eighty_after_they_were_given_up(clock):
    for subject, status in (("a", "sent"), ("b", "failed"), ("c", "pending")):
        outbox.enqueue("nothing.handles", subject)
        OutboxMessage.objects.filter(subject=subject).update(status=status, sent_at=timezone.now())
    left = OutboxMessage.objects.order_by("subject").values_list("subject", flat=True)

    clock.move_by(timedelta(days=30, seconds=-1))
    assert jobs.run("cleanup_outbox") == {"sent": 0, "failed": 0, "runs": 0}
    clock.move_by(timedelta(seconds=1))
    assert jobs.run("cleanup_outbox") == {"sent": 1, "failed": 0, "runs": 0}
    assert list(left.all()) == ["b", "c"]
    clock.move_by(timedelta(days=150, seconds=-1))
    assert jobs.run("cleanup_outbox")["failed"] == 0
    clock.move_by(timedelta(seconds=1))
    assert jobs.run("cleanup_outbox")["failed"] == 1
    assert list(left.all()) == ["c"]  # a message that still waits is never forgotten


@pytest.mark.django_db
def test_runs_of_jobs_are_kept_for_ninety_days(clock):
    jobs.run("cleanup_idempotency")
    clock.move_by(timedelta(days=90, seconds=-1))
    assert jobs.run("cleanup_outbox")["runs"] == 0
    clock.move_by(timedelta(seconds=1))
    assert jobs.run("cleanup_outbox")["runs"] == 1
    assert set(JobRun.objects.values_list("job", flat=True)) == {"cleanup_outbox"}


@pytest.mark.django_db
def test_many_rows_go_in_small_batches(clock, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(clean_up, "BATCH", 10)
    for number in range(25):
        begin("s", "user:1", str(number), "h")
    clock.move_by(timedelta(hours=24))
    batches, selecting_and_deleting, borders = 4, 2, 2  # the fourth finds nothing left
    with django_assert_num_queries(batches * (selecting_and_deleting + borders) - 1):
        assert jobs.find("cleanup_idempotency").work() == {"records": 25}
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_passed_over_and_has_its_turn_later(clock):
    for key in ("held", "free"):
        begin("s", "user:1", key, "h")
    clock.move_by(timedelta(hours=24))
    with as_owner() as holder:
        holder.execute("SELECT id FROM core_idempotencyrecord WHERE key = 'held' FOR UPDATE")
        assert jobs.run("cleanup_idempotency") == {"records": 1}
    assert IdempotencyRecord.objects.get().key == "held"
    assert jobs.run("cleanup_idempotency") == {"records": 1}
