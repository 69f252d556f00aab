"""After departure staff say who did not travel, and pay back what was earned: they see it, and that is what happens."""

import pytest
from django.contrib.admin.models import LogEntry

from bookings.models import Booking
from ledger.models import JournalEntry
from payments.models import Refund
from tests.admin.deciding import address, confirm, decide, last_entry, lines_posted, lines_shown, preview
from tests.admin.scene import fresh, messages_of, page, pay, text_of, words
from tests.payments.scene import leave
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)
DECISIONS = {
    "payments_pay_back_after_departure": {"amount": "10", "reason": "Late"},
    "payments_mark_no_shows": {"seats": ["1A"], "reason": "Late"},
    "payments_mark_travelled": {"seats": ["1A"], "reason": "Late"},
}


@pytest.fixture
def sold() -> Booking:
    """Two seats at SAR 105.00 each."""
    return pay(hold_seats(make_trip(), "1A", "1B")).booking


@pytest.fixture
def left(sold) -> Booking:
    """The same after departure."""
    leave(sold)
    return fresh(sold)


def test_what_was_shown_is_what_goes_back_and_from_whom(root, left):
    shown, before = (
        preview(root, address("payments_pay_back_after_departure", left), amount="21", reason="Late"),
        last_entry(),
    )
    assert "Goes back SAR 21.00" in words(shown)
    assert lines_shown(shown) == [
        ("refund decision", "operator:OPSAR:payable", "SAR 16.80", ""),
        ("", "platform:commission", "SAR 1.46", ""),
        ("", "tax:payable", "SAR 2.74", ""),
        ("", "refunds:payable", "", "SAR 21.00"),
    ]
    assert not Refund.objects.exists()
    response = confirm(root, shown)
    assert messages_of(response) == ["SAR 21.00 goes back."]
    assert lines_posted(left, before) == lines_shown(shown)
    assert Refund.objects.get().reason == "after_departure"
    assert LogEntry.objects.get().change_message == "Pay back after departure: Late"
    text = text_of(root, page(left, "change"))
    assert "Given back after the journey." in text


def test_more_than_was_earned_is_refused_in_words(root, left):
    response = root.post(address("payments_pay_back_after_departure", left), {"amount": "210.01", "reason": "Late"})
    assert "Only SAR 210.00 of the payment can still go back." in words(response)
    assert "SAR 210.00 of what was earned can still go back." in words(response)
    assert not Refund.objects.exists()


def test_a_no_show_is_noted_and_taken_back(root, left):
    no_shows, travelled = (address(name, left) for name in ("payments_mark_no_shows", "payments_mark_travelled"))
    assert messages_of(root.get(travelled, follow=True)) == ["There is nobody left of whom it can be said."]
    response = decide(root, no_shows, seats=["1A", "1B"], reason="Seen by nobody")
    assert messages_of(response) == ["It is noted down."]
    assert fresh(left).status == "no_show"
    assert "Seen by nobody" in text_of(root, page(left, "change"))
    assert messages_of(root.get(no_shows, follow=True)) == ["There is nobody left of whom it can be said."]
    decide(root, travelled, seats=["1B"], reason="The driver says so")
    assert fresh(left).status == "completed"
    assert not JournalEntry.objects.filter(kind="refund_decision").exists()


def test_what_the_terms_give_to_no_shows_is_shown(root, left):
    Booking.objects.update(no_show_refund_percent=10)
    shown = preview(root, address("payments_mark_no_shows", left), seats=["1A"], reason="Seen by nobody")
    assert lines_shown(shown)[-1] == ("", "refunds:payable", "", "SAR 10.50")
    confirm(root, shown)
    assert Refund.objects.get().amount == 1_050


def test_the_page_offers_what_can_be_done(root, sold):
    names = ("cancel_seats", "pay_back_after_departure", "mark_no_shows", "mark_travelled")

    def offered() -> list[str]:
        content = root.get(page(sold, "change")).content.decode()
        return [name for name in names if address(f"bookings_booking_{name}", sold) in content]

    assert offered() == ["cancel_seats"]
    leave(sold)
    assert offered() == ["pay_back_after_departure", "mark_no_shows"]
    decide(root, address("payments_mark_no_shows", sold), seats=["1A"], reason="x")
    assert offered() == ["pay_back_after_departure", "mark_no_shows", "mark_travelled"]


@pytest.mark.parametrize("name", DECISIONS)
def test_before_departure_there_is_nothing_to_decide(root, sold, name):
    assert messages_of(root.get(address(name, sold), follow=True)) == ["Only after departure."]
    assert messages_of(root.post(address(name, sold), DECISIONS[name], follow=True)) == ["Only after departure."]
    assert fresh(sold).status == "confirmed"


@pytest.mark.parametrize("name", DECISIONS)
def test_who_may_not_pay_back_is_refused_and_nothing_happens(as_role, left, name):
    before, reader = last_entry(), as_role("auditor")
    for response in (reader.get(address(name, left)), reader.post(address(name, left), DECISIONS[name])):
        assert response.status_code == 403
    assert (last_entry(), Refund.objects.count(), fresh(left).status) == (before, 0, "completed")
    assert {one.status for one in fresh(left).live_passengers()} == {"booked"}
