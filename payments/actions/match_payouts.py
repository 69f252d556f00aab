"""Match the gateways' balances and payouts to the ledger, line by line.

After it, what the books say that a gateway holds for us is what it holds, to the minor unit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Sum
from django.utils import timezone

from core.models import JobRun
from core.transactions import in_one_transaction
from payments.actions.match_lines import match_line
from payments.actions.payouts import note_payout
from payments.batches import in_batches
from payments.errors import GatewayError, GatewayUnavailable, PaymentError
from payments.gateways import gateway, offered_names
from payments.gateways.base import BalanceLine, Gateway
from payments.models import BalanceTransaction, LineOutcome, Payment, Payout, PayoutStatus

log = structlog.get_logger(__name__)

JOB = "match_payouts"
_OVERLAP = timedelta(days=3)  # lines appear a little late, and clocks differ
_COMES_BACK = timedelta(days=30)  # until then banks may return a payout
_GIVEN_UP = timedelta(days=90)  # one that does not match by then waits for people alone
_BATCH = 100  # as many as a gateway shows on a page


def match_all() -> dict[str, int]:
    """Every line that is new, and every payout that is not matched yet.

    Returns {"lines": n (new), "suspense": n (of them), "matched": n (payouts), "leftover": n (payouts that are not),
    "failed": n (lines or gateways that could not be read; next time)}.
    """
    counts = Counter(dict.fromkeys(("lines", "suspense", "matched", "leftover", "failed"), 0))
    for name in offered_names():
        try:
            _match(gateway(name), counts)
        except PaymentError as error:
            log.warning("balance_not_matched", gateway=name, code=error.code)
            counts["failed"] += 1
    return dict(counts)


def _match(offered: Gateway, counts: Counter[str]) -> None:
    since = _since(offered.name)
    for lines in in_batches(offered.lines(since), _BATCH):
        _match_new(offered, lines, counts)
    for told in offered.payouts(since - _COMES_BACK):
        note_payout(offered.name, told)
    for payout in _unmatched(offered.name):
        counts["matched" if _match_payout(offered, payout) else "leftover"] += 1


def _since(name: str) -> datetime:
    """From where to read: the last run that left nothing out, or our first payment.

    Not from the newest line that is known: lines come newest first, and a run may have died in their midst.
    """
    whole = JobRun.objects.filter(job=JOB, error="", result__failed=0).order_by("-started_at")
    first = Payment.objects.filter(gateway=name).order_by("created_at").values_list("created_at", flat=True)
    since = whole.values_list("started_at", flat=True).first() or first.first() or timezone.now()
    return since - _OVERLAP


def _match_new(offered: Gateway, lines: Sequence[BalanceLine], counts: Counter[str]) -> None:
    ids = [line.transaction_id for line in lines]
    kept = BalanceTransaction.objects.filter(gateway=offered.name, transaction_id__in=ids)
    known = set(kept.values_list("transaction_id", flat=True))
    for line in lines:
        if line.transaction_id in known:
            continue
        try:
            matched = match_line(offered, line)
        except Exception:  # whatever one line meets, the others have their turn
            log.exception("line_not_matched", gateway=offered.name, line=line.transaction_id)
            counts["failed"] += 1
            continue
        counts["lines"] += 1
        counts["suspense"] += matched.outcome == LineOutcome.SUSPENSE


def _unmatched(name: str) -> Iterator[Payout]:
    payouts = Payout.objects.filter(gateway=name, matched_at=None, made_at__gte=timezone.now() - _GIVEN_UP)
    return payouts.exclude(status__in=[PayoutStatus.PENDING, PayoutStatus.CANCELED]).iterator(chunk_size=_BATCH)


def _match_payout(offered: Gateway, payout: Payout) -> bool:
    """Find the lines that a payout is the sum of. Whether it matches now."""
    try:
        for lines in in_batches(offered.lines_of(payout.payout_id), _BATCH):
            ids = [match_line(offered, line).pk for line in lines]
            BalanceTransaction.objects.filter(pk__in=ids).update(payout=payout)
        return judge(payout.pk)
    except GatewayUnavailable:
        raise  # nor does it tell of the others
    except GatewayError as error:  # of payouts that somebody made by hand, Stripe knows no lines
        log.warning("payout_without_lines", payout=payout.payout_id, detail=error.detail)
    except Exception:  # whatever one payout meets, the others have their turn
        log.exception("payout_not_matched", payout=payout.payout_id)
    return False


@in_one_transaction
def judge(payout_id: int) -> bool:
    """Whether a payout matches: its lines come to its amount, and none of them is still to be explained."""
    payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
    lines = BalanceTransaction.objects.filter(payout=payout)
    total = lines.aggregate(net=Sum(F("amount") - F("fee")))["net"] or 0
    matches = total == payout.amount and not lines.filter(outcome=LineOutcome.SUSPENSE, explanation="").exists()
    if matches != bool(payout.matched_at):
        payout.match(timezone.now() if matches else None)
    return matches
