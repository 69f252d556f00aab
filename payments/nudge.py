"""Tell a worker, after the commit, that there is something for it to do. A nudge that is lost costs time only."""

from django.db import transaction

from core.jobs import nudge


def nudge_refunds() -> None:
    """There is a refund to send."""
    transaction.on_commit(lambda: nudge("process_refunds"), robust=True)


def nudge_matching() -> None:
    """There is a payout whose lines may be known by now."""
    transaction.on_commit(lambda: nudge("match_payouts"), robust=True)
