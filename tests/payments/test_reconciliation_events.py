"""Events that were stored and never processed, as reconciliation finds them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from payments.actions.explain import explain_finding
from payments.models import Finding, GatewayEvent
from tests.payments.reconciling import command, everything, findings
from tests.payments.scene import fresh

pytestmark = pytest.mark.django_db(transaction=True)


def make_event(**more: Any) -> GatewayEvent:
    now = timezone.now()
    fields = {"received_at": now, "next_attempt_at": now, "type": "charge.updated", "body": "{}", **more}
    return GatewayEvent.objects.create(gateway="stripe", event_id="evt_1", **fields)


@pytest.mark.parametrize(
    "stuck",
    [
        {"retry_count": 5},
        {"retry_count": 1},
        {"next_attempt_at": timezone.now() - timedelta(minutes=11)},
    ],
    ids=["given up", "failed once", "overdue"],
)
def test_an_event_that_was_not_processed_is_due_with_all_its_tries(sandbox, stuck):
    event = make_event(**stuck)
    before = everything()
    assert findings(command("--dry-run")) == [("event_unprocessed", "would_fix")]
    assert everything() == before
    done = command()
    assert findings(done) == [("event_unprocessed", "fixed")]
    assert done["details"][0]["gateway_id"] == "evt_1"
    assert fresh(event).retry_count == 0
    assert fresh(event).next_attempt_at <= timezone.now()
    assert fresh(event).processed_at is None
    assert command()["details"] == []


def test_an_event_that_is_waiting_for_its_first_try_is_left_alone(sandbox):
    make_event(next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert command()["details"] == []


def test_an_event_that_was_processed_is_left_alone(sandbox):
    make_event(retry_count=5).mark_processed(timezone.now())
    assert command()["details"] == []


def test_what_was_told_of_an_event_is_settled_once_it_was_processed(sandbox):
    make_event(retry_count=1, last_error="broken")
    assert findings(command("--dry-run")) == [("event_unprocessed", "would_fix")]
    GatewayEvent.objects.update(processed_at=timezone.now())
    assert command()["details"] == []
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()


def test_what_was_told_of_an_event_can_be_explained(sandbox):
    make_event(retry_count=1, last_error="broken")
    command("--dry-run")
    explain_finding(Finding.objects.get().pk, note="A test event of the staging system.")
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()
