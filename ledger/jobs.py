"""The ledger's background job."""

from celery.schedules import crontab

from core.jobs import Result, job
from ledger.actions.checkpoint import checkpoint
from ledger.errors import LedgerBusyError


@job(schedule=crontab())
def checkpoint_ledger() -> Result:
    """Write down the balances of accounts that moved; skipped while entries are in flight."""
    try:
        return {"checkpoints": checkpoint(), "skipped": False}
    except LedgerBusyError:
        return {"checkpoints": 0, "skipped": True}
