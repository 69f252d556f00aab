"""Ten thousand payments wait: comparing them takes no more memory than comparing a hundred, and time in proportion."""

import json
import subprocess
import sys
from copy import copy
from datetime import datetime

import pytest

from bookings.models import Booking
from bookings.models.booking import new_reference
from payments.actions.start import start_payment
from payments.models import Payment
from tests.services import ROOT, environment
from tests.world import hold_seats, make_trip

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
MANY, SOME, FEW = 10_000, 1_000, 100
# Runs the command as people do, and then tells the most memory that the process had.
SCRIPT = """
import resource, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "reconcile", "--json", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def fill(sandbox, number: int) -> None:
    """So many payments, each of a booking of its own, with a session that is open at the gateway."""
    first = start_payment(hold_seats(make_trip(), "1A").pk).payment
    bookings = [copy_of(first.booking, reference=new_reference()) for _ in range(number - 1)]
    Booking.objects.bulk_create(bookings, batch_size=1_000)
    payments = [copy_of(first, id=Payment().id, booking=booking) for booking in bookings]
    sessions = sandbox.copy_session(first.session_id, [{"payment_id": str(payment.pk)} for payment in payments])
    for payment, session_id in zip(payments, sessions, strict=True):
        payment.session_id = session_id
    Payment.objects.bulk_create(payments, batch_size=1_000)


def copy_of(thing, **changes):
    twin = copy(thing)
    twin.pk = None
    twin.status = "pending"
    twin._state = type(thing._state)()
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin


def compare(limit: int) -> tuple[dict, float, list[str]]:
    """The report, the peak of memory in MB, and the progress that was shown."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--limit", str(limit)],
        cwd=ROOT, env=environment(LOG_LEVEL="WARNING"), capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    report, kilobytes = ran.stdout.splitlines()
    return json.loads(report), int(kilobytes) / 1024, ran.stderr.splitlines()


def seconds(report: dict) -> float:
    began, ended = (datetime.fromisoformat(report[name]) for name in ("started_at", "completed_at"))
    return (ended - began).total_seconds()


def test_ten_thousand_payments_take_the_memory_of_a_hundred(sandbox, capsys):
    fill(sandbox, MANY)
    small, small_peak, _shown = compare(FEW)
    middle, _peak, _shown = compare(SOME)
    large, large_peak, shown = compare(0)
    with capsys.disabled():
        sys.stdout.write(
            f"\nPayments compared: {FEW} in {seconds(small):.1f} s, {small_peak:.1f} MB; "
            f"{SOME} in {seconds(middle):.1f} s; {MANY} in {seconds(large):.1f} s, {large_peak:.1f} MB\n"
        )
    assert [report["scanned"] for report in (small, middle, large)] == [FEW, SOME, MANY]
    assert all(report["mismatches"] == report["skipped"] == 0 for report in (small, middle, large))
    assert large_peak - small_peak < 20
    assert seconds(large) < 15 * seconds(middle)
    assert shown[0] == f"0 of {MANY} payments compared"
    assert shown[-1] == f"{MANY} of {MANY} payments compared"
    assert len(shown) > 10
    assert not Payment.objects.filter(reconciled_at=None).exists()
