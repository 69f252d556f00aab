"""The books in the staff site: read by those who may, changed by nobody."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from accounts.models import User
from ledger.actions.post import credit, debit, post
from ledger.models import Account, JournalEntry
from tests.ledger.books import CLEARING, UNEARNED, everything, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser_client(client):
    client.force_login(User.objects.create_superuser("root@example.com", "a-long-password"))
    return client


def page(model: str, name: str, *args: object) -> str:
    with override("en"):
        return reverse(f"admin:ledger_{model}_{name}", args=args)


def test_accounts_show_their_balance_in_major_units_on_their_normal_side(superuser_client):
    sell(123_456)
    sell(500, name="2", currency="KWD")
    text = superuser_client.get(page("account", "changelist")).content.decode()
    assert text.count("SAR 1,234.56") == 2
    assert "-SAR" not in text
    assert text.count("KWD 0.500") == 2


def test_one_account_shows_its_balance(superuser_client):
    sell(1050)
    account = Account.objects.get(code=UNEARNED)
    text = superuser_client.get(page("account", "change", account.pk)).content.decode()
    assert "SAR 10.50" in text


def test_an_entry_shows_its_lines_as_debits_and_credits(superuser_client):
    entry = sell(1050).entry_id
    text = superuser_client.get(page("journalentry", "change", entry)).content.decode()
    assert f"{CLEARING} SAR" in text
    assert f"{UNEARNED} SAR" in text
    assert text.count("SAR 10.50") == 3  # the whole, and its two sides
    assert "-SAR" not in text


@pytest.mark.parametrize("asked", ["stripe:pi_7:charge", "stripe:pi_7", "pi_7", "ABCD2345", "ch_7", "re_7", "evt_7"])
def test_entries_are_found_by_every_name_of_theirs(superuser_client, asked):
    sell(1000, name="1")
    post(
        kind="fee",
        reference="stripe:pi_7:charge",
        currency="SAR",
        lines=[debit(CLEARING, 7700), credit(UNEARNED, 7700)],
        booking_reference="ABCD2345",
        payment_intent_id="pi_7",
        charge_id="ch_7",
        refund_id="re_7",
        event_id="evt_7",
    )
    text = superuser_client.get(page("journalentry", "changelist"), {"q": asked}).content.decode()
    assert "SAR 77.00" in text
    assert "SAR 10.00" not in text


@pytest.mark.parametrize(
    "chosen",
    [{"kind__exact": "charge"}, {"currency": "SAR"}, {"gateway": "stripe"}, {"posted_at__gte": "2020-01-01 00:00:00Z"}],
)
def test_entries_are_filtered(superuser_client, chosen):
    sell(1000)
    changelist = page("journalentry", "changelist")
    assert "SAR 10.00" in superuser_client.get(changelist, chosen).content.decode()
    other = dict.fromkeys(chosen, "2099-01-01 00:00:00Z" if "posted_at__gte" in chosen else "refund")
    answer = superuser_client.get(changelist, other)
    assert answer.status_code == 200
    assert "SAR 10.00" not in answer.content.decode()


def ledger_queries(client, address: str) -> list[str]:
    """What a page asks the ledger. (A session may or may not come out of the cache.)"""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured if '"ledger_' in query["sql"]]


@pytest.mark.parametrize("model", ["account", "journalentry"])
def test_a_list_takes_the_same_queries_however_long_it_is(superuser_client, model):
    sell(1000, name="1")
    few = ledger_queries(superuser_client, page(model, "changelist"))
    for number in range(2, 12):
        sell(1000, name=str(number), currency=f"XA{chr(64 + number)}")
    many = ledger_queries(superuser_client, page(model, "changelist"))
    assert len(many) == len(few) <= 5


def test_an_entry_takes_the_same_queries_however_many_lines_it_has(superuser_client):
    short = sell(1000).entry_id
    long = post(
        kind="adjustment",
        reference=None,
        currency="SAR",
        lines=[debit("bank", 20), *[credit(f"operator:{number}:payable", 1) for number in range(20)]],
    ).entry_id
    for entry in (short, long):
        assert len(ledger_queries(superuser_client, page("journalentry", "change", entry))) == 10


@pytest.mark.parametrize("model", ["account", "journalentry"])
def test_not_even_a_superuser_changes_the_books(superuser_client, model):
    entry = sell(1000).entry_id
    subject = entry if model == "journalentry" else Account.objects.first().pk
    before = everything()
    assert superuser_client.get(page(model, "add")).status_code == 403
    assert superuser_client.post(page(model, "add"), {"code": "bank"}).status_code == 403
    assert superuser_client.post(page(model, "change", subject), {"memo": "x", "code": "x"}).status_code == 403
    assert superuser_client.post(page(model, "delete", subject), {"post": "yes"}).status_code == 403
    superuser_client.post(
        page(model, "changelist"), {"action": "delete_selected", "_selected_action": [subject], "post": "yes"}
    )
    assert everything() == before


def test_staff_without_the_right_see_nothing(client):
    client.force_login(User.objects.create_user("staff@example.com", "a-long-password", is_staff=True))
    sell(1000)
    assert client.get(page("journalentry", "changelist")).status_code == 403
    assert client.get(page("account", "change", Account.objects.first().pk)).status_code == 403
    assert JournalEntry.objects.count() == 1
