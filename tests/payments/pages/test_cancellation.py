"""Seats of a paid booking are given up for exactly what the page showed: asked, changed, done once, refused."""

import re
import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from bookings.actions.cancel_trip import cancel_trip
from bookings.models import Booking, Passenger, SeatClaim, TripStop
from payments.actions.give_back import replace
from payments.actions.refund import process_due_refunds
from payments.actions.sync import sync
from payments.models import Payment, Refund
from tests.bookings.pages.conftest import booking_url, text_of
from tests.payments.pages.conftest import buy_on_page
from tests.payments.scene import fresh
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db

ALL = "1A,1B"


def page_of(visitor: Client, booking: Booking, query: str = "") -> str:
    return text_of(visitor.get(booking_url(booking, f"/cancel{query}")))


def press(visitor: Client, booking: Booking, seats: str = ALL, expected: int = 16_800, **more: str):
    """The confirming button of the page that showed this offer."""
    form = {"seats": seats.split(","), "quoted": seats, "expected": str(expected)} | more
    return visitor.post(booking_url(booking, "/cancel"), form, follow=True)


def nothing_happened(booking: Booking) -> bool:
    untouched = Passenger.objects.filter(booking=booking, status="booked").count() == 2
    return untouched and not Refund.objects.exists() and fresh(booking).status == "confirmed"


def leave(booking: Booking, ago: timedelta = timedelta(minutes=1)) -> None:
    """Let the trip leave: so long ago, or in so long if negative."""
    earlier = booking.boarding.departs_at - (timezone.now() - ago)
    TripStop.objects.filter(trip_id=booking.trip_id).update(
        **{name: F(name) - earlier for name in ("arrives_at", "departs_at", "sales_end_at")}
    )


# -------------------------------------------------------------------------------------------------------- the page
def test_the_booking_leads_to_a_page_that_tells_what_comes_back(visitor, paid):
    page = visitor.get(booking_url(paid))
    assert "If you cancel all of it now, SAR 168.00 comes back." in text_of(page)
    assert f'href="{booking_url(paid, "/cancel")}"' in page.content.decode()
    asked = visitor.get(booking_url(paid, "/cancel"))
    assert re.findall(r'name="seats" value="(\w+)" checked', asked.content.decode()) == ["1A", "1B"]
    words = text_of(asked)
    assert "1A Layla Haddad SAR 105.00 1B Omar Saleh SAR 105.00" in words
    assert "What comes back for seats 1A, 1B" in words
    assert "Price SAR 210.00 Is kept SAR 42.00 Comes back to you SAR 168.00" in words
    assert "Banks usually take 5 to 10 working days to show it." in words
    assert "Cancel seats 1A, 1B and get SAR 168.00 back" in words
    assert nothing_happened(paid)


def test_the_offer_holds_until_the_terms_change_by_the_clock_of_the_place(visitor, paid):
    until = (paid.boarding.departs_at - timedelta(hours=24)).astimezone(paid.boarding.place.zone)
    moment = rf"\w+ {until.day} \w+ 09:00"
    words = page_of(visitor, paid)
    assert re.search(rf"This holds until {moment} \(RUH time\)\.", words)
    assert re.search(rf"until {moment} 80% of the price back after {moment} nothing back", words)


def test_ticked_seats_are_quoted_at_an_address_of_their_own(visitor, paid):
    form = {"seats": ["1B"], "show": "1", "quoted": ALL, "expected": "16800"}
    answer = visitor.post(booking_url(paid, "/cancel"), form)
    assert (answer.status_code, answer.url) == (302, booking_url(paid, "/cancel?seats=1B"))
    asked = visitor.get(answer.url)
    ticks = re.findall(r'name="seats" value="(\w+)"( checked)?', asked.content.decode())
    assert ticks == [("1A", ""), ("1B", " checked")]
    assert "Cancel seat 1B and get SAR 84.00 back" in text_of(asked)
    assert nothing_happened(paid)


@pytest.mark.parametrize("button", [{"show": "1"}, {}])
def test_no_seat_at_all_is_asked_again(visitor, paid, button):
    form = {"quoted": ALL, "expected": "16800"} | button
    answer = visitor.post(booking_url(paid, "/cancel"), form, follow=True)
    assert "Choose at least one seat." in text_of(answer)
    assert "What comes back for seats 1A, 1B" in text_of(answer)
    assert nothing_happened(paid)


def test_an_address_with_seats_that_are_none_leads_back_to_the_booking(visitor, paid):
    answer = visitor.get(booking_url(paid, "/cancel?seats=9F&seats=%3Cscript%3E"), follow=True)
    assert answer.redirect_chain == [(booking_url(paid), 302)]
    assert "What this page was about is not booked any more: 9F, &lt;script&gt;." in text_of(answer)
    assert "<script>." not in answer.content.decode()


def test_whoever_goes_back_after_cancelling_one_seat_is_not_asked_about_the_other(visitor, paid):
    press(visitor, paid, "1A", 8_400)
    answer = visitor.get(booking_url(paid, "/cancel?seats=1A"), follow=True)
    assert answer.redirect_chain == [(booking_url(paid), 302)]
    assert "What this page was about is not booked any more: 1A." in text_of(answer)
    assert "Cancel seat 1B" not in text_of(answer)


def test_the_page_costs_few_queries(visitor, paid, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        page_of(visitor, paid)
    with django_assert_max_num_queries(13):
        visitor.get(booking_url(paid))


# -------------------------------------------------------------------------------------------------------- doing it
def test_all_seats_are_cancelled_and_the_money_is_on_its_way(visitor, trip, paid):
    answer = press(visitor, paid)
    assert answer.redirect_chain == [(booking_url(paid), 302)]
    words = text_of(answer)
    assert "The seats are cancelled. SAR 168.00 goes back to you. Banks usually take 5 to 10 working days" in words
    assert "This booking is cancelled SAR 168.00 is on its way back to you." in words
    assert "1A Layla Haddad cancelled 1B Omar Saleh cancelled" in words
    assert re.search(r"On its way to you SAR 168.00 since \w+ \d+ \w+\. Seats were cancelled\.", words)
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (16_800, "cancelled")
    assert fresh(paid).status == "cancelled"
    hold_seats(trip, "1A", "1B")


def test_one_of_two_seats_is_cancelled_and_the_other_travels(visitor, paid):
    words = text_of(press(visitor, paid, "1B", 8_400))
    assert "Your booking is confirmed" in words
    assert "1A Layla Haddad 1B Omar Saleh cancelled" in words
    assert "On its way to you SAR 84.00" in words
    assert "If you cancel all of it now, SAR 84.00 comes back." in words
    assert SeatClaim.objects.filter(booking=paid).count() == 1
    assert "1B" not in page_of(visitor, paid)


@pytest.mark.django_db(transaction=True)
def test_what_was_paid_back_and_what_bounced_is_told(visitor, sandbox, paid):
    press(visitor, paid)
    process_due_refunds()
    words = text_of(visitor.get(booking_url(paid)))
    assert "SAR 168.00 went back to you. Banks usually take 5 to 10 working days to show it." in words
    assert re.search(r"Paid SAR 210.00 Paid back SAR 168.00 Paid back SAR 168.00 on \w+ \d+ \w+\.", words)
    sandbox.settle_refund(Refund.objects.get().attempts.get().gateway_refund_id, success=False)
    sync(Payment.objects.get().pk)
    words = text_of(visitor.get(booking_url(paid)))
    assert "Money that we sent back did not arrive. We look into it and write to you" in words
    assert "Did not arrive SAR 168.00" in words
    assert "went back to you" not in words


@pytest.mark.django_db(transaction=True)
def test_a_refund_that_went_back_another_way_is_told_once(visitor, sandbox, paid):
    sandbox.mode(refund_outcome="pending")
    press(visitor, paid)
    process_due_refunds()
    refund, payment = Refund.objects.get(), Payment.objects.get()
    sandbox.settle_refund(refund.attempts.get().gateway_refund_id, success=False)
    bounced = sandbox.refund_in_dashboard(payment.charge_id, 16_800)["id"]
    sandbox.settle_refund(bounced, success=False)
    sandbox.mode(refund_outcome="succeeded")
    sandbox.refund_in_dashboard(payment.charge_id, 16_800)
    sync(payment.pk)
    replace(refund.pk, note="Support did it.")
    words = text_of(visitor.get(booking_url(paid)))
    assert "SAR 168.00 went back to you." in words
    assert words.count("Paid back SAR 168.00") == 2, "the sum, and the one refund"
    assert "Did not arrive" not in words


def test_a_second_click_changes_nothing_and_is_told_the_same(visitor, paid):
    press(visitor, paid)
    again = press(visitor, paid)
    assert "The seats are cancelled." in text_of(again)
    assert "message-error" not in again.content.decode()
    assert Refund.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_time_cancel_once(visitor, paid):
    answers = []

    def click() -> None:
        try:
            client = Client()
            client.cookies = visitor.cookies.copy()
            answers.append(press(client, paid, "1B", 8_400))
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _click in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("message-error" not in answer.content.decode() for answer in answers)
    assert Refund.objects.get().amount == 8_400
    assert [one.seat.number for one in fresh(paid).live_passengers()] == ["1A"]


# ------------------------------------------------------------------------------------------------- nothing was done
def test_an_offer_that_changed_meanwhile_is_shown_and_asked_again(visitor, paid):
    answer = press(visitor, paid, expected=21_000)
    assert answer.status_code == 409
    words = text_of(answer)
    assert "What comes back has changed meanwhile. Look at it again; nothing is cancelled yet." in words
    assert "Cancel seats 1A, 1B and get SAR 168.00 back" in words
    assert 'name="expected" value="16800"' in answer.content.decode()
    assert nothing_happened(paid)


def test_a_deadline_that_passed_while_somebody_looked_changes_the_offer(visitor, paid):
    leave(paid, -timedelta(hours=23))
    answer = press(visitor, paid)
    words = text_of(answer)
    assert answer.status_code == 409
    assert "Is kept SAR 210.00 Comes back to you SAR 0.00" in words
    assert "Cancel seats 1A, 1B; nothing comes back" in words
    assert "from now on nothing back" in words
    assert nothing_happened(paid)
    assert "The seats are cancelled." in text_of(press(visitor, paid, expected=0))
    assert not Refund.objects.exists()
    assert "By the terms of its seats, nothing comes back." in text_of(visitor.get(booking_url(paid)))


def test_ticks_that_were_changed_after_the_offer_are_quoted_first(visitor, paid):
    answer = press(visitor, paid, "1B", quoted=ALL)
    assert answer.status_code == 409
    assert "You chose other seats. This is what comes back for them; nothing is cancelled yet." in text_of(answer)
    assert "Cancel seat 1B and get SAR 84.00 back" in text_of(answer)
    assert nothing_happened(paid)


@pytest.mark.parametrize("expected", ["", "168.00", "-16800", "9" * 40])
def test_an_amount_that_we_never_offered_is_no_consent(visitor, paid, expected):
    assert press(visitor, paid, expected=expected).status_code == 409
    assert nothing_happened(paid)


def test_a_seat_that_is_not_of_this_booking_is_refused(visitor, paid):
    assert "Something in the form does not fit." in text_of(press(visitor, paid, "1A,2A"))
    assert nothing_happened(paid)


def test_somebody_elses_booking_is_not_there(paid):
    stranger = Client()
    assert stranger.get(booking_url(paid, "/cancel")).status_code == 404
    assert press(stranger, paid).status_code == 404
    assert nothing_happened(paid)


def test_after_departure_nothing_can_be_cancelled(visitor, paid):
    leave(paid)
    for answer in (visitor.get(booking_url(paid, "/cancel"), follow=True), press(visitor, paid)):
        assert "The trip has left, and its seats cannot be cancelled any more." in text_of(answer)
        assert "If you cancel" not in text_of(answer)
    assert nothing_happened(paid)


@pytest.mark.django_db(transaction=True)
def test_while_a_bank_decides_nothing_can_be_cancelled(visitor, sandbox, paid):
    payment = Payment.objects.get()
    dispute = sandbox.dispute(payment.charge_id)["id"]
    sync(payment.pk)
    for answer in (visitor.get(booking_url(paid, "/cancel"), follow=True), press(visitor, paid)):
        words = text_of(answer)
        assert "Your bank is deciding about the payment. Until then no seat can be cancelled here." in words
        assert "Until it has decided, nothing can be cancelled or paid back here." in words
        assert "If you cancel" not in words
    assert nothing_happened(paid)

    sandbox.move_dispute(dispute, "lost")
    sync(payment.pk)
    words = page_of(visitor, paid)
    assert "The bank of whoever paid gave them the money back already. Nothing more comes back." in words
    assert "Price SAR 210.00 Went back before, or is on its way SAR 210.00 Comes back to you SAR 0.00" in words
    assert "Is kept" not in words
    page = text_of(visitor.get(booking_url(paid)))
    assert "The bank of whoever paid took SAR 210.00 back for them." in page


@pytest.mark.django_db(transaction=True)
def test_an_inquiry_of_a_bank_stands_in_nobodys_way(visitor, sandbox, paid):
    payment = Payment.objects.get()
    sandbox.dispute(payment.charge_id, inquiry=True)
    sync(payment.pk)
    assert "The bank" not in text_of(visitor.get(booking_url(paid)))
    assert "SAR 168.00 goes back to you." in text_of(press(visitor, paid))


def test_a_booking_that_is_over_has_nothing_to_cancel(visitor, paid):
    press(visitor, paid)
    answer = visitor.get(booking_url(paid, "/cancel"), follow=True)
    assert answer.redirect_chain == [(booking_url(paid), 302)]
    assert "This booking is cancelled" in text_of(answer)


# ----------------------------------------------------------------------------------------------------- other terms
def test_seats_with_terms_of_their_own_are_told_apart(visitor, paid):
    flexible = [{"hours_before": 48, "refund_percent": 100}, {"hours_before": 2, "refund_percent": 50, "fee": 1_000}]
    for seat, policy in (("1A", flexible), ("1B", [])):
        Passenger.objects.filter(booking=paid, seat__number=seat).update(cancellation_policy=policy)
    words = page_of(visitor, paid)
    early, late = (deadline(paid, hours) for hours in (48, 2))
    assert re.search(
        rf"Seat 1A until {early} all of the price back until {late} 50% of the price back, less SAR 10.00 a seat"
        rf" after {late} nothing back Seat 1B from now on nothing back",
        words,
    )
    assert re.search(rf"This holds until {early} \(RUH time\)\.", words)
    assert "Price SAR 210.00 Is kept SAR 105.00 Comes back to you SAR 105.00" in words
    page = text_of(visitor.get(booking_url(paid)))
    assert "Seat 1A until" in page
    assert "Seat 1B from now on nothing back" in page


def deadline(booking: Booking, hours: int) -> str:
    until: datetime = (booking.boarding.departs_at - timedelta(hours=hours)).astimezone(booking.boarding.place.zone)
    return rf"\w+ {until.day} \w+ {until:%H:%M}"


def test_a_tier_that_gives_nothing_before_one_that_gives_something_is_told(visitor, sandbox, trip):
    policy = [{"hours_before": 72, "refund_percent": 0}, {"hours_before": 24, "refund_percent": 10}]
    type(trip.operator).objects.update(cancellation_policy=policy)
    booking = buy_on_page(sandbox, visitor, trip, "2A")
    first, last = deadline(booking, 72), deadline(booking, 24)
    assert re.search(
        rf"until {first} nothing back until {last} 10% of the price back after {last} nothing back",
        page_of(visitor, booking),
    )


def test_a_trip_that_is_cancelled_gives_all_back_without_asking(visitor, paid):
    cancel_trip(paid.trip_id, reason="sandstorm")
    page = text_of(visitor.get(booking_url(paid)))
    assert "Your trip was cancelled Operator SAR will not run it. All that you paid goes back to you by itself" in page
    assert "If you cancel" not in page
    words = page_of(visitor, paid)
    assert "The trip was cancelled, so all of the price comes back, even if you do nothing." in words
    assert "Price SAR 210.00 Comes back to you SAR 210.00" in words


def test_money_of_three_decimals_is_shown_as_such(visitor, sandbox):
    booking = buy_on_page(sandbox, visitor, make_trip(currency="KWD"), "1A")
    assert "Price KWD 10.500 Is kept KWD 2.100 Comes back to you KWD 8.400" in page_of(visitor, booking)


def test_the_page_speaks_arabic(visitor, paid):
    page = visitor.get(booking_url(paid, "/cancel", language="ar")).content.decode()
    assert 'dir="rtl"' in page
    assert 'name="expected" value="16800"' in page
