"""The writer: one round trip, once per fact, nothing that does not balance."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import IntegrityError

from core.actors import acting_as
from core.correlation import correlated
from ledger.actions.post import Line, credit, debit, post
from ledger.errors import AccountUnknownError, EntryConflictError, EntryUnbalancedError
from ledger.models import Account, EntryKind, JournalEntry, Posting
from tests.ledger.books import CLEARING, UNEARNED, everything, sell

pytestmark = pytest.mark.django_db


def check_constraints() -> None:
    """What would be checked at commit; a test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def adjust(lines: list[Line], *, currency: str = "SAR", **facts):
    return post(kind=EntryKind.ADJUSTMENT, reference=None, currency=currency, lines=lines, **facts)


def test_an_entry_and_its_postings_are_written_in_one_round_trip(django_assert_num_queries):
    sell(name="1")
    with transaction.atomic(), django_assert_num_queries(1):
        post(
            kind=EntryKind.CHARGE,
            reference="stripe:pi_2:charge",
            currency="SAR",
            lines=[debit(CLEARING, 500), credit(UNEARNED, 500)],
        )
    check_constraints()
    assert JournalEntry.objects.count() == 2
    assert Posting.objects.count() == 4


def test_everything_told_is_kept():
    first = sell()
    at = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    with acting_as("user:7"), correlated("a-correlation-id"):
        posted = post(
            kind=EntryKind.REVERSAL,
            reference="stripe:re_1:refund",
            currency="SAR",
            lines=[debit(UNEARNED, 300), credit(CLEARING, 200), credit("tax:payable", 100)],
            booking_reference="ABCD2345",
            gateway="stripe",
            payment_intent_id="pi_1",
            charge_id="ch_1",
            refund_id="re_1",
            event_id="evt_1",
            effective_at=at,
            memo="a memo",
            reverses_id=first.entry_id,
        )
    check_constraints()
    entry = JournalEntry.objects.get(pk=posted.entry_id)
    assert posted.created
    assert (entry.kind, entry.reference, entry.currency) == ("reversal", "stripe:re_1:refund", "SAR")
    assert (entry.booking_reference, entry.gateway, entry.memo) == ("ABCD2345", "stripe", "a memo")
    assert (entry.payment_intent_id, entry.charge_id) == ("pi_1", "ch_1")
    assert (entry.refund_id, entry.event_id) == ("re_1", "evt_1")
    assert (entry.actor, entry.correlation_id) == ("user:7", "a-correlation-id")
    assert (entry.effective_at, entry.reverses_id, entry.posting_count) == (at, first.entry_id, 3)
    assert entry.period == entry.posted_at.astimezone(UTC).date().replace(day=1)
    assert list(entry.postings.order_by("pk").values_list("account__code", "amount")) == [
        (UNEARNED, 300),
        (CLEARING, -200),
        ("tax:payable", -100),
    ]


def test_an_entry_is_effective_when_it_is_posted_unless_told_otherwise():
    entry = JournalEntry.objects.get(pk=sell().entry_id)
    assert entry.effective_at == entry.posted_at


def test_a_fact_told_twice_is_one_entry():
    first, second = sell(1000), sell(1000)
    check_constraints()
    assert first.created
    assert not second.created
    assert second.entry_id == first.entry_id
    assert Posting.objects.count() == 2


def test_the_order_of_lines_does_not_make_another_fact():
    first = sell(1000)
    again = post(
        kind=EntryKind.CHARGE,
        reference="stripe:pi_1:charge",
        currency="SAR",
        lines=[credit("tax:payable", 0), credit(UNEARNED, 1000), debit(CLEARING, 1000)],
    )
    assert (again.entry_id, again.created) == (first.entry_id, False)


@pytest.mark.parametrize(
    ("kind", "currency", "lines"),
    [
        (EntryKind.CHARGE, "SAR", [debit(CLEARING, 999), credit(UNEARNED, 999)]),
        (EntryKind.CHARGE, "SAR", [debit(CLEARING, 1000), credit("suspense", 1000)]),
        (EntryKind.CHARGE, "SAR", [debit(CLEARING, 1000), credit(UNEARNED, 600), credit(UNEARNED, 400)]),
        (EntryKind.CHARGE, "USD", [debit(CLEARING, 1000), credit(UNEARNED, 1000)]),
        (EntryKind.SUSPENSE, "SAR", [debit(CLEARING, 1000), credit(UNEARNED, 1000)]),
    ],
    ids=["amount", "account", "split", "currency", "kind"],
)
def test_a_fact_told_differently_is_an_error(kind, currency, lines):
    sell(1000)
    before = everything()
    with pytest.raises(EntryConflictError) as refused:
        post(kind=kind, reference="stripe:pi_1:charge", currency=currency, lines=lines)
    assert refused.value.code == "ledger_entry_conflict"
    assert everything() == before


@pytest.mark.parametrize(
    ("kind", "again", "facts"),
    [
        (EntryKind.CHARGE, EntryKind.CHARGE, {"payment_intent_id": "pi_9"}),
        (EntryKind.CHARGE, EntryKind.CHARGE, {"charge_id": "ch_9"}),
        (EntryKind.REFUND, EntryKind.REFUND, {"refund_id": "re_9"}),
        (EntryKind.PARTIAL_REFUND, EntryKind.REFUND, {"refund_id": "re_9"}),
    ],
)
def test_one_charge_per_intent_and_charge_and_one_refund_per_refund(kind, again, facts):
    lines = [debit(CLEARING, 5), credit(UNEARNED, 5)]
    post(kind=kind, reference="one", currency="SAR", lines=lines, **facts)
    before = everything()
    with pytest.raises(EntryConflictError):
        post(kind=again, reference="other", currency="SAR", lines=lines, **facts)
    assert everything() == before
    assert post(kind=EntryKind.FEE, reference="other", currency="SAR", lines=lines, **facts).created


def test_an_entry_is_reversed_once():
    first = sell(1000).entry_id
    lines = [debit(UNEARNED, 1000), credit(CLEARING, 1000)]
    post(kind=EntryKind.REVERSAL, reference=None, currency="SAR", lines=lines, reverses_id=first)
    with pytest.raises(EntryConflictError):
        post(kind=EntryKind.REVERSAL, reference=None, currency="SAR", lines=lines, reverses_id=first)


def test_entries_by_hand_need_no_reference_and_never_collide():
    lines = [debit("bank", 5), credit("suspense", 5)]
    assert adjust(lines).entry_id != adjust(lines).entry_id
    with pytest.raises(IntegrityError, match="journalentry_reference_unless_manual"):
        post(kind=EntryKind.CHARGE, reference=None, currency="SAR", lines=lines)


def test_an_account_outside_the_chart_is_refused():
    with pytest.raises(AccountUnknownError) as refused:
        adjust([debit("bank", 5), credit("platform:slush_fund", 5)])
    assert refused.value.code == "ledger_account_unknown"
    assert not Account.objects.exists()
    assert not JournalEntry.objects.exists()


def test_accounts_are_opened_once_per_currency_with_the_kind_of_the_chart():
    adjust([debit("bank", 5), credit("operator:AIS:payable", 5)])
    adjust([debit("bank", 5), credit("suspense", 5)])
    adjust([debit("bank", 5), credit("suspense", 5)], currency="NGN")
    assert set(Account.objects.values_list("code", "kind", "currency")) == {
        ("bank", "asset", "SAR"),
        ("operator:AIS:payable", "liability", "SAR"),
        ("suspense", "clearing", "SAR"),
        ("bank", "asset", "NGN"),
        ("suspense", "clearing", "NGN"),
    }


def test_lines_of_zero_are_dropped():
    posted = adjust([debit("bank", 5), credit("tax:payable", 0), credit("suspense", 5)])
    check_constraints()
    assert Posting.objects.filter(entry=posted.entry_id).count() == 2
    assert not Account.objects.filter(code="tax:payable").exists()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [debit("bank", 0), credit("suspense", 0)],
        [debit("bank", 5)],
        [debit("bank", 5), credit("suspense", 4)],
        [debit("bank", 5), debit("suspense", 5)],
    ],
)
def test_what_does_not_balance_is_refused_before_the_database_is_asked(lines, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(EntryUnbalancedError) as refused:
        adjust(lines)
    assert refused.value.code == "ledger_entry_unbalanced"


@pytest.mark.parametrize("amount", [1.5, 5.0, "5", True])
def test_only_whole_minor_units_are_counted(amount):
    with pytest.raises(TypeError):
        Line("bank", amount)


@pytest.mark.parametrize("side", [debit, credit])
def test_a_negative_debit_or_credit_is_refused(side):
    with pytest.raises(ValueError, match="the other one"):
        side("bank", -1)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1), ("SAR", 12_345), ("KWD", 1_234_567), ("NGN", 2**62)])
def test_minor_units_are_kept_whatever_their_digits(currency, amount):
    posted = sell(amount, currency=currency)
    check_constraints()
    assert set(Posting.objects.filter(entry=posted.entry_id).values_list("amount", flat=True)) == {amount, -amount}
    assert JournalEntry.objects.get(pk=posted.entry_id).currency == currency


@pytest.mark.parametrize("currency", ["sar", "SA", "S R", ""])
def test_a_currency_is_three_capitals(currency):
    with pytest.raises(IntegrityError, match="account_currency_iso"):
        sell(currency=currency)


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_what_it_tells():
    with pytest.raises(TransactionManagementError):
        adjust([debit("bank", 5), credit("suspense", 5)])


def _in_threads(count, work):
    def run(number):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_a_fact_told_by_many_at_once_is_one_entry():
    told = _in_threads(8, lambda _number: sell(1000))
    assert sum(posted.created for posted in told) == 1
    assert len({posted.entry_id for posted in told}) == 1
    assert Posting.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_account_needed_by_many_at_once_is_opened_once():
    told = _in_threads(8, lambda number: sell(1000, name=str(number)))
    assert all(posted.created for posted in told)
    assert Account.objects.count() == 2
