"""What travellers are told by e-mail when seats are cancelled and money goes back."""

import re
from html import unescape

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from bookings.actions.cancel_trip import cancel_trip
from bookings.models import Booking, Operator, Passenger, Place
from core import outbox
from core.models import OutboxMessage
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.models import Refund
from tests.payments.scene import buy, charge_of, fresh, send_refunds
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)

NASTY = "<b>&amp;'\""


@pytest.fixture
def sale(sandbox):
    """Two seats that were paid for, and whose confirmation was sent already."""
    booking, payment = buy(sandbox)
    only_mail()
    return booking, payment


def only_mail() -> EmailMultiAlternatives:
    """The one message that goes out now."""
    assert outbox.drain()["failed"] == 0
    (message,) = mail.outbox
    mail.outbox.clear()
    assert message.to == ["layla@example.com"]
    return message


def words(text: str) -> str:
    return " ".join(text.split())


def html_of(message: EmailMultiAlternatives) -> str:
    return message.alternatives[0][0]


def text_of_html(message: EmailMultiAlternatives) -> str:
    body = re.sub(r"<head>.*?</head>", "", html_of(message), flags=re.DOTALL)
    return words(unescape(re.sub(r"<[^>]+>", " ", body)))


def assert_both_say(message: EmailMultiAlternatives, *sentences: str) -> None:
    for sentence in sentences:
        assert sentence in words(message.body)
        assert sentence in text_of_html(message)


def test_cancelled_seats_are_named_with_what_comes_back_and_what_is_kept(sale):
    booking, _payment = sale
    cancel(booking.pk, Wish(seats=["1B"]))
    message = only_mail()
    assert message.subject == f"Your seat of booking {booking.reference} is cancelled"
    assert_both_say(
        message,
        f"This seat of booking {booking.reference} (T1 from RUH to JED on",
        "Traveller 1B",
        "SAR 84.00",
        "SAR 21.00",
        "It goes to the card or account that it came from. Banks usually take 5 to 10 working days to show it.",
        "You do not have to do anything.",
        "These seats stay booked:",
        "Traveller 1A",
    )
    for part in (message.body, html_of(message)):
        assert f"/en/bookings/{booking.reference}?key=" in part
    assert "1B Traveller 1B Is kept: SAR 21.00 Comes back to you: SAR 84.00" in words(message.body)
    assert "Traveller 1B 1B Is kept SAR 21.00 Comes back to you SAR 84.00" in text_of_html(message)


def test_a_cancelled_booking_has_no_seats_that_stay(sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    message = only_mail()
    assert message.subject == f"Your seats of booking {booking.reference} are cancelled"
    assert_both_say(message, "Your seats are cancelled", "SAR 168.00")
    assert "stay booked" not in message.body + html_of(message)


def test_nothing_is_said_about_the_way_of_money_that_does_not_come(sale):
    booking, _payment = sale
    Booking.objects.filter(pk=booking.pk).update(cancellation_policy=[])
    cancel(booking.pk, Wish())
    message = only_mail()
    assert_both_say(message, "SAR 210.00", "SAR 0.00")
    assert "working days" not in message.body + html_of(message)


def test_a_trip_that_the_operator_cancelled_is_told_as_such(sale):
    booking, _payment = sale
    cancel_trip(booking.trip_id, reason="sandstorm")
    clear_cancelled_trips()
    message = only_mail()
    assert message.subject == f"Your trip RUH to JED was cancelled: booking {booking.reference}"
    assert_both_say(message, "Your trip was cancelled", "Operator SAR will not run T1 from RUH to JED on", "SAR 210.00")
    assert "Is kept" not in message.body + html_of(message)
    assert "given up" not in message.body + html_of(message)


@pytest.mark.parametrize("about_to_pay", [False, True])
def test_who_has_not_paid_is_told_that_the_trip_was_cancelled_and_nothing_of_money(sandbox, about_to_pay):
    booking = hold_seats(make_trip(), "1A")
    if about_to_pay:
        start_payment(booking.pk)
    cancel_trip(booking.trip_id, reason="sandstorm")
    clear_cancelled_trips()
    assert fresh(booking).status == "cancelled"
    message = only_mail()
    assert message.subject == f"Your trip RUH to JED was cancelled: booking {booking.reference}"
    assert_both_say(message, "Operator SAR will not run T1 from RUH to JED on", "Traveller 1A")
    for part in (message.body, html_of(message)):
        assert "SAR 0" not in part
        assert "omes back" not in part


def test_who_gives_an_unpaid_booking_up_is_not_written_to(sandbox):
    cancel(hold_seats(make_trip(), "1A").pk, Wish())
    outbox.drain()
    assert mail.outbox == []


def test_what_a_bank_took_back_is_not_said_to_be_kept(sandbox, sale):
    booking, payment = sale
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"])["id"]
    sandbox.move_dispute(dispute, "lost")
    sync(payment.pk)
    cancel(booking.pk, Wish())
    message = only_mail()
    assert_both_say(message, "SAR 0.00")
    assert "Is kept" not in message.body + html_of(message)


def test_what_went_back_before_is_told_so_that_the_amounts_add_up(sandbox, sale):
    booking, payment = sale
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 16_800)
    sync(payment.pk)
    only_mail()
    cancel(booking.pk, Wish())
    assert_both_say(only_mail(), "SAR 42.00", "SAR 168.00", "SAR 0.00", "Went back before, or is on its way")


def test_a_refund_that_was_paid_is_told(sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    only_mail()
    send_refunds()
    message = only_mail()
    assert message.subject == f"SAR 168.00 for {booking.reference} was paid back"
    assert_both_say(
        message,
        f"SAR 168.00 for booking {booking.reference} was paid back to you. Seats were cancelled.",
        "It went to the card or account that it came from. Banks usually take 5 to 10 working days to show it.",
    )


def test_a_refund_made_at_the_gateway_itself_is_told_without_our_word_for_it(sandbox, sale):
    _booking, payment = sale
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 500)
    sync(payment.pk)
    message = only_mail()
    assert_both_say(message, "SAR 5.00 for booking", "was paid back to you.")
    assert "payment service" not in message.body + html_of(message)


def test_a_refund_that_failed_is_told_without_asking_for_anything(sandbox, sale):
    booking, payment = sale
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish())
    only_mail()
    send_refunds()
    sandbox.settle_refund(Refund.objects.get().attempts.get().gateway_refund_id, success=False)
    sync(payment.pk)
    message = only_mail()
    assert message.subject == f"Your refund for {booking.reference} did not arrive yet"
    assert_both_say(
        message,
        f"We wanted to pay SAR 168.00 for booking {booking.reference} back to you, and it did not get through.",
        "The money is still yours. We look into it, find another way to pay it and write to you again;"
        " you do not have to do anything.",
    )
    assert Refund.objects.get().last_error not in message.body + html_of(message)


def test_money_that_goes_back_through_flutterwave_takes_its_own_time(sandbox):
    booking = hold_seats(make_trip(currency="NGN"), "1A")
    payment = start_payment(booking.pk, "flutterwave").payment
    sandbox.pay_flutterwave(payment.session_id)
    assert sync(payment.pk).is_paid
    only_mail()
    cancel(booking.pk, Wish())
    assert_both_say(only_mail(), "NGN 84.00", "Banks usually take 3 to 15 working days to show it.")


def test_the_same_message_twice_is_the_same_mail(sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    first = only_mail()
    put_back("booking.cancelled")
    again = only_mail()
    assert (again.subject, again.body, html_of(again)) == (first.subject, first.body, html_of(first))
    assert again.extra_headers["Message-ID"] == first.extra_headers["Message-ID"]


def put_back(kind: str) -> None:
    """As if the worker had died before it noted that it had sent the message."""
    OutboxMessage.objects.filter(kind=kind).update(status="pending", sent_at=None, due_at=timezone.now())


def test_names_are_escaped_in_html_and_plain_in_text(sandbox, sale):
    booking, payment = sale
    Passenger.objects.filter(booking=booking).update(full_name=f"Layla {NASTY}")
    Operator.objects.update(name=f"Operator {NASTY}")
    Place.objects.update(city=f"Riyadh {NASTY}")
    cancel(booking.pk, Wish(seats=["1A"]))
    cancel_trip(booking.trip_id, reason=NASTY)
    clear_cancelled_trips()
    send_refunds()
    sandbox.settle_refund(Refund.objects.first().attempts.get().gateway_refund_id, success=False)
    sync(payment.pk)
    outbox.drain()
    kinds = [message.extra_headers["Message-ID"].partition(":")[0] for message in mail.outbox]
    assert {kind.split(".")[0] for kind in kinds} == {"<booking", "<refund"}
    for message in mail.outbox:
        assert NASTY not in html_of(message)
        assert "<b>" not in html_of(message)
        assert "&lt;" not in message.body
        assert "&amp;amp;" not in message.body
    told = "".join(message.body for message in mail.outbox)
    assert f"Layla {NASTY}" in told
    assert f"Operator {NASTY}" in told


def test_the_mail_speaks_the_language_of_the_booking(sale):
    booking, _payment = sale
    Booking.objects.filter(pk=booking.pk).update(language="ar")
    cancel(fresh(booking).pk, Wish())
    message = only_mail()
    assert 'dir="rtl"' in html_of(message)
    assert f"/ar/bookings/{booking.reference}" in message.body
