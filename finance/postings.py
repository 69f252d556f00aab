"""The ledger entries of settlements. Amounts are minor units of the settlement's currency."""

from bookings.postings import operator_account
from finance.models import Settlement
from ledger.actions.post import Line, credit, debit, post

ENTRIES = ("approved", "paid", "returned", "reopened", "reserve_released")


def reference(settlement: Settlement, what: str) -> str:
    """What an entry of a settlement is known by; `what` is one of ENTRIES."""
    return f"settlement:{settlement.pk}:{what}"


def approved(settlement: Settlement) -> None:
    """What it comes to is due now, less what is held back. A debt of the operator stays where it is."""
    if settlement.total_amount > 0:
        _post(settlement, "approved", _owed(settlement))


def paid(settlement: Settlement) -> None:
    """It left our bank."""
    due = settlement.due.amount
    _post(settlement, "paid", [debit(_account(settlement, "due"), due), credit("bank", due)])


def returned(settlement: Settlement) -> None:
    """It came back to our bank."""
    due = settlement.due.amount
    _post(settlement, "returned", [debit("bank", due), credit(_account(settlement, "due"), due)])


def reopened(settlement: Settlement) -> None:
    """Nothing of what was approved is due or held back any more: it will be settled anew."""
    if settlement.total_amount > 0:
        _post(settlement, "reopened", [Line(line.account_code, -line.amount) for line in _owed(settlement)])


def reserve_released(settlement: Settlement) -> None:
    """What was held back is the operator's to be settled."""
    reserve = settlement.reserve_amount
    lines = [debit(_account(settlement, "reserve"), reserve), credit(_account(settlement, "payable"), reserve)]
    _post(settlement, "reserve_released", lines, kind="reserve")


def _owed(settlement: Settlement) -> list[Line]:
    return [
        debit(_account(settlement, "payable"), settlement.total_amount),
        credit(_account(settlement, "due"), settlement.due.amount),
        credit(_account(settlement, "reserve"), settlement.reserve_amount),
    ]


def _post(settlement: Settlement, what: str, lines: list[Line], kind: str = "settlement") -> None:
    post(
        kind=kind,
        reference=reference(settlement, what),
        currency=settlement.currency,
        lines=lines,
        memo=str(settlement),
    )


def _account(settlement: Settlement, name: str) -> str:
    return operator_account(settlement.operator.code, name)
