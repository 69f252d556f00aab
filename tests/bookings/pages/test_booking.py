"""A booking's page: how it stands in words, names that are never lost, time that can be extended."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.actions import release
from bookings.locks import lock_booking
from bookings.models import Booking, Passenger
from bookings.pages.booking import state_of
from bookings.pages.problems import explain
from core import errors
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.database import age_hold
from tests.world import make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(visitor, trip) -> Booking:
    return hold_on_page(visitor, trip, "1A", "1B")


def names(booking: Booking) -> list[str]:
    return list(Passenger.objects.filter(booking=booking).order_by("id").values_list("full_name", flat=True))


def test_the_held_booking_says_what_it_costs_and_until_when_it_is_held(visitor, booking):
    page = text_of(visitor.get(booking_url(booking)))
    assert "Your seats are held for you" in page
    until = booking.expires_at.astimezone(booking.boarding.place.zone)
    assert f"held until {until:%H:%M} (RUH time)" in page
    assert "Fare SAR 173.92 Taxes SAR 26.08 Booking fee SAR 10.00 Total SAR 210.00" in page
    assert "Pay SAR 210.00" in page


def test_the_countdown_begins_with_the_seconds_that_are_left(visitor, booking):
    seconds = int(re.search(r'data-seconds="(\d+)"', visitor.get(booking_url(booking)).content.decode())[1])
    assert 890 <= seconds <= 900


def test_the_policy_names_its_deadlines_in_the_time_of_the_place(visitor, booking):
    until = (booking.boarding.departs_at - timedelta(hours=24)).astimezone(booking.boarding.place.zone)
    page = text_of(visitor.get(booking_url(booking)))
    day = rf"\w+ {until.day} \w+ 09:00"
    assert re.search(rf"until {day} 80% of the price back after {day} nothing back Times are those of RUH.", page)


def test_deadlines_that_have_passed_are_not_promised(visitor):
    booking = hold_on_page(visitor, make_trip("RUH", "JED", days=1), "1A")
    if booking.boarding.departs_at - timezone.now() < timedelta(hours=24):
        assert "from now on nothing back" in text_of(visitor.get(booking_url(booking)))
    else:
        assert "80% of the price back" in text_of(visitor.get(booking_url(booking)))


def test_names_are_saved_as_far_as_they_are_known(visitor, booking):
    form = {"name-1A": " Layla Haddad ", "document-1A": "P123", "name-1B": ""}
    answer = visitor.post(booking_url(booking, "/passengers"), form, follow=True)
    assert "The names are saved." in text_of(answer)
    assert names(booking) == ["Layla Haddad", ""]
    assert 'value="P123"' in answer.content.decode()


def test_a_name_that_does_not_fit_is_shown_again_and_nothing_is_saved(visitor, booking):
    answer = visitor.post(booking_url(booking, "/passengers"), {"name-1A": "x" * 121, "name-1B": "Omar Saleh"})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["name-1A"]
    assert 'value="Omar Saleh"' in answer.content.decode()
    assert "x" * 121 in answer.content.decode()
    assert names(booking) == ["", ""]


def test_a_button_that_sends_no_names_leaves_the_saved_ones_alone(visitor, booking):
    visitor.post(booking_url(booking, "/passengers"), {"name-1A": "Layla Haddad", "document-1A": "P123"})
    visitor.post(booking_url(booking, "/passengers"), {"name-1B": "Omar Saleh"})
    assert names(booking) == ["Layla Haddad", "Omar Saleh"]
    assert Passenger.objects.get(full_name="Layla Haddad").document == "P123"


def test_names_are_escaped(visitor, booking):
    visitor.post(booking_url(booking, "/passengers"), {"name-1A": '"><script>alert(1)</script>'})
    assert "<script>alert" not in visitor.get(booking_url(booking)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_more_time_keeps_the_names_that_were_typed(visitor, booking):
    age_hold(booking, minutes=10)
    answer = visitor.post(booking_url(booking, "/extend"), {"name-1A": "Layla Haddad"}, follow=True)
    assert "You have more time." in text_of(answer)
    assert names(booking) == ["Layla Haddad", ""]
    assert Booking.objects.get(pk=booking.pk).expires_at - timezone.now() > timedelta(minutes=14)


def test_the_page_offers_no_more_time_than_there_is(visitor, booking):
    Booking.objects.filter(pk=booking.pk).update(created_at=booking.created_at - timedelta(minutes=20))
    assert "Give me more time" not in text_of(visitor.get(booking_url(booking)))
    answer = visitor.post(booking_url(booking, "/extend"), follow=True)
    assert "The time cannot be extended any further." in text_of(answer)


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_ended_says_so_before_any_sweeper_ran(visitor, booking):
    age_hold(booking)
    page = text_of(visitor.get(booking_url(booking)))
    assert "The time to pay is over" in page
    assert "Pay SAR" not in page
    assert Booking.objects.get(pk=booking.pk).status == "pending"


@pytest.mark.django_db(transaction=True)
def test_names_typed_too_late_wait_for_the_next_booking(visitor, trip, booking):
    age_hold(booking)
    typed = {"name-1A": "Layla Haddad", "document-1A": "P123", "name-1B": "Omar Saleh"}
    answer = visitor.post(booking_url(booking, "/passengers"), typed, follow=True)
    assert "The time to pay is over, and the seats are on sale again." in text_of(answer)
    again = hold_on_page(visitor, trip, "2A", "2B", "2C")
    page = visitor.get(booking_url(again)).content.decode()
    assert re.findall(r'name="name-(2\w)"(?: value="([^"]*)")?', page) == [
        ("2A", "Layla Haddad"), ("2B", "Omar Saleh"), ("2C", ""),
    ]  # fmt: skip
    visitor.post(booking_url(again, "/passengers"), {"name-2A": "Layla Haddad"})
    assert "typed_passengers" not in visitor.session


@pytest.mark.django_db(transaction=True)
def test_names_saved_in_time_wait_for_the_next_booking_as_well(visitor, trip, booking):
    visitor.post(booking_url(booking, "/passengers"), {"name-1A": "Layla Haddad", "name-1B": "Omar Saleh"})
    age_hold(booking)
    assert "the names that you typed are kept for your next try" in text_of(visitor.get(booking_url(booking)))
    again = hold_on_page(visitor, trip, "2A")
    assert 'value="Layla Haddad"' in visitor.get(booking_url(again)).content.decode()


def test_the_history_tells_each_step(visitor, booking):
    locked, _now = lock_booking(booking.pk)
    release.give_up(locked, reason="test")
    page = text_of(visitor.get(booking_url(booking)))
    assert "This booking is cancelled Nothing was charged" in page
    assert re.search(r"What has happened so far Seats held .* Cancelled ", page)


def test_a_button_opened_as_a_page_leads_back_to_the_booking(visitor, booking):
    for button in ("passengers", "extend", "pay", "leave"):
        assert visitor.get(booking_url(booking, f"/{button}")).url == booking_url(booking)


def test_enter_in_a_field_saves_the_names(visitor, booking):
    page = visitor.get(booking_url(booking)).content.decode()
    first_button = re.search(r'<button(?=[^>]*form="names")[^>]*>', page)[0]
    assert "formaction" not in first_button
    assert f'id="names" method="post" action="{booking_url(booking, "/passengers")}"' in page


def test_the_page_is_kept_by_no_cache(visitor, booking):
    assert "no-store" in visitor.get(booking_url(booking))["Cache-Control"]


def test_the_page_speaks_arabic_from_right_to_left(visitor, booking):
    page = visitor.get(booking_url(booking, language="ar")).content.decode()
    assert '<html lang="ar" dir="rtl">' in page
    assert f'href="{booking_url(booking)}" lang="en"' in page


def test_the_page_costs_few_queries(visitor, booking, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):  # session, booking, passengers, history, payment
        visitor.get(booking_url(booking))


@pytest.mark.parametrize(
    ("status", "payment_status", "minutes_left", "state"),
    [
        ("pending", "unpaid", 1, "held"),
        ("pending", "unpaid", -1, "expired"),
        ("pending_payment", "unpaid", 1, "paying"),
        ("pending_payment", "unpaid", -1, "expired"),
        ("pending_payment", "processing", -1, "processing"),
        ("failed", "unpaid", 1, "failed"),
        ("failed", "unpaid", -1, "expired"),
        ("expired", "unpaid", -1, "expired"),
        ("confirmed", "paid", -1, "confirmed"),
        ("cancelled", "refunded", -1, "cancelled"),
        ("refunded", "refunded", -1, "refunded"),
    ],
)
def test_how_a_booking_stands(status, payment_status, minutes_left, state):
    now = timezone.now()
    booking = Booking(status=status, payment_status=payment_status, expires_at=now + timedelta(minutes=minutes_left))
    assert state_of(booking, now) == state


def refusals(kind: type[errors.Problem] = errors.Problem):
    """The problems that a traveller's click can meet."""
    for problem in kind.__subclasses__():
        if problem.status in (409, 502, 503) and problem.__module__.split(".")[0] in ("core", "bookings", "payments"):
            yield problem
        yield from refusals(problem)


def test_every_refusal_has_words_for_people():
    kinds = {kind.code: kind for kind in refusals()}
    assert {"hold_expired", "payment_in_progress", "gateway_unavailable"} <= set(kinds)
    for code in set(kinds) - {"quote_changed"}:  # which the page answers with the new quote
        assert explain(kinds[code]()) != "Something went wrong. Please try again.", code


def test_what_comes_back_to_who_does_not_show_up_is_told_if_anything_does(visitor, booking):
    said = "Who does not show up gets 25 % of the price back."
    assert said not in text_of(visitor.get(booking_url(booking)))
    Booking.objects.update(no_show_refund_percent=25)
    assert said in text_of(visitor.get(booking_url(booking)))
