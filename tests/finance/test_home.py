"""The finance home: what stands on the accounts, what waits, how the months went, and everything by its name."""

import json
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from accounts.models import User
from bookings.models import Booking
from core.money import Money
from finance.actions.draft import draft
from finance.figures import MONTHS, currencies, figures
from finance.search import search
from ledger.actions.checkpoint import checkpoint
from ledger.actions.post import credit, debit, post
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned
from payments.models import BalanceTransaction, Dispute, GatewayEvent, Payment, Payout, Refund
from tests.admin.conftest import as_role, root, superuser
from tests.admin.scene import count_queries, make_dispute, make_event, make_line, make_payout, page, words
from tests.clock import turned_to
from tests.finance.year import day, first, sell, sell_and_leave
from tests.payments.scene import books

__all__ = ["as_role", "root", "superuser"]
pytestmark = pytest.mark.django_db(transaction=True)


def home(**query: str) -> str:
    with override("en"):
        address = reverse("finance-home")
    return f"{address}?{'&'.join(f'{name}={value}' for name, value in query.items())}"


@pytest.fixture
def months():
    """Sales of three months; it is the first of April."""
    with turned_to(day(1, 1)) as clock:
        for month in (1, 2, 3):
            payment = sell_and_leave(clock, day(month), "1A", "1B")
            sell(clock, day(month, 20), "1A", currency="NGN")
            if month == 2:
                give_back_earned(payment.booking_id, 3_000, note="Late")
            checkpoint()
        clock.move_to(day(4, 1))
        yield clock


def test_a_month_is_what_was_posted_in_it(months):
    found = figures("SAR", day(4, 1).date())
    assert len(found.months) == MONTHS
    assert found.months[-1] == first(4)
    paid = 2 * 10_500
    assert list(found.sold[-4:]) == [paid, paid, paid, 0]
    assert list(found.given_back[-4:]) == [0, 3_000, 0, 0]
    assert list(found.fees[-4:]) == [7, 7, 7, 0]
    assert list(found.unearned[-4:]) == [0, 0, 0, 0]
    earned = found.earned_by["OPSAR"]
    assert list(earned[-4:]) == [16_001, 16_001, 16_001, 0]
    assert {code: amount for code, amount in found.balances.items() if amount} == books()
    assert list(figures("NGN", day(4, 1).date()).unearned[-4:]) == [8_696] * 4  # the last one's trip is ahead
    assert currencies() == ["NGN", "SAR"]


def test_the_page_tells_balances_and_what_waits(months, root):
    settlement = draft(Booking.objects.filter(currency="SAR").first().trip.operator_id, first(3))
    response = root.get(home(currency="SAR"))
    text = words(response)
    for part in (
        "At the gateways SAR 629.79",
        "Owed to operators",
        "Refunds owed SAR 30.00",
        "Settlements to approve 1",
    ):
        assert part in text, part
    cards = {card.title: card for card in response.context["cards"]}
    assert cards["Owed to operators"].money == settlement.total
    assert "account_statement/?account=travellers%3Aunearned" in cards["Unearned money of travellers"].address
    assert not cards["To be explained"].is_wrong
    charts = {chart.title: chart for chart in response.context["charts"]}
    drawn = json.loads(charts["Sold and given back"].data)
    assert drawn["datasets"][0]["data"][-4:] == [210.0, 210.0, 210.0, 0.0]
    rows = dict(charts["Sold and given back"].rows)
    assert rows["sold"][-2] == Money(21_000, "SAR")
    assert "NGN" in words(root.get(home(currency="NGN")))
    assert root.get(home(currency="XXX")).context["currency"] == "NGN"


def test_money_that_nobody_has_explained_stands_out(months, root):
    with transaction.atomic():
        lines = [debit("gateway:stripe:clearing", 5), credit("suspense", 5)]
        post(kind="suspense", reference="stripe:txn_1:line", currency="SAR", lines=lines)
    cards = {card.title: card for card in root.get(home(currency="SAR")).context["cards"]}
    assert cards["To be explained"].is_wrong


def test_it_costs_the_same_however_much_was_posted(months, root):
    few = count_queries(root, home(currency="SAR"))
    for date in (2, 6, 10):
        sell_and_leave(months, day(4, date), "1A")
    assert count_queries(root, home(currency="SAR")) == few


def test_empty_books_are_told(root, db):
    response = root.get(home())
    assert "The books are empty." in words(response)


@pytest.mark.parametrize(("role", "status"), [("finance", 200), ("controller", 200), ("auditor", 200), ("staff", 403)])
def test_who_may_see_it(months, as_role, role, status):
    assert as_role(role).get(home()).status_code == status


# ------------------------------------------------------------------------------------------------------------- by name
def test_everything_is_found_by_any_of_its_names(superuser, months):
    payment = Payment.objects.filter(currency="SAR").first()
    attempt = Refund.objects.get().attempts.create(number=1, gateway="stripe", gateway_refund_id="re_77")
    names = {
        payment.booking.reference.lower(): {Booking},
        str(payment.pk): {Payment},
        payment.session_id: {Payment},
        payment.intent_id: {Payment, JournalEntry},
        payment.charge_id: {Payment, JournalEntry},
        attempt.gateway_refund_id: {Refund},
        make_dispute(payment, "dp_77").dispute_id: {Dispute},
        make_payout("po_77").payout_id: {Payout},
        make_line("txn_77").transaction_id: {BalanceTransaction},
        make_event("evt_77").event_id: {GatewayEvent},
        f"stripe:{payment.intent_id}:charge": {JournalEntry},
        f"txn_{payment.intent_id.removeprefix('pi_')}": {JournalEntry},  # its line has not been fetched yet
        str(JournalEntry.objects.latest("pk").pk): {JournalEntry},
        "9" * 30: set(),
        "nothing": set(),
        "  ": set(),
    }
    for name, kinds in names.items():
        assert {type(found.thing) for found in search(f" {name} ", superuser)} == kinds, name


def test_what_was_found_is_linked_and_only_what_one_may_see(months, as_role, root):
    payment = Payment.objects.filter(currency="SAR").first()
    content = root.get(home(q=payment.intent_id)).content.decode()
    assert page(payment, "change") in content
    assert page(JournalEntry.objects.get(payment_intent_id=payment.intent_id, kind="charge"), "change") in content
    assert "Nothing is known by the name “<b>”." in words(root.get(home(q="<b>"))).replace("&lt;b&gt;", "<b>")
    reader = User.objects.create_user("reader@example.com", "x", is_staff=True)
    assert search(payment.intent_id, reader) == []


def test_a_search_asks_each_index_once(superuser, months, django_assert_num_queries):
    with django_assert_num_queries(11):
        search("pi_nothing", superuser)


def test_amounts_of_three_decimals_are_drawn_as_they_are(root, db):
    with transaction.atomic():
        lines = [debit("gateway:stripe:clearing", 12_340), credit("travellers:unearned", 12_340)]
        post(kind="charge", reference="stripe:pi_1:charge", currency="KWD", lines=lines, payment_intent_id="pi_1")
    charts = {chart.title: chart for chart in root.get(home()).context["charts"]}
    assert Decimal(str(json.loads(charts["Sold and given back"].data)["datasets"][0]["data"][-1])) == Decimal("12.34")
