"""Everything that is known by a name: a booking's reference, or an id of a gateway, whatever it is an id of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, Q, QuerySet

from bookings.models import Booking
from ledger.models import EntryKind, JournalEntry
from ledger.models.journal_entry import REFUND_KINDS
from payments.gateways import NAMES
from payments.models import BalanceTransaction, Dispute, GatewayEvent, Payment, Payout, Refund

MOST = 20  # of each kind: an id names few things


@dataclass(frozen=True)
class Found:
    """A thing that is known by the name, and the name of its page: `payments_payment`."""

    model: str
    thing: Model


def search(name: str, user: AbstractBaseUser | AnonymousUser) -> list[Found]:
    """All that this name belongs to, as far as the user may look at it; one indexed query for each kind."""
    name = name.strip()
    return [found for found in _search(name) if _may_view(user, found.model)] if name else []


def _search(name: str) -> Iterator[Found]:
    for rows in _queries(name):
        for thing in rows[:MOST]:
            yield Found(f"{thing._meta.app_label}_{thing._meta.model_name}", thing)  # noqa: SLF001 - Django's documented one


def _queries(name: str) -> Iterator[QuerySet[Any]]:
    # With the gateway beside the id: that is how the indexes begin.
    at = {"gateway__in": NAMES}
    yield Booking.objects.filter(reference=name.upper())
    payments = Q(session_id=name, **at) | Q(intent_id=name, **at) | Q(charge_id=name, **at)
    yield Payment.objects.filter(payments | Q(pk=name) if _is_uuid(name) else payments)
    of_attempts = {f"attempts__{key}": value for key, value in at.items()}
    yield Refund.objects.filter(attempts__gateway_refund_id=name, **of_attempts)
    yield Dispute.objects.filter(dispute_id=name, **at)
    yield Payout.objects.filter(payout_id=name, **at)
    yield BalanceTransaction.objects.filter(transaction_id=name, **at)
    yield GatewayEvent.objects.filter(event_id=name, **at)
    yield JournalEntry.objects.filter(Q(reference=name) | Q(reference__in=_references(name)))
    if name.isdecimal() and len(name) < 19:
        yield JournalEntry.objects.filter(pk=int(name))
    yield JournalEntry.objects.filter(kind=EntryKind.CHARGE, payment_intent_id=name)
    yield JournalEntry.objects.filter(kind=EntryKind.CHARGE, charge_id=name).exclude(payment_intent_id=name)
    yield JournalEntry.objects.filter(kind__in=REFUND_KINDS, refund_id=name)


def _references(name: str) -> list[str]:
    """Of the entries about one line of a gateway's balance, which may not have been fetched yet."""
    return [f"{gateway}:{name}:{what}" for gateway in NAMES for what in ("fee", "line")]


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def _may_view(user: AbstractBaseUser | AnonymousUser, model: str) -> bool:
    app, _underscore, name = model.partition("_")
    return bool(user.has_perm(f"{app}.view_{name}"))  # type: ignore[union-attr]
