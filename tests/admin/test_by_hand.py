"""Staff write into the books by hand, take it back, and close months: they see the lines first."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import override

from ledger.actions.adjust import adjust
from ledger.models import Account, JournalEntry, Period
from ledger.queries import balance
from tests.admin.deciding import address, confirm, decide, lines_shown, preview
from tests.admin.scene import messages_of, page, pay, text_of, words
from tests.clock import turned_to
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)
YES = {"_form_submitted": "on"}


@pytest.fixture
def bank() -> Account:
    """The bank's account, on which there is an entry."""
    adjust(currency="SAR", debit="tax:payable", credit="bank", amount=10_000, reason="VAT of May")
    return Account.objects.get(code="bank")


def wish(**other: str) -> dict[str, str]:
    return {"side": "credit", "amount": "12.50", "other": "platform:gateway_fees", "reason": "Account fee", **other}


def test_what_was_shown_is_written(root, superuser, bank):
    shown = preview(root, address("ledger_account_adjust", bank), **wish())
    text = words(shown)
    assert "Balance now SAR 100.00 credit" in text
    assert "Balance after it SAR 112.50 credit" in text
    assert lines_shown(shown) == [
        ("adjustment", "platform:gateway_fees", "SAR 12.50", ""), ("", "bank", "", "SAR 12.50"),
    ]  # fmt: skip
    assert JournalEntry.objects.count() == 1
    response = confirm(root, shown)
    entry = JournalEntry.objects.latest("pk")
    (said,) = messages_of(response)
    assert strip_tags(said) == f"Entry {entry.pk} is written."
    assert f'href="{page(entry, "change")}"' in said
    assert (entry.memo, entry.actor) == ("Account fee", f"user:{superuser.pk}")
    assert balance("bank", "SAR") == -11_250
    assert LogEntry.objects.get().change_message == "Write an entry: Account fee"


@pytest.mark.parametrize("typed", [{"amount": "0"}, {"amount": "-1"}, {"amount": "1.234"}, {"other": "bank"},
                                   {"other": "travellers:unearned"}, {"reason": ""}, {"side": "both"}])  # fmt: skip
def test_what_makes_no_sense_is_not_taken(root, bank, typed):
    response = root.post(address("ledger_account_adjust", bank), wish(**typed))
    assert response.context["form"].errors
    assert JournalEntry.objects.count() == 1


def test_an_account_that_mirrors_something_offers_nothing(root):
    pay(hold_seats(make_trip(), "1A"))
    clearing = Account.objects.get(code="gateway:stripe:clearing")
    assert address("ledger_account_adjust", clearing) not in root.get(page(clearing, "change")).content.decode()
    response = root.get(address("ledger_account_adjust", clearing), follow=True)
    assert messages_of(response) == ["This account is kept by what it mirrors, and by nobody's hand."]


def test_an_entry_by_hand_is_reversed_once(root, bank):
    entry = JournalEntry.objects.get()
    reversing = address("ledger_journalentry_reverse", entry)
    assert reversing in root.get(page(entry, "change")).content.decode()
    shown = preview(root, reversing, reason="Of April")
    assert lines_shown(shown) == [("reversal", "tax:payable", "", "SAR 100.00"), ("", "bank", "SAR 100.00", "")]
    confirm(root, shown)
    back = JournalEntry.objects.latest("pk")
    assert (back.kind, back.reverses_id) == ("reversal", entry.pk)
    for one, why in ((entry, "It was reversed before."), (back, "A reversal stays; write the entry anew.")):
        assert messages_of(root.get(address("ledger_journalentry_reverse", one), follow=True)) == [why]
        content = root.get(page(one, "change")).content.decode()
        assert address("ledger_journalentry_reverse", one) not in content
    assert JournalEntry.objects.count() == 2


def test_what_a_use_case_told_is_corrected_where_it_came_from(root):
    pay(hold_seats(make_trip(), "1A"))
    charge = JournalEntry.objects.get(kind="charge")
    response = root.get(address("ledger_journalentry_reverse", charge), follow=True)
    assert messages_of(response) == ["What it tells is corrected where it came from, and never here alone."]
    assert not JournalEntry.objects.filter(kind="reversal").exists()


def test_a_month_is_closed_and_stays_closed(root, bank):
    with override("en"):
        closing = reverse("admin:ledger_period_close_month")
    this_month = timezone.now().date().replace(day=1)
    next_month = (this_month + timedelta(days=32)).replace(day=1)
    typed = {"month": f"{this_month:%Y-%m}", "reason": "Audited", **YES}
    assert "Audited" not in root.post(closing, typed).headers  # it has not ended
    assert not Period.objects.exists()
    with turned_to(timezone.now() + (next_month - timezone.now().date()) + timedelta(days=1)):
        root.force_login(root_user(root))
        response = root.get(root.post(closing, typed).headers["HX-Redirect"])
        assert messages_of(response) == [f"{this_month:%Y-%m} is closed."]
        assert "HX-Redirect" not in root.post(closing, typed).headers  # it is not offered any more
        assert "No month is over that is still open." in words(root.get(closing))
        assert f"{timezone.now():%Y-%m-%d}" in text_of(root, page(Period))
    assert Period.objects.get().status == "closed"
    assert LogEntry.objects.get().change_message == "Closed: Audited"


def root_user(client):
    from accounts.models import User

    return User.objects.get(pk=client.session["_auth_user_id"])


def test_who_may_only_read_writes_nothing(as_role, bank):
    entry, auditor = JournalEntry.objects.get(), as_role("auditor")
    with override("en"):
        closing = reverse("admin:ledger_period_close_month")
    requests = [
        auditor.get(address("ledger_account_adjust", bank)),
        auditor.post(address("ledger_account_adjust", bank), wish()),
        auditor.get(address("ledger_journalentry_reverse", entry)),
        auditor.post(address("ledger_journalentry_reverse", entry), {"reason": "x"}),
        auditor.post(closing, {"month": "2026-01", "reason": "x", **YES}),
    ]
    assert {response.status_code for response in requests} == {403}
    assert JournalEntry.objects.count() == 1
    assert not LogEntry.objects.exists()
    content = auditor.get(page(entry, "change")).content.decode()
    assert address("ledger_journalentry_reverse", entry) not in content


def test_finance_may_do_all_of_it(as_role, bank):
    finance = as_role("finance")
    decide(finance, address("ledger_account_adjust", bank), **wish())
    decide(finance, address("ledger_journalentry_reverse", JournalEntry.objects.latest("pk")), reason="Twice")
    assert balance("bank", "SAR") == -10_000
