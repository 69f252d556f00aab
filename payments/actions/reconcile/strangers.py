"""Money at a gateway that no payment is known to have brought."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog

from payments.actions.match_lines import match_line
from payments.actions.reconcile.compare import examine
from payments.actions.reconcile.findings import Found
from payments.actions.reconcile.selection import in_full
from payments.batches import in_batches
from payments.gateways.base import Gateway, Paid, Report, Settled
from payments.models import BalanceTransaction, FindingKind, Outcome, Payment
from payments.queries import payment_of

log = structlog.get_logger(__name__)

_BATCH = 100  # as many as a gateway shows on a page


def strangers(offered: Gateway, since: datetime, *, dry_run: bool) -> Iterator[Found]:
    """Charges since then that no payment knows: those of nobody go to suspense, once, for people to see.

    Money of a payment whose turn comes anyway is none of these: comparing the payment finds it.
    """
    for reports in in_batches(offered.charges(since), _BATCH):
        for report in _unheard(offered.name, reports):
            payment = payment_of(offered.name, report)
            if payment is None:
                yield from _of_nobody(offered, report, dry_run=dry_run)
            elif payment.created_at < since:
                payment = in_full(Payment.objects.all()).get(pk=payment.pk)
                yield from examine(payment, offered.report(payment), dry_run=dry_run)


def _unheard(name: str, reports: Sequence[Report]) -> Iterator[Report]:
    heard = Payment.objects.filter(gateway=name, intent_id__in=[one.intent_id for one in reports])
    intents = set(heard.filter(succeeded_at__isnull=False).values_list("intent_id", flat=True))
    return (report for report in reports if report.intent_id not in intents)


def _of_nobody(offered: Gateway, report: Report, *, dry_run: bool) -> Iterator[Found]:
    paid = next(fact for fact in report.facts if isinstance(fact, Paid))
    lines = [fact.line for fact in report.facts if isinstance(fact, Settled)]
    names = [line.transaction_id for line in lines]
    if lines and BalanceTransaction.objects.filter(gateway=offered.name, transaction_id__in=names).exists():
        return  # on the staff's list already
    action, outcome = "wait until it is on the gateway's balance", Outcome.REPORTED
    if lines:
        action, outcome = "book it to suspense", Outcome.WOULD_FIX if dry_run else Outcome.FIXED
        try:
            if not dry_run:
                match_line(offered, lines[0], known=report)
        except Exception as error:  # whatever one charge meets, the others have their turn
            log.exception("finding_not_mended", charge=paid.charge_id)
            action, outcome = f"{action}: {type(error).__name__}: {error}", Outcome.FAILED
    told = f"{paid.received.format('en')}: {action}"
    yield Found(f"charge {paid.charge_id}", paid.intent_id, FindingKind.UNKNOWN_MONEY, told, outcome)
