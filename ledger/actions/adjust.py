"""Entries by hand: what no use case tells, and what one of these told wrongly."""

from core.errors import InvalidState, NotFound, invalid
from core.transactions import in_one_transaction
from ledger.actions.post import Line, Posted, post
from ledger.chart import PLAIN_BY_HAND, is_kept_by_hand
from ledger.models import Account, EntryKind, JournalEntry


@in_one_transaction
def adjust(*, currency: str, debit: str, credit: str, amount: int, reason: str, booking_reference: str = "") -> Posted:
    """Debit one account and credit another by so many minor units of the currency.

    A booking is only named, and nothing of its money moved. Accounts that something else proves are corrected where
    that is: what a gateway, a booking, a refund or a settlement says.

    Raises FieldsInvalid for an account, an amount or a reason that will not do.
    """
    for field, code in (("debit", debit), ("credit", credit)):
        _require_by_hand(field, code, currency)
    if debit == credit:
        raise invalid("credit", "same", "Choose two accounts.")
    if amount <= 0:
        raise invalid("amount", "invalid", "Tell how much.")
    if not reason.strip():
        raise invalid("reason", "required", "Say why.")
    if booking_reference and not JournalEntry.objects.filter(booking_reference=booking_reference).exists():
        raise invalid("booking", "unknown", "The books know no such booking.")
    return post(
        kind=EntryKind.ADJUSTMENT,
        reference=None,
        currency=currency,
        lines=[Line(debit, amount), Line(credit, -amount)],
        booking_reference=booking_reference,
        memo=reason.strip()[:300],
    )


@in_one_transaction
def reverse(entry_id: int, *, reason: str) -> Posted:
    """Take back an entry that was written by hand: the same lines with the opposite signs, once.

    Raises NotFound, FieldsInvalid without a reason, InvalidState for an entry that is corrected where it came from, is
    a reversal, or was reversed.
    """
    entry = check_reversible(entry_id)
    if not reason.strip():
        raise invalid("reason", "required", "Say why.")
    return post(
        kind=EntryKind.REVERSAL,
        reference=None,
        currency=entry.currency,
        lines=[Line(posting.account.code, -posting.amount) for posting in entry.postings.all()],
        booking_reference=entry.booking_reference,
        memo=reason.strip()[:300],
        reverses_id=entry.pk,
    )


def check_reversible(entry_id: int) -> JournalEntry:
    """The entry with its lines, if it can be reversed. Raises NotFound; InvalidState, with why in words."""
    entry = JournalEntry.objects.prefetch_related("postings__account", "reversed_by").filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no such entry.")
    if entry.kind == EntryKind.REVERSAL:
        raise InvalidState("A reversal stays; write the entry anew.", state="reversal")
    if any(one.kind == EntryKind.REVERSAL for one in entry.reversed_by.all()):
        raise InvalidState("It was reversed before.", state="reversed")
    if not all(is_kept_by_hand(posting.account.code) for posting in entry.postings.all()):
        raise InvalidState("What it tells is corrected where it came from, and never here alone.", state="told")
    return entry


def _require_by_hand(field: str, code: str, currency: str) -> None:
    # An operator's or a desk's account is opened by what they do, and never by a slip of somebody's hand.
    if code not in PLAIN_BY_HAND and not Account.objects.filter(code=code, currency=currency).exists():
        raise invalid(field, "unknown", "There is no such account in this currency.")
    if not is_kept_by_hand(code):
        raise invalid(field, "kept", "This account is kept by what it mirrors, and by nobody's hand.")
