"""Compare our payments with the gateways, and mend what is out of step.

Events get lost, and so does whoever processes them: nothing here relies on one having come. However many runs, events
and people are at it at once, what a gateway tells is applied once.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import reset_queries

from payments.actions.reconcile.asking import Answer, asker, patiently
from payments.actions.reconcile.compare import differences, examine, subject_of
from payments.actions.reconcile.findings import Found, Record
from payments.actions.reconcile.selection import Options, Selection, in_full, mark_compared
from payments.actions.reconcile.strangers import strangers
from payments.actions.reconcile.waiting_events import no_longer_waiting, waiting_events
from payments.errors import PaymentError
from payments.gateways import gateway, offered_names
from payments.models import Payment

Progress = Callable[[int, int], None]

__all__ = ["Found", "Options", "Progress", "in_log", "reconcile", "reconcile_one", "repair"]

log = structlog.get_logger(__name__)


def in_log(done: int, of: int) -> None:
    """Progress for whoever reads the log."""
    log.info("reconciling", done=done, of=of)


def reconcile(options: Options, progress: Progress = in_log) -> dict[str, Any]:
    """Compare and, unless it is a dry run, mend. Returns the report of the run, which is kept as well.

    Memory does not grow with the number of payments; gateways are asked a few at a time and waited for as they ask.
    `progress` is told now and then how many payments, of how many, have had their turn.
    """
    record = Record(asdict(options))
    for subject in no_longer_waiting():
        record.look_at(subject)
    record.note(waiting_events(dry_run=options.dry_run))
    selection = Selection(options, record.started_at)
    record.run.skipped += selection.count_too_young()
    _compare_payments(record, selection, progress)
    _look_for_strangers(record, selection)
    return record.end()


def repair(payment_id: UUID) -> dict[str, Any]:
    """Compare one payment and mend it: a run of its own, with its report.

    Raises Payment.DoesNotExist, GatewayError, GatewayUnavailable.
    """
    payment = Payment.objects.get(pk=payment_id)
    found = reconcile_one(payment)
    mark_compared([payment])
    record = Record({"payment": str(payment_id)})
    record.run.scanned = 1
    record.look_at(subject_of(payment))
    record.note(found)
    return record.end()


def reconcile_one(payment: Payment, *, dry_run: bool = False) -> list[Found]:
    """Differences of one payment, mended unless it is a dry run. Raises GatewayError, GatewayUnavailable."""
    payment = in_full(Payment.objects.all()).get(pk=payment.pk)
    return examine(payment, gateway(payment.gateway).report(payment), dry_run=dry_run)


def _compare_payments(record: Record, selection: Selection, progress: Progress) -> None:
    done, number = 0, selection.count()
    progress(done, number)
    with asker() as ask:
        for batch in selection.batches():
            _take(record, selection, ask(batch))
            record.save()
            done += len(batch)
            progress(done, number)
            reset_queries()  # in development Django keeps the text of each
    for name, payments in selection.left_out().items():
        record.run.skipped += payments
        record.skip(name, f"payments left to the next run: {payments}")


def _take(record: Record, selection: Selection, answers: Iterable[tuple[Payment, Answer]]) -> None:
    compared: list[Payment] = []
    dry_run = selection.options.dry_run
    for payment, answer in answers:
        record.run.scanned += 1
        if answer.unavailable:
            selection.was_not_told_of(payment)
            record.had_turn(subject_of(payment))
            continue
        selection.was_told_of(payment)
        compared.append(payment)
        record.look_at(subject_of(payment))
        record.note(differences(payment, answer, dry_run=dry_run))
    if not dry_run:
        mark_compared(compared)


def _look_for_strangers(record: Record, selection: Selection) -> None:
    for name in offered_names():
        try:
            patiently(partial(_go_through_charges, record, selection, name))
        except PaymentError as error:
            record.run.skipped += 1
            record.skip(name, f"charges not looked through: {error.detail}")


def _go_through_charges(record: Record, selection: Selection, name: str) -> None:
    """Again from the start if the gateway asks us to wait: what was found by then has had its turn."""
    for found in strangers(gateway(name), selection, record):
        record.note(found)
