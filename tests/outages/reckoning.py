"""What has to hold once everything runs again: nothing lost, nothing sold twice, books in order."""

import json
from collections import Counter
from io import StringIO
from itertools import combinations

from django.core.management import call_command
from django.db import connections

from bookings.models import Booking, Passenger, SeatClaim
from core.models import OutboxMessage
from payments.actions.reconcile import Options, reconcile
from payments.models import GatewayEvent, Payment, Refund
from tests.database import as_owner
from tests.outages.installation import Installation
from tests.outages.load import Told
from tests.services import wait_until

JOBS = ("retry_webhooks", "process_refunds", "expire_holds", "drain_outbox")
ROUNDS = 6
_TIME_PASSES = """
UPDATE core_idempotencyrecord SET locked_until = berth_now() WHERE locked_until > berth_now();
UPDATE payments_gatewayevent SET next_attempt_at = berth_now() WHERE processed_at IS NULL;
UPDATE payments_refund SET due_at = berth_now() WHERE due_at > berth_now();
UPDATE core_outboxmessage SET due_at = berth_now() WHERE status = 'pending';
"""


def let_time_pass() -> None:
    """Leases and pauses end, and nothing else."""
    with as_owner() as cursor:
        cursor.execute(_TIME_PASSES)


def settle(whole: Installation) -> None:
    """Until all is told, sent and paid back."""
    connections.close_all()  # to a PostgreSQL that is no more
    wait_until(whole.is_well, "everything to be up", patience=180)  # worker and beat are believed by a job's run
    for _round in range(ROUNDS):
        whole.hear_everything()
        let_time_pass()
        whole.run_jobs(*JOBS)
        if not _under_way():
            return
    raise AssertionError(f"not at rest after {ROUNDS} rounds: {_under_way()}")


def _under_way() -> list[object]:
    return [
        *GatewayEvent.objects.filter(processed_at=None),
        *Refund.objects.filter(status__in=Refund.UNDER_WAY),
        *OutboxMessage.objects.filter(status="pending"),
    ]


def assert_nothing_lost(told: Told) -> None:
    """What a traveller was told once is so: confirmed, or given up by himself for the refund that was promised."""
    found = {
        reference: (status, refunded)
        for reference, status, refunded in Booking.objects.values_list("reference", "status", "refunded_amount")
    }
    for reference in told.confirmed:
        if reference in told.cancelled:
            assert found[reference] == ("refunded", told.cancelled[reference]), reference
        else:
            assert found[reference] == ("confirmed", 0), reference


def assert_nothing_sold_twice() -> None:
    """No seat of a trip is two passengers' on the same leg, and the claims say the same as the passengers."""
    spans: dict[tuple[object, int], list[tuple[int, int]]] = {}
    legs: Counter[tuple[object, int, int]] = Counter()
    sold = Passenger.objects.filter(booking__status="confirmed", status="booked").select_related("booking")
    for trip, seat, first, last in sold.values_list(
        "booking__trip_id", "seat_id", "booking__boarding__position", "booking__alighting__position"
    ):
        spans.setdefault((trip, seat), []).append((first, last))
        legs.update((trip, seat, leg) for leg in range(first, last))
    for place, taken in spans.items():
        for (first, last), (other_first, other_last) in combinations(taken, 2):
            assert last <= other_first or other_last <= first, place
    claims = SeatClaim.objects.filter(booking__isnull=False, expires_at=None)
    assert Counter(claims.values_list("trip_id", "seat_id", "leg")) == legs


def assert_gateway_agrees(whole: Installation) -> None:
    """Every charge and refund there is one here, to the minor unit."""
    charges = [one for one in whole.sandbox.objects("charges") if one["status"] == "succeeded"]
    paid = Payment.objects.exclude(received_amount=0).values_list("charge_id", "received_amount")
    assert dict(paid) == {one["id"]: one["amount"] for one in charges}
    refunds = [one for one in whole.sandbox.objects("refunds") if one["status"] == "succeeded"]
    sent = Refund.objects.filter(status="succeeded").values_list("amount", flat=True)
    assert sorted(sent) == sorted(one["amount"] for one in refunds)
    assert reconcile(Options(limit=0))["details"] == []


def assert_books_in_order() -> None:
    """check_books finds nothing, the gateway's own balance included."""
    out = StringIO()
    call_command("check_books", "--json", stdout=out, stderr=StringIO())
    report = json.loads(out.getvalue())
    assert report["ok"], {check["name"]: check["broken"][:5] for check in report["checks"] if check["broken"]}


def assert_everybody_told(whole: Installation, told: Told, at_most_repeated: int) -> int:
    """Whoever was sold seats has a confirmation. Returns how many mails were repeated: some of those cut off."""
    sent = Counter(whole.mails.message_ids)
    for reference in told.confirmed:
        assert any(f"booking.confirmed.{reference}@" in message_id for message_id in sent), reference
    repeated = sum(times - 1 for times in sent.values())
    assert repeated <= at_most_repeated, sent.most_common(5)
    return repeated
