"""One line of a gateway's balance against the ledger."""

from collections.abc import Iterable

import structlog
from django.db import IntegrityError
from django.utils import timezone

from core.transactions import in_one_transaction, violated
from payments import postings
from payments.actions.apply import take_in
from payments.errors import GatewayError
from payments.gateways.base import BalanceLine, DisputeTold, Fact, Gateway, RefundTold, Report, Settled
from payments.models import BalanceTransaction, LineOutcome, Payment
from payments.queries import payment_of

log = structlog.get_logger(__name__)

# Stripe's words: https://docs.stripe.com/reports/balance-transaction-types. Whatever is not among them, and about
# nothing of ours, is for people to explain. Fees that it takes for itself, for no charge in particular:
_FEES = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
_PAYOUTS = frozenset({"payout", "payout_failure", "payout_cancel"})


def match_line(offered: Gateway, line: BalanceLine, *, known: Report | None = None) -> BalanceTransaction:
    """Make sure that a line is in the ledger, and write it down. Asks the gateway what it is about if we cannot tell.

    What is about a payment of ours is applied to it; fees and payouts are posted as such; everything else goes to
    suspense, and onto a list. A line that is known already is returned as it is. Raises GatewayUnavailable, with
    nothing done.
    """
    matched = BalanceTransaction.objects.filter(gateway=offered.name, transaction_id=line.transaction_id).first()
    if matched is not None:
        return matched
    payment, facts = _about(offered, line, known)
    try:
        return _write(offered.name, line, payment, facts)
    except IntegrityError as error:
        if violated(error) != "balancetransaction_one_per_id":
            raise
        return BalanceTransaction.objects.get(gateway=offered.name, transaction_id=line.transaction_id)


def _about(offered: Gateway, line: BalanceLine, known: Report | None) -> tuple[Payment | None, tuple[Fact, ...]]:
    """The payment that a line is about, and what has to be applied to it."""
    if line.type in _FEES | _PAYOUTS or not line.source_id:
        return None, ()
    if line.type in ("charge", "payment"):
        payments = Payment.objects.select_related("booking")
        of_charge = payments.filter(gateway=offered.name, charge_id=line.source_id, currency=line.amount.currency)
        if payment := of_charge.first():
            return payment, (Settled(line, line.amount),)
    report = known or _looked_up(offered, line)
    return (payment_of(offered.name, report), report.facts) if report else (None, ())


def _looked_up(offered: Gateway, line: BalanceLine) -> Report | None:
    try:
        return offered.look_up(line.source_id)
    except GatewayError as error:
        log.warning("line_not_looked_up", line=line.transaction_id, source=line.source_id, detail=error.detail)
        return None


@in_one_transaction
def _write(name: str, line: BalanceLine, payment: Payment | None, facts: tuple[Fact, ...]) -> BalanceTransaction:
    outcome = LineOutcome.MATCHED
    if payment is not None and line.transaction_id in _settled(facts):
        take_in(payment, facts)
    elif line.type in _FEES:
        postings.gateway_fee(name, line)
    elif line.type in _PAYOUTS:
        postings.payout_sent(name, line)
    else:
        outcome, payment = LineOutcome.SUSPENSE, None
        postings.unexplained(name, line)
    return BalanceTransaction.objects.create(
        gateway=name,
        transaction_id=line.transaction_id,
        type=line.type[:80],
        currency=line.amount.currency,
        amount=line.amount.amount,
        fee=line.fee.amount,
        source_id=line.source_id,
        made_at=line.at or timezone.now(),
        outcome=outcome,
        payment=payment,
    )


def _settled(facts: Iterable[Fact]) -> set[str]:
    """The lines that facts speak of."""
    settled = [fact for fact in facts if isinstance(fact, Settled)]
    settled += [one for fact in facts if isinstance(fact, RefundTold | DisputeTold) for one in fact.settled]
    return {one.line.transaction_id for one in settled}
