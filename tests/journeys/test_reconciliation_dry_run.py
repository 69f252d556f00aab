"""A day's webhooks were lost: a dry run tells and changes nothing, a run mends, and the next one finds nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ledger.models import JournalEntry
from tests.journeys.traveller import session_of
from tests.payments.scene import assert_gateway_agrees
from tests.services import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)


def test_reconciliation_dry_run(traveller, sandbox):
    sandbox.mode(delivery="drop")
    paid, unpaid = traveller.hold("1A"), traveller.hold("2A")
    session = session_of(traveller.start_payment(paid))
    traveller.start_payment(unpaid)
    sandbox.pay(session)
    (charge,) = sandbox.state["charges"]
    sandbox.control(f"charges/{charge['id']}/balance")
    before = traveller.booking(paid), traveller.booking(unpaid)
    assert before[0]["status"] == "pending_payment"

    would = reconcile("--dry-run")
    assert (would["dry_run"], would["scanned"], would["mismatches"], would["fixed"]) == (True, 2, 1, 0)
    (finding,) = would["details"]
    assert (finding["finding"], finding["outcome"]) == ("paid_at_gateway", "would_fix")
    assert (traveller.booking(paid), traveller.booking(unpaid)) == before
    assert not JournalEntry.objects.exists()

    done = reconcile()
    assert (done["dry_run"], done["scanned"], done["fixed"], done["failed"]) == (False, 2, 1, 0)
    assert traveller.booking(paid)["status"] == "confirmed"
    assert traveller.booking(unpaid) == before[1]
    assert_gateway_agrees(sandbox)

    assert reconcile()["details"] == []


def reconcile(*options: str) -> dict[str, Any]:
    """The report of the management command, run as operators do."""
    command = [sys.executable, "manage.py", "reconcile", "--limit", "0", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
