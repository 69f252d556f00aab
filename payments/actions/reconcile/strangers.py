"""Money at a gateway that no payment is known to have brought."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from payments.actions.match_lines import match_line
from payments.actions.reconcile.asking import ask_one
from payments.actions.reconcile.compare import differences, subject_of
from payments.actions.reconcile.findings import Found, Record
from payments.actions.reconcile.selection import Selection, in_full
from payments.batches import in_batches
from payments.errors import GatewayUnavailable
from payments.gateways.base import Gateway, Paid, Report, Settled
from payments.models import BalanceTransaction, FindingKind, Outcome, Payment
from payments.queries import payment_of

log = structlog.get_logger(__name__)

_BATCH = 100  # as many as a gateway shows on a page


def strangers(offered: Gateway, selection: Selection, record: Record) -> Iterator[list[Found]]:
    """Charges in the time of the look-back that no payment knows: those of nobody go to suspense, once, for people.

    A payment that is theirs is compared now, unless its gateway did not answer: with a limit, its turn may never come
    while they are listed.
    """
    dry_run = selection.options.dry_run
    for reports in in_batches(offered.charges(selection.since), _BATCH):
        for report in reports:
            record.look_at(_subject(report))  # what was told of it earlier may have found its end elsewhere
        for report in _unheard(offered.name, reports):
            payment = payment_of(offered.name, report)
            if not report.facts:
                yield [_unreadable(report)]
            elif payment is None:
                found = _of_nobody(offered, report, dry_run=dry_run)
                yield [found] if found else []
            elif not (selection.is_too_young(payment) or record.has_had_turn(subject_of(payment))):
                yield _of_payment(payment, report, dry_run=dry_run)
        record.save()


def _unheard(name: str, reports: Sequence[Report]) -> Iterator[Report]:
    heard = Payment.objects.filter(gateway=name, intent_id__in=[one.intent_id for one in reports])
    intents = set(heard.filter(succeeded_at__isnull=False).values_list("intent_id", flat=True))
    return (report for report in reports if report.intent_id not in intents)


def _of_payment(payment: Payment, report: Report, *, dry_run: bool) -> list[Found]:
    payment = in_full(Payment.objects.all()).get(pk=payment.pk)
    answer = ask_one(payment)
    if answer.unavailable:
        raise GatewayUnavailable
    if all(fact not in answer.facts for fact in report.facts if isinstance(fact, Paid)):
        # A page that was paid twice: its payment's session tells of one of them.
        answer = replace(answer, facts=(*answer.facts, *report.facts))
    return differences(payment, answer, dry_run=dry_run)


def _unreadable(report: Report) -> Found:
    told = "a charge that does not hold what the gateway promises"
    return Found(_subject(report), report.intent_id, FindingKind.UNKNOWN_THERE, told, Outcome.REPORTED)


def _of_nobody(offered: Gateway, report: Report, *, dry_run: bool) -> Found | None:
    paid = next(fact for fact in report.facts if isinstance(fact, Paid))
    lines = [fact.line for fact in report.facts if isinstance(fact, Settled)]
    names = [line.transaction_id for line in lines]
    if lines and BalanceTransaction.objects.filter(gateway=offered.name, transaction_id__in=names).exists():
        return None  # on the staff's list already
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
    return Found(_subject(report), paid.intent_id, FindingKind.UNKNOWN_MONEY, told, outcome)


def _subject(report: Report) -> str:
    return f"charge {report.charge_id or report.intent_id}"
