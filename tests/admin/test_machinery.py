"""Outbox, jobs and status changes as staff see them, and messages sent again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from bookings.models import Passenger
from core import jobs, outbox
from core.models import JobRun, OutboxMessage, StatusChange
from tests.admin.scene import fresh, messages_of, page, pay, text_of
from tests.world import hold_seats, make_trip


def make_message(subject: str, **fields) -> OutboxMessage:
    outbox.enqueue("booking.confirmed", subject, {"booking": 1})
    OutboxMessage.objects.filter(subject=subject).update(**fields)
    return OutboxMessage.objects.get(subject=subject)


@pytest.fixture
def given_up() -> OutboxMessage:
    return make_message("GIVENUP", status="failed", attempts=5, last_error="SMTPServerDisconnected: gone")


def send_again(client, *chosen: OutboxMessage):
    data = {"action": "send_again", "_selected_action": [message.pk for message in chosen]}
    return client.post(page(OutboxMessage), data, follow=True)


def test_what_was_given_up_is_sent_again_and_nothing_else(
    root, superuser, given_up, django_capture_on_commit_callbacks
):
    waiting = make_message("WAITING", attempts=2)
    sent = make_message("SENT", status="sent", attempts=1, sent_at=timezone.now())
    with django_capture_on_commit_callbacks() as after_commit:
        response = send_again(root, given_up, waiting, sent)

    assert messages_of(response) == ["1 message is sent again."]
    again = fresh(given_up)
    assert (again.status, again.attempts) == ("pending", 0)
    assert again.due_at >= given_up.due_at
    assert (fresh(waiting).attempts, fresh(sent).status) == (2, "sent")
    assert after_commit == [outbox._nudge]
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.object_id) == (superuser, str(given_up.pk))


def test_a_message_that_is_sent_again_has_all_its_tries(monkeypatch, given_up):
    handled = []
    monkeypatch.setitem(outbox._handlers, "booking.confirmed", handled.append)
    assert outbox.send_again([given_up.pk]) == [given_up.pk]
    assert outbox.drain() == {"sent": 1, "failed": 0}
    assert [message.subject for message in handled] == ["GIVENUP"]
    assert outbox.send_again([given_up.pk]) == []


def test_operations_send_e_mails_again(as_role, given_up):
    send_again(as_role("staff"), given_up)
    assert fresh(given_up).status == "pending"


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_who_may_only_look_does_not_send_again(as_role, role, given_up):
    send_again(as_role(role), given_up)
    assert fresh(given_up).status == "failed"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"status__exact": "failed"}, 1),
        ({"kind": "booking.confirmed"}, 2),
        ({"kind": "payment.failed"}, 0),
        ({"q": "WAITING"}, 1),
    ],
)
def test_messages_are_filtered(root, given_up, chosen, count):
    make_message("WAITING")
    assert root.get(page(OutboxMessage), chosen).context["cl"].result_count == count


def test_a_message_shows_its_error_and_payload(root, given_up):
    text = text_of(root, page(given_up, "change"))
    assert "SMTPServerDisconnected: gone" in text
    assert '{ "booking": 1 }' in text.replace("&quot;", '"')


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"outcome": "done"}, ["expire_holds"]),
        ({"outcome": "failed"}, ["drain_outbox"]),
        ({"outcome": "unfinished"}, ["retry_webhooks"]),
        ({"job": "expire_holds"}, ["expire_holds"]),
    ],
)
def test_job_runs_tell_what_came_of_them(root, chosen, expected):
    now = timezone.now()
    JobRun.objects.create(
        job="expire_holds", started_at=now, ended_at=now, result={"expired": 3, "details": ["secret"]}
    )
    JobRun.objects.create(job="drain_outbox", started_at=now, ended_at=now, error="OSError: no")
    JobRun.objects.create(job="retry_webhooks", started_at=now)
    assert [run.job for run in root.get(page(JobRun), chosen).context["cl"].result_list] == expected
    text = text_of(root, page(JobRun))
    assert "expire_holds done 0.000 s expired: 3" in text
    assert "secret" not in text
    assert '"secret"' in text_of(root, page(JobRun.objects.get(job="expire_holds"), "change")).replace("&quot;", '"')
    assert "drain_outbox failed 0.000 s OSError: no" in text
    assert "retry_webhooks unfinished" in text


def test_a_status_change_leads_to_what_changed_if_that_has_a_page(root):
    payment = pay(hold_seats(make_trip(), "1A"))
    passenger = Passenger.objects.get(booking=hold_seats(make_trip(number="T2"), "1A"))
    passenger.cancel(reason="x")
    content = root.get(page(StatusChange)).content.decode()
    assert page(payment, "change") in content
    assert page(payment.booking, "change") in content
    assert f"bookings.passenger {passenger.pk}" in content
    chosen = root.get(page(StatusChange), {"subject_type": "payments.payment"}).context["cl"].result_list
    assert [change.subject_id for change in chosen] == [str(payment.pk)]


def test_above_the_runs_each_job_stands_with_its_last_run_and_its_next(as_role):
    jobs.run("cleanup_outbox")
    table = as_role("staff").get(page(JobRun)).context["section"]
    lines = {line[0].value: [cell.value for cell in line[1:]] for line in table.cells}
    assert lines.keys() == {job.name for job in jobs.registered()}
    started, outcome, counts, next_at = lines["cleanup_outbox"]
    assert "done" in outcome
    assert set(counts.split(", ")) == {"sent: 0", "failed: 0", "runs: 0"}
    assert started < next_at
    assert lines["match_payouts"][:3] == [None, None, None]
