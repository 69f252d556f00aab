"""The walk through the API in docs/api.md works word by word, on the demo's data and over real HTTP."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bookings import demo
from bookings.models import Booking
from ledger.models import JournalEntry
from tests.docs.documents import section, shell_blocks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="the examples need curl"),
]


def test_the_walk_leads_to_a_paid_booking(web, tmp_path):
    demo.seed(datetime.now(UTC).date())
    script = "".join(shell_blocks(section("docs/api.md", "A walk from nothing to a paid booking")))
    expected = re.findall(r"^# prints: (.*)$", script, re.MULTILINE)
    assert expected[-1] == "confirmed"
    walked = subprocess.run(
        ["sh", "-eu"],
        input=script,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "BERTH": web, "NO_PROXY": "127.0.0.1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert walked.stdout.splitlines() == expected
    booking = Booking.objects.get()
    assert (booking.status, booking.owner.email) == ("confirmed", "nour@example.com")
    assert JournalEntry.objects.filter(kind="charge", booking_reference=booking.reference).count() == 1
