"""Entries by hand: they balance whatever is typed, touch only what nothing else proves, and are taken back once."""

import pytest
from django.db import IntegrityError, transaction

from core.actors import acting_as
from core.errors import FieldsInvalid, InvalidState, NotFound
from ledger.actions.adjust import adjust, reverse
from ledger.actions.post import credit, debit, post
from ledger.chart import PLAIN_BY_HAND, is_kept_by_hand
from ledger.models import Account, JournalEntry
from ledger.queries import balance, left_of_booking
from tests.ledger.books import everything, sell

pytestmark = pytest.mark.django_db(transaction=True)
TAX, BANK = "tax:payable", "bank"


BOOKING = "ABCDEFGH"


def know_a_booking() -> None:
    """As its charge does."""
    with transaction.atomic():
        lines = [debit("gateway:stripe:clearing", 9), credit("travellers:unearned", 9)]
        post(kind="charge", reference="charge", currency="SAR", lines=lines, booking_reference=BOOKING)


def pay_tax(amount: int = 500, **other: str):
    told = {"currency": "SAR", "debit": TAX, "credit": BANK, "reason": "VAT of May"} | other
    return adjust(amount=amount, **told)


def open_operator(code: str = "operator:AIS:payable") -> None:
    """The account of an operator, as its first departure opens it."""
    with transaction.atomic():
        lines = [debit("travellers:unearned", 7), credit(code, 7)]
        post(kind="earning", reference=f"trip:1:{code}:earned:1", currency="SAR", lines=lines)


def test_an_adjustment_moves_an_amount_from_one_account_to_another_and_says_why():
    know_a_booking()
    with acting_as("user:7"):
        written = pay_tax(booking_reference=BOOKING)
    entry = JournalEntry.objects.get(pk=written.entry_id)
    assert (entry.kind, entry.reference, entry.memo, entry.actor) == ("adjustment", None, "VAT of May", "user:7")
    assert entry.booking_reference == BOOKING
    assert (balance(TAX, "SAR"), balance(BANK, "SAR")) == (500, -500)


@pytest.mark.parametrize(
    ("other", "field", "code"),
    [
        ({"debit": "travellers:unearned"}, "debit", "kept"),
        ({"credit": "gateway:stripe:clearing"}, "credit", "kept"),
        ({"credit": "refunds:payable"}, "credit", "kept"),
        ({"credit": "suspense"}, "credit", "kept"),
        ({"credit": "operator:AIS:due"}, "credit", "kept"),
        ({"credit": "operator:NOBODY:payable"}, "credit", "unknown"),
        ({"credit": "cash:typo"}, "credit", "unknown"),
        ({"debit": "petty cash"}, "debit", "unknown"),
        ({"credit": TAX}, "credit", "same"),
        ({"reason": "  "}, "reason", "required"),
        ({"booking_reference": "XXXXXXXX"}, "booking", "unknown"),
    ],
)
def test_what_others_keep_or_makes_no_sense_is_refused_and_nothing_is_written(other, field, code):
    sell()
    with transaction.atomic():
        for account in ("gateway:stripe:clearing", "refunds:payable", "suspense", "operator:AIS:due"):
            Account.objects.get_or_create(code=account, currency="SAR", defaults={"kind": "asset"})
    before = everything()
    with pytest.raises(FieldsInvalid) as refused:
        pay_tax(**other)
    assert (refused.value.errors[0]["field"], refused.value.errors[0]["code"]) == (field, code)
    assert everything() == before


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_more_than_nothing(amount):
    with pytest.raises(FieldsInvalid):
        pay_tax(amount)
    assert not JournalEntry.objects.exists()


def test_an_operators_account_can_be_written_on_once_it_is_open_in_that_currency():
    open_operator()
    pay_tax(credit="operator:AIS:payable", debit="platform:goodwill")
    assert balance("operator:AIS:payable", "SAR") == -507
    with pytest.raises(FieldsInvalid):
        pay_tax(credit="operator:AIS:payable", currency="NGN")


def test_a_reversal_is_the_opposite_once():
    know_a_booking()
    written = pay_tax(booking_reference=BOOKING)
    assert left_of_booking(BOOKING, "SAR") == {"gateway:stripe:clearing": -9, "travellers:unearned": 9}
    back = reverse(written.entry_id, reason="Of April")
    entry = JournalEntry.objects.get(pk=back.entry_id)
    assert (entry.kind, entry.reverses_id, entry.memo) == ("reversal", written.entry_id, "Of April")
    assert entry.booking_reference == BOOKING
    assert (balance(TAX, "SAR"), balance(BANK, "SAR")) == (0, 0)
    before = everything()
    for entry_id, state in ((written.entry_id, "reversed"), (back.entry_id, "reversal")):
        with pytest.raises(InvalidState) as refused:
            reverse(entry_id, reason="Again")
        assert refused.value.members["state"] == state
    with pytest.raises(NotFound):
        reverse(10**9, reason="x")
    assert everything() == before


def test_what_was_told_by_a_use_case_is_not_reversed_here():
    sold = sell()
    before = everything()
    with pytest.raises(InvalidState) as refused:
        reverse(sold.entry_id, reason="A mistake")
    assert refused.value.members["state"] == "told"
    with pytest.raises(FieldsInvalid):
        reverse(pay_tax().entry_id, reason=" ")
    assert everything()[1][:1] == before[1]


def test_postgresql_refuses_a_second_reversal_whoever_writes_it():
    written = pay_tax()
    reverse(written.entry_id, reason="Of April")
    with pytest.raises(IntegrityError), transaction.atomic():
        JournalEntry.objects.create(
            kind="reversal", currency="SAR", posting_count=2, reverses_id=written.entry_id, actor="x",
            effective_at="2026-01-01T00:00Z", posted_at="2026-01-01T00:00Z",
        )  # fmt: skip


def test_the_accounts_that_mirror_something_are_nobodys_to_write_on():
    mirrors = [
        "travellers:unearned", "refunds:payable", "suspense", "gateway:stripe:clearing", "gateway:stripe:disputed",
        "gateway:stripe:in_transit", "operator:A:due", "operator:A:reserve",
    ]  # fmt: skip
    assert not any(map(is_kept_by_hand, mirrors))
    assert all(map(is_kept_by_hand, (*PLAIN_BY_HAND, "operator:A:payable", "cash:1", "fx:USD")))
