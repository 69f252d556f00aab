"""Draft what operators are paid for a month, from all that no settlement has taken yet."""

from datetime import UTC, date, datetime

from django.db import connection
from django.db.models import Sum

from bookings.models import Operator
from bookings.postings import operator_account
from core.money import share
from core.transactions import in_one_transaction
from finance.models import LineKind, Settlement, SettlementLine, SettlementStatus
from finance.months import month_after

# Every posting of the operator's account up to the end of the month that no settlement has taken. What else its entry
# did tells how it came about. What settlements post themselves, moves what they settle.
_TAKE = """
INSERT INTO finance_settlementline (settlement_id, kind, posting_id, gross, commission, tax, net, live)
SELECT %(settlement)s,
       CASE entry.kind WHEN 'earning' THEN 'booking' WHEN 'cancellation_fee' THEN 'cancellation'
            WHEN 'refund_decision' THEN 'refund' WHEN 'dispute' THEN 'dispute' WHEN 'dispute_reversal' THEN 'dispute'
            WHEN 'reserve' THEN 'reserve' ELSE 'correction' END,
       posting.id, ours.commission + ours.tax - posting.amount, ours.commission, ours.tax, -posting.amount, true
  FROM ledger_account account
  JOIN ledger_posting posting ON posting.account_id = account.id
  JOIN ledger_journalentry entry ON entry.id = posting.entry_id
 CROSS JOIN LATERAL (
   SELECT coalesce(-sum(other.amount) FILTER (WHERE of.code = 'platform:commission'), 0) AS commission,
          coalesce(-sum(other.amount) FILTER (WHERE of.code = 'tax:commission'), 0) AS tax
     FROM ledger_posting other JOIN ledger_account of ON of.id = other.account_id
    WHERE other.entry_id = entry.id
 ) ours
 WHERE account.code = %(account)s AND account.currency = %(currency)s
   AND entry.posted_at < %(end)s AND entry.kind <> 'settlement'
   AND NOT EXISTS (SELECT FROM finance_settlementline line WHERE line.posting_id = posting.id AND line.live)
 ORDER BY posting.id
"""


@in_one_transaction
def draft(operator_id: int, month: date) -> Settlement | None:
    """Draft an operator's settlement of a month, named by its first day, or make the draft anew.

    None if there is nothing to settle, or if the month's settlement is approved or paid: then it stays.
    """
    operator = lock_operator(operator_id)
    of_month = Settlement.objects.filter(Settlement.LIVE, operator=operator, currency=operator.currency, month=month)
    settlement = of_month.first()
    if settlement is None:
        settlement = Settlement.objects.create(operator=operator, currency=operator.currency, month=month)
    elif settlement.status != SettlementStatus.DRAFT:
        return None
    if not fill(settlement, operator):
        settlement.delete()
        return None
    return settlement


def lock_operator(operator_id: int) -> Operator:
    """One operator's settlements are made and decided about in turn."""
    return Operator.objects.select_for_update(no_key=True).get(pk=operator_id)


def fill(settlement: Settlement, operator: Operator) -> int:
    """Take anew whatever a draft takes, in the caller's transaction; returns how many lines."""
    settlement.lines.all().delete()
    brought = _bring_forward(settlement)
    end = datetime.combine(month_after(settlement.month), datetime.min.time(), UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "settlement": settlement.pk,
                "account": operator_account(operator.code),
                "currency": settlement.currency,
                "end": end,
            },
        )
        taken: int = cursor.rowcount
    _add_up(settlement, operator)
    return brought + taken


def _bring_forward(settlement: Settlement) -> int:
    """Take what others carried forward and none has taken since; of later months, too, if this one is made again."""
    others = Settlement.objects.filter(
        operator=settlement.operator,
        currency=settlement.currency,
        status=SettlementStatus.APPROVED,
        total_amount__lt=0,
    ).exclude(pk__in=SettlementLine.objects.filter(live=True, carried_from__isnull=False).values("carried_from"))
    lines = [
        SettlementLine(
            settlement=settlement, kind=LineKind.BROUGHT, carried_from=one,
            gross=one.total_amount, commission=0, tax=0, net=one.total_amount,
        )
        for one in others.order_by("month")
    ]  # fmt: skip
    SettlementLine.objects.bulk_create(lines)
    return len(lines)


def _add_up(settlement: Settlement, operator: Operator) -> None:
    sums = (
        settlement.lines.order_by()
        .values_list("kind")
        .annotate(Sum("gross"), Sum("commission"), Sum("tax"), Sum("net"))
    )
    by_kind = {kind: dict(zip(("gross", "commission", "tax", "net"), amounts, strict=True)) for kind, *amounts in sums}

    def total(column: str, *kinds: str) -> int:
        return sum(by_kind[kind][column] for kind in kinds if kind in by_kind)

    fares = (LineKind.BOOKING, LineKind.CANCELLATION, LineKind.REFUND, LineKind.DISPUTE)
    settlement.gross_amount = total("gross", *fares)
    settlement.commission_amount = total("commission", *fares) - total("commission", LineKind.CANCELLATION)
    settlement.cancellation_commission_amount = total("commission", LineKind.CANCELLATION)
    settlement.tax_amount = total("tax", *fares)
    settlement.correction_amount = total("net", LineKind.CORRECTION)
    settlement.released_amount = total("net", LineKind.RESERVE)
    settlement.brought_amount = total("net", LineKind.BROUGHT)
    settlement.total_amount = total("net", *LineKind.values)
    earned = total("net", *fares, LineKind.CORRECTION)
    settlement.reserve_amount = share(max(0, min(earned, settlement.total_amount)), operator.reserve_bps)
    settlement.save(update_fields=Settlement.TOTALS)
