"""A booking is found by anything that somebody may know of it, and its page has everything that belongs to it."""

import pytest

from bookings.models import Booking, Passenger
from core import outbox
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.models import Payment, Refund
from tests.admin.scene import page, pay, start, text_of
from tests.database import age_hold
from tests.world import hold_seats, make_trip, make_user


@pytest.fixture
def booking() -> Booking:
    """Two seats of the first leg, held, paid; its owner has an account."""
    return pay(
        hold_seats(make_trip("RUH", "JED", "CAI"), "1A", "2B", destination="JED", owner_id=make_user().pk)
    ).booking


def found(client, words: str) -> list[str]:
    return [booking.reference for booking in client.get(page(Booking), {"q": words}).context["cl"].result_list]


def test_a_booking_is_found_by_anything_that_is_known_of_it(root, booking):
    other = hold_seats(make_trip(number="T2"), "3C")
    Booking.objects.filter(pk=other.pk).update(contact_email="omar@example.com")
    payment = Payment.objects.get()
    names = [
        booking.reference, booking.reference.lower(), "layla@example", "Traveller 2B",
        payment.session_id, payment.intent_id, payment.charge_id,
    ]  # fmt: skip
    for name in names:
        assert found(root, name) == [booking.reference], name
    assert found(root, "cs_unknown") == []
    assert found(root, "Traveller") == [other.reference, booking.reference]


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"status__exact": "confirmed"}, 1),
        ({"status__exact": "cancelled"}, 0),
        ({"payment_status__exact": "paid"}, 1),
        ({"created_at__gte": "2020-01-01 00:00:00Z"}, 1),
        ({"trip__id__exact": "0"}, 0),
    ],
)
def test_bookings_are_filtered(root, booking, chosen, count):
    assert root.get(page(Booking), chosen).context["cl"].result_count == count


def test_the_list_tells_the_essentials(root, booking):
    text = text_of(root, page(Booking))
    for words in (booking.reference, "T1", "layla@example.com", "confirmed", "paid", "SAR 210.00"):
        assert words in text


def test_the_page_has_everything(root, booking):
    payment = Payment.objects.get()
    outbox.enqueue("payment.failed", str(payment.pk))
    text = text_of(root, page(booking, "change"))
    for words in (
        booking.reference, "layla@example.com", "09:00+03:00", "10:00+03:00",
        "24 h or more before departure: 80 % back",
        "Total SAR 210.00", "Paid SAR 210.00", "Still owed SAR 0.00", "Commission 8 %",
        "1A standard Traveller 1A", "2B standard Traveller 2B", "SAR 105.00 for good",
        payment.intent_id, f"stripe:{payment.intent_id}:charge", "gateway:stripe:clearing SAR 210.00",
        "pending_payment confirmed", "booking.confirmed waiting", "payment.failed waiting",
    ):  # fmt: skip
        assert words in text, words
    content = root.get(page(booking, "change")).content.decode()
    links = [payment, booking.trip, *JournalEntry.objects.all(), *OutboxMessage.objects.all()]
    for linked in links:
        assert page(linked, "change") in content


def test_the_page_tells_until_when_each_seat_is_held(root):
    booking = hold_seats(make_trip(), "1A")
    assert f"until {booking.expires_at:%Y-%m-%d %H:%M:%S} UTC" in text_of(root, page(booking, "change"))


@pytest.mark.django_db(transaction=True)
def test_the_page_tells_when_somebody_else_has_the_seat(root):
    trip = make_trip()
    booking = hold_seats(trip, "1A")
    age_hold(booking)
    hold_seats(trip, "1A")
    assert "SAR 105.00 no" in text_of(root, page(booking, "change"))


def test_the_history_has_the_steps_of_the_booking_and_of_its_passengers(root, superuser):
    booking = hold_seats(make_trip(), "1A", "2B")
    Passenger.objects.get(seat__number="2B").cancel(reason="Changed her mind.")
    start(booking)
    text = text_of(root, page(booking, "change"))
    assert "2B Traveller 2B booked cancelled system Changed her mind." in text
    assert "booking pending pending_payment system" in text


def test_another_bookings_money_and_messages_are_not_shown(root, booking):
    other = pay(hold_seats(make_trip(number="T2"), "3C"))
    text = text_of(root, page(booking, "change"))
    assert other.intent_id not in text
    assert other.booking.reference not in text
    assert text.count("booking.confirmed") == 1


def test_the_page_has_every_message_about_the_booking_and_its_refunds(root, booking):
    cancel(booking.pk, Wish(in_full=True))
    refund = Refund.objects.get()
    outbox.enqueue("refund.failed", f"{refund.pk}:1", {"refund": refund.pk})
    outbox.enqueue("refund.paid", f"{refund.pk}:2", {"refund": refund.pk})
    outbox.enqueue("refund.paid", f"{refund.pk}1:2")  # of another refund
    text = text_of(root, page(booking, "change"))
    for kind in ("booking.confirmed", "booking.cancelled", "refund.failed", "refund.paid"):
        assert text.count(f"{kind} waiting") == 1, kind


def test_a_role_sees_only_the_parts_that_its_rights_cover(as_role, booking):
    address = page(booking, "change")
    staff, finance = text_of(as_role("staff"), address), text_of(as_role("finance"), address)
    assert "stripe:pi_" in finance
    assert "stripe:pi_" not in staff
    assert Payment.objects.get().intent_id in staff


def test_bookings_are_filtered_by_operator(root, booking):
    other = hold_seats(make_trip(number="T2", currency="NGN"), "1A")
    chosen = {"trip__operator__id__exact": other.trip.operator_id}
    assert list(root.get(page(Booking), chosen).context["cl"].result_list) == [other]
