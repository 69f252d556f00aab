"""The outbox: once per subject, leased, tried again, given up in the end."""

import pytest
from django.db import transaction

from core import outbox
from core.models import OutboxMessage
from tests.database import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(monkeypatch) -> list[outbox.Message]:
    """What was handled, in order."""
    handled: list[outbox.Message] = []
    monkeypatch.setitem(outbox._handlers, "test.note", handled.append)
    return handled


def age() -> None:
    with as_owner() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET due_at = now() - interval '1 second'")


def test_a_message_is_handled_once_however_often_it_is_put_in_and_drained(done):
    for _ in range(3):
        outbox.enqueue("test.note", "A", {"n": 1})
    assert outbox.drain() == {"sent": 1, "failed": 0}
    assert outbox.drain() == {"sent": 0, "failed": 0}
    outbox.enqueue("test.note", "A", {"n": 2})
    outbox.drain()
    assert [(message.subject, message.payload) for message in done] == [("A", {"n": 1})]


def test_a_message_of_a_rolled_back_transaction_never_was(done):
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.enqueue("test.note", "A")
        raise RuntimeError
    outbox.drain()
    assert done == []


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_tried_again_with_growing_pauses_and_then_given_up(monkeypatch):
    tries = []

    def fail(message: outbox.Message) -> None:
        tries.append(message.attempts)
        raise ValueError("no such mailbox")

    monkeypatch.setitem(outbox._handlers, "test.note", fail)
    outbox.enqueue("test.note", "A")
    pauses = []
    for _ in range(7):
        outbox.drain()
        row = OutboxMessage.objects.get()
        with as_owner() as cursor:
            cursor.execute("SELECT round(extract(epoch FROM due_at - berth_now())) FROM core_outboxmessage")
            pauses.append(int(cursor.fetchone()[0]))
        age()
    assert tries == [1, 2, 3, 4, 5]
    assert pauses[:4] == [4, 8, 16, 32]
    assert (row.status, row.attempts, "no such mailbox" in row.last_error) == ("failed", 5, True)


@pytest.mark.django_db(transaction=True)
def test_one_bad_message_does_not_hold_up_the_others(done):
    outbox.enqueue("test.unknown", "A")
    outbox.enqueue("test.note", "B")
    assert outbox.drain() == {"sent": 1, "failed": 1}
    assert [message.subject for message in done] == ["B"]


@pytest.mark.django_db(transaction=True)
def test_a_leased_message_is_not_taken_by_another_until_its_lease_lapses(done):
    outbox.enqueue("test.note", "A")
    assert outbox._lease() is not None  # a worker that dies now
    assert outbox.drain() == {"sent": 0, "failed": 0}
    age()
    assert outbox.drain() == {"sent": 1, "failed": 0}


@pytest.mark.django_db(transaction=True)
def test_a_message_that_ends_its_worker_every_time_is_given_up(done):
    outbox.enqueue("test.note", "A")
    for _ in range(5):
        outbox._lease()
        age()
    assert outbox.drain() == {"sent": 0, "failed": 1}
    assert OutboxMessage.objects.get().status == "failed"
    assert done == []
