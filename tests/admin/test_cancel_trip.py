"""Staff cancel a trip: they see what hangs on it, and a job gives back exactly that."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Sum

from bookings.models import Trip
from core.models import StatusChange
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.give_back import give_courtesy
from payments.models import Refund
from tests.admin.deciding import address, confirm, decide, preview
from tests.admin.scene import count_queries, fresh, make_dispute, messages_of, page, pay, text_of, words
from tests.world import hold_seats, make_trip

REASON = {"reason": "Sandstorm"}


@pytest.fixture
def trip() -> Trip:
    """Two bookings that are paid for, with three seats; one that is held."""
    trip = make_trip()
    pay(hold_seats(trip, "1A", "1B"))
    pay(hold_seats(trip, "2A"))
    hold_seats(trip, "3A")
    return trip


def cancelling(trip: Trip) -> str:
    return address("payments_cancel_trip", trip)


def button(trip: Trip) -> str:
    return address("bookings_trip_cancel_trip", trip)


def test_the_page_of_a_trip_leads_there(root, trip):
    assert button(trip) in root.get(page(trip, "change")).content.decode()
    assert root.get(button(trip))["Location"] == cancelling(trip)


def test_the_page_says_how_much_hangs_on_it_and_changes_nothing(root, trip):
    text = words(preview(root, cancelling(trip), **REASON))
    for part in (
        "Bookings paid back 2", "Seats 3", "Goes back SAR 315.00", "Holds given up 1", "Reason Sandstorm",
    ):  # fmt: skip
        assert part in text, part
    assert fresh(trip).status == "open"
    assert not LogEntry.objects.exists()


def test_what_was_shown_goes_back_and_the_page_tells_how_far_it_is(root, superuser, trip):
    response = decide(root, cancelling(trip), **REASON)
    assert messages_of(response) == ["The trip is cancelled. A worker clears 3 bookings."]
    change = StatusChange.objects.get(subject_type="bookings.trip")
    assert (change.to_status, change.reason, change.actor) == ("cancelled", "Sandstorm", f"user:{superuser.pk}")
    assert LogEntry.objects.get().change_message == "Cancel the trip: Sandstorm"
    assert "Still to be cleared 3 bookings" in text_of(root, page(trip, "change"))
    assert not Refund.objects.exists()

    clear_cancelled_trips()
    assert Refund.objects.aggregate(sum=Sum("amount"))["sum"] == 31_500
    assert "Still to be cleared none" in text_of(root, page(trip, "change"))
    assert button(trip) not in root.get(page(trip, "change")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_told_at_once(root, trip, monkeypatch):
    nudged: list[str] = []
    monkeypatch.setattr("payments.nudge.nudge", nudged.append)
    decide(root, cancelling(trip), **REASON)
    assert nudged == ["process_refunds"]


def test_what_went_back_before_does_not_go_back_again(root):
    trip = make_trip()
    payment = pay(hold_seats(trip, "1A", "1B"))
    cancel(payment.booking_id, Wish(seats=["1B"]))  # SAR 84.00 of 105.00
    give_courtesy(payment.pk, 5_000, note="x")
    text = words(preview(root, cancelling(trip), **REASON))
    assert "Bookings paid back 1" in text
    assert "Seats 1" in text
    assert "Goes back SAR 76.00" in text
    before = Refund.objects.aggregate(sum=Sum("amount"))["sum"]
    decide(root, cancelling(trip), **REASON)
    clear_cancelled_trips()
    assert Refund.objects.aggregate(sum=Sum("amount"))["sum"] == before + 7_600


def test_what_a_bank_decides_about_waits_and_is_named(root):
    trip = make_trip()
    payment = pay(hold_seats(trip, "1A"))
    make_dispute(payment)
    response = preview(root, cancelling(trip), **REASON)
    assert f"{payment.booking.reference} The payment is disputed" in words(response)
    assert page(payment.booking, "change") in response.content.decode()
    confirm(root, response)
    clear_cancelled_trips()
    assert "Still to be cleared 1 booking" in text_of(root, page(trip, "change"))


def test_a_reason_is_needed(root, trip):
    response = root.post(cancelling(trip), {"reason": ""})
    assert "This field is required." in words(response)
    assert fresh(trip).status == "open"


def test_the_second_click_of_two_does_nothing(root, trip):
    shown = preview(root, cancelling(trip), **REASON)
    confirm(root, shown)
    assert messages_of(confirm(root, shown)) == ["This was sent before. Here is what has become of it."]
    assert StatusChange.objects.filter(subject_type="bookings.trip").count() == LogEntry.objects.count() == 1


def test_a_trip_that_was_cancelled_meanwhile_is_told(root, trip):
    shown = preview(root, cancelling(trip), **REASON)
    decide(root, cancelling(trip), reason="By a colleague")
    response = confirm(root, shown)
    assert response.status_code == 409
    assert "trip is cancelled; it cannot become cancelled." in words(response)
    assert LogEntry.objects.get().change_message == "Cancel the trip: By a colleague"


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_who_may_not_change_trips_does_not_cancel_one(as_role, root, trip, role):
    shown, browser = preview(root, cancelling(trip), **REASON), as_role(role)
    assert button(trip) not in browser.get(page(trip, "change")).content.decode()
    assert browser.get(button(trip)).status_code == 403
    assert browser.get(cancelling(trip)).status_code == 403
    assert confirm(browser, shown).status_code == 403
    assert fresh(trip).status == "open"
    assert not LogEntry.objects.exists()


def test_operations_cancel_trips(as_role, trip):
    decide(as_role("staff"), cancelling(trip), **REASON)
    assert fresh(trip).status == "cancelled"


def test_the_page_of_a_cancelled_trip_asks_as_much_for_many_bookings_as_for_one(root):
    one, many = make_trip(), make_trip(number="T2")
    hold_seats(one, "1A")
    for row in range(1, 6):
        pay(hold_seats(many, f"{row}A"))
    for trip in (one, many):
        trip.cancel(reason="x")
    assert count_queries(root, page(many, "change")) == count_queries(root, page(one, "change"))
