"""Every page of the staff site opens for whoever may see it, at a price that does not grow with the business."""

import re

import pytest

from accounts.roles import ROLES
from bookings import demo
from bookings.models import Booking, Passenger, Trip
from payments.models import Dispute, Payment
from tests.admin.scene import MODELS, count_queries, make, make_dispute, make_event, page, pay, text_of
from tests.world import hold_seats, make_trip

STAFF = [sign_in for sign_in in demo.SIGN_INS if sign_in.group]
NAMES = [model.__name__ for model in MODELS]


def test_all_that_staff_work_with_has_a_page():
    assert set(NAMES) == {
        "StatusChange", "OutboxMessage", "JobRun", "IdempotencyRecord",
        "Operator", "Place", "Route", "Vehicle", "SeatMap", "Trip", "Booking",
        "Payment", "Refund", "Dispute", "GatewayCall", "GatewayEvent",
        "ReconciliationRun", "Finding", "Payout", "BalanceTransaction",
    }  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_a_superuser_sees_the_list_and_each_row(root, model):
    make(2)
    assert root.get(page(model)).status_code == 200
    for row in model.objects.all()[:2]:
        assert root.get(page(row, "change")).status_code == 200


@pytest.mark.parametrize("sign_in", STAFF, ids=[sign_in.role for sign_in in STAFF])
def test_a_role_sees_what_its_rights_say_and_nothing_else(as_role, sign_in):
    make(2)
    browser = as_role(sign_in.role)
    for model in MODELS:
        expected = 200 if model._meta.app_label in ROLES[sign_in.group].sees else 403
        assert browser.get(page(model)).status_code == expected, model
        assert browser.get(page(model.objects.all()[0], "change")).status_code == expected, model


def test_a_traveller_does_not_come_in(as_role):
    make(1)
    traveller = as_role("traveller")
    for model in MODELS:
        for address in (page(model), page(model.objects.all()[0], "change")):
            response = traveller.get(address)
            assert response.status_code == 302
            assert "/login/" in response["Location"]


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_a_list_asks_as_much_for_twelve_rows_as_for_two(root, model):
    make(2)
    few = count_queries(root, page(model))
    make(10, start=2)
    assert model.objects.count() >= 12
    assert count_queries(root, page(model)) == few <= 13


@pytest.mark.parametrize("model", [Booking, Payment], ids=["Booking", "Payment"])
def test_a_page_asks_as_much_for_ten_passengers_payments_and_refunds_as_for_one(root, model):
    trip = make_trip()
    small = pay(hold_seats(trip, "1A"))
    large = pay(hold_seats(trip, "2A", "2B", "2C", "2D", "3A", "3B", "3C", "3D"))
    for payment, count in ((small, 1), (large, 4)):
        for number in range(count):
            refund = payment.refunds.create(amount=number + 1, currency="SAR", reason="goodwill")
            refund.attempts.create(number=1, gateway="stripe")
            make_dispute(payment, f"dp_{payment.intent_id}_{number}")
            payment.calls.create(gateway="stripe", operation="refund", actor="x")
            make_event(f"evt_{payment.intent_id}_{number}", payment=payment)
    for _ in range(4):
        Payment.objects.create(
            booking=large.booking, gateway="stripe", status="pending", currency="SAR",
            amount=3, fare_amount=1, tax_amount=1, fee_amount=1,
        ).cancel()  # fmt: skip
    of = {Booking: lambda payment: payment.booking, Payment: lambda payment: payment}[model]
    few = count_queries(root, page(of(small), "change"))
    assert count_queries(root, page(of(large), "change")) == few <= 20


def test_the_page_of_a_trip_asks_as_much_for_many_travellers_as_for_one(root):
    quiet, full = make_trip("RUH", "JED", "CAI"), make_trip("RUH", "JED", "CAI", number="T2")
    pay(hold_seats(quiet, "1A"))
    for row in range(1, 6):
        pay(hold_seats(full, f"{row}A", f"{row}B", destination="JED"))
        hold_seats(full, f"{row}B", f"{row}C", origin="JED")
    assert count_queries(root, page(full, "change")) == count_queries(root, page(quiet, "change")) <= 18


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_no_amount_is_without_its_currency_and_no_time_without_its_zone(root, model):
    make(2)
    row = model.objects.all()[0]
    for address in (page(model), page(row, "change")):
        text = re.sub(re.escape(str(row)), "", text_of(root, address), flags=re.IGNORECASE)  # its name is its own
        assert not re.search(r"(?<![\w-])(10000|10500|8696|1304)(?![\w-])", text), "minor units"
        for time in re.finditer(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?(.{6})", text):
            assert re.match(r" UTC|[+-]\d\d:\d\d", time[2]), time[0]
        assert not re.search(r"\b(a\.m\.|p\.m\.|noon|midnight)", text)


def test_amounts_are_counted_as_their_currency_is(root):
    for number, (currency, shown) in enumerate([("SAR", "SAR 105.00"), ("JPY", "¥ 10,500"), ("KWD", "KWD 10.500")]):
        payment = pay(hold_seats(make_trip(number=f"M{number}", currency=currency)))
        assert shown in text_of(root, page(payment, "change"))
        assert shown in text_of(root, page(payment.booking, "change"))
    for model in (Booking, Payment):
        text = text_of(root, page(model))
        assert all(shown in text for shown in ("SAR 105.00", "¥ 10,500", "KWD 10.500"))


def test_nothing_that_was_typed_outside_is_taken_for_markup(root):
    booking = hold_seats(make_trip(), "1A")
    Booking.objects.filter(pk=booking.pk).update(contact_email="<script>a@example.com")
    Passenger.objects.update(full_name="<script>alert(1)</script>")
    for address in (page(Booking), page(booking, "change"), page(Trip.objects.get(), "change")):
        assert "<script>alert" not in root.get(address).content.decode()
        assert "<script>a@" not in root.get(address).content.decode()


def test_an_empty_list_says_whether_it_was_asked_too_much(root):
    empty = page(Dispute)
    assert "There is nothing here yet." in text_of(root, empty)
    for asked in ("q=dp_9", "status__exact=lost"):
        text = text_of(root, f"{empty}?{asked}")
        assert "Nothing fits what you asked for." in text, asked
        assert "Show all" in text
