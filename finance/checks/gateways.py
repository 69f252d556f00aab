"""What the gateways themselves say that they hold for us, against the books."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from finance.checks.registry import Broken, Checked, Found, Note, gateway_check
from ledger.models import Account, Posting
from ledger.queries import ACCOUNT_BALANCE
from payments.errors import PaymentError
from payments.gateways import NAMES, gateway, offered_names

_LOOKS = 5  # at a gateway whose money moves while we compare


@dataclass(frozen=True)
class _Clearing:
    """What the books say that a gateway holds: minor units by currency, up to these postings."""

    held: dict[str, int]
    newest: frozenset[int]


@gateway_check
def clearing_is_the_gateways() -> Iterator[Found]:
    """What the books say that a gateway holds is what it says itself, in each currency, to the minor unit."""
    offered = offered_names()
    for name in NAMES:
        if name in offered:
            yield from _compare(name)
        elif any(_clearing(name).held.values()):
            yield Note(f"{name} is not offered any more: not compared.")


def _compare(name: str) -> Iterator[Found]:
    for _look in range(_LOOKS):
        before = _clearing(name)
        try:
            told = gateway(name).balance()
        except PaymentError as error:
            yield Note(f"{name} did not answer, and was not compared: {error.detail}")
            return
        if not told:
            yield Note(f"{name} does not tell its balance: not compared.")
            return
        wrong = [
            broken for currency in sorted({*told, *before.held}) if (broken := _differ(name, currency, told, before))
        ]
        if not wrong or _clearing(name).newest == before.newest:
            yield Checked(len({*told, *before.held}))
            yield from wrong
            return
    yield Note(f"{name} was not compared: its money moved at every look.")


def _differ(name: str, currency: str, told: dict[str, int], books: _Clearing) -> Broken | None:
    ours, theirs = books.held.get(currency, 0), told.get(currency, 0)
    if ours == theirs:
        return None
    problem = f"is {ours} in the books, and {name} holds {theirs}"
    return Broken(f"account gateway:{name}:clearing {currency}", problem, ours - theirs, currency)


def _clearing(name: str) -> _Clearing:
    newest = Posting.objects.filter(account=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    accounts = Account.objects.filter(code=f"gateway:{name}:clearing")
    rows = list(accounts.values_list("currency", ACCOUNT_BALANCE, Subquery(newest)))
    return _Clearing({of: held for of, held, _ in rows}, frozenset(last for _, _, last in rows if last))
