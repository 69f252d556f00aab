"""Which ways to pay are offered, and what is said when the chosen one does not answer."""

import re
from contextlib import suppress

import pytest

from bookings.models import Booking, Passenger
from payments.errors import GatewayUnavailable
from payments.gateways import circuit
from payments.models import Payment
from payments.pages.ways import ways_to_pay
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.world import make_trip

pytestmark = pytest.mark.django_db

NAME = {"name-1A": "Layla Haddad"}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def in_riyal(sandbox, visitor, trip) -> Booking:
    return hold_on_page(visitor, trip, "1A")


@pytest.fixture
def in_naira(sandbox, visitor) -> Booking:
    return hold_on_page(visitor, make_trip(currency="NGN"), "1A")


def pay(visitor, booking: Booking, **fields: str):
    return visitor.post(booking_url(booking, "/pay"), NAME | fields)


def pay_and_read(visitor, booking: Booking, **fields: str) -> str:
    return text_of(visitor.post(booking_url(booking, "/pay"), NAME | fields, follow=True))


def buttons(visitor, booking: Booking) -> list[tuple[str, str]]:
    """Each way to pay on the booking's page: the gateway, and whether it is the way that leaps to the eye."""
    page = visitor.get(booking_url(booking)).content.decode()
    return [
        (gateway, "button-primary" in classes)
        for classes, gateway in re.findall(r'class="(button[^"]*)" type="submit" name="gateway" value="(\w+)"', page)
    ]


def test_both_ways_are_clear_choices(visitor, in_naira):
    assert buttons(visitor, in_naira) == [("stripe", True), ("flutterwave", False)]
    page = text_of(visitor.get(booking_url(in_naira)))
    assert "How do you want to pay?" in page
    assert "Pay NGN 105.00 by card · Stripe" in page
    assert "Pay NGN 105.00 by card or from a bank account · Flutterwave" in page


def test_a_gateway_that_does_not_take_the_currency_is_no_choice(visitor, in_riyal):
    assert buttons(visitor, in_riyal) == [("stripe", True)]
    page = text_of(visitor.get(booking_url(in_riyal)))
    assert "Pay SAR 105.00" in page
    assert "How do you want to pay?" not in page
    assert "Stripe" not in page


def test_a_gateway_without_its_keys_is_no_choice(visitor, in_naira, settings):
    settings.FLUTTERWAVE_SECRET_KEY = ""
    assert buttons(visitor, in_naira) == [("stripe", True)]
    settings.STRIPE_SECRET_KEY = ""
    assert "Nothing can be paid here at the moment." in text_of(visitor.get(booking_url(in_naira)))


def test_the_button_says_where_the_payment_goes(visitor, sandbox, in_naira):
    answer = pay(visitor, in_naira, gateway="flutterwave")
    payment = Payment.objects.get()
    assert (payment.gateway, answer.url) == ("flutterwave", payment.checkout_url)
    assert not sandbox.state["sessions"]
    assert buttons(visitor, in_naira) == [("stripe", False), ("flutterwave", True)]
    page = text_of(visitor.get(booking_url(in_naira)))
    assert "Continue the payment by card or from a bank account" in page
    assert "Pay NGN 105.00 by card · Stripe" in page


def test_another_way_can_be_chosen_while_a_payment_is_open(visitor, sandbox, in_naira):
    pay(visitor, in_naira, gateway="stripe")
    pay(visitor, in_naira, gateway="flutterwave")
    assert list(Payment.objects.order_by("created_at").values_list("gateway", "status")) == [
        ("stripe", "cancelled"),
        ("flutterwave", "pending"),
    ]
    assert [session["status"] for session in sandbox.state["sessions"]] == ["expired"]


@pytest.mark.parametrize("gateway", ["flutterwave", "paypal", ""])
def test_a_way_that_is_not_offered_is_refused_and_nothing_is_begun(visitor, sandbox, in_riyal, gateway):
    assert "This way to pay is not offered." in pay_and_read(visitor, in_riyal, gateway=gateway)
    assert not Payment.objects.exists()
    assert not sandbox.state["sessions"]
    assert Passenger.objects.get().full_name == "Layla Haddad"


def test_asking_what_is_offered_costs_no_query(in_naira, django_assert_num_queries):
    booking = Booking.objects.select_related(
        "trip", "boarding__place", "alighting__place"
    ).prefetch_related("passengers__seat").get(pk=in_naira.pk)  # fmt: skip
    with django_assert_num_queries(0):
        assert [way.gateway for way in ways_to_pay(booking)] == ["stripe", "flutterwave"]


# -------------------------------------------------------------------------------------------- a gateway that is down
def held_until(booking: Booking) -> str:
    return f"{booking.expires_at.astimezone(booking.boarding.place.zone):%H:%M} (RUH time)."


def test_a_gateway_that_is_down_loses_no_name_and_is_explained(visitor, in_riyal, settings):
    settings.STRIPE_API_BASE = NOWHERE
    answer = visitor.post(booking_url(in_riyal, "/pay"), NAME, follow=True)
    page = text_of(answer)
    assert "The payment service does not answer right now. No money was taken." in page
    assert f"Your seats stay held until {held_until(in_riyal)} Try again in a minute." in page
    assert "another way" not in page
    assert 'value="Layla Haddad"' in answer.content.decode()
    assert "Continue the payment" in page


def test_an_open_circuit_says_when_to_try_again_without_asking_the_gateway(visitor, sandbox, in_riyal):
    for _call in range(circuit.FAILURES):
        with suppress(GatewayUnavailable), circuit.of("stripe").guarding():
            raise GatewayUnavailable
    page = pay_and_read(visitor, in_riyal)
    assert re.search(r"Try again in (\d+) seconds\.", page)
    assert 1 <= int(re.search(r"again in (\d+) second", page)[1]) <= circuit.PAUSE
    assert not sandbox.state["sessions"]


def test_the_other_way_is_named_and_works_when_one_is_down(visitor, in_naira, settings):
    settings.STRIPE_API_BASE = NOWHERE
    page = pay_and_read(visitor, in_naira, gateway="stripe")
    assert "Or pay another way: by card or from a bank account (Flutterwave)." in page
    assert pay(visitor, in_naira, gateway="flutterwave").url == Payment.objects.get(gateway="flutterwave").checkout_url


def test_no_other_way_is_promised_while_a_page_is_open_that_nobody_can_close(visitor, in_naira, settings):
    pay(visitor, in_naira, gateway="stripe")
    settings.STRIPE_API_BASE = NOWHERE
    page = pay_and_read(visitor, in_naira, gateway="flutterwave")
    assert "The payment service does not answer right now." in page
    assert "another way" not in page
    assert Payment.objects.get().is_open
