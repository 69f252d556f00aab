"""A guest buys seats, at a phone and at a desk, in English and in Arabic, with and without JavaScript."""

import pytest

from bookings.models import Booking

STORY = {
    "en": ("ltr", "Your seats are held for you", "Your booking is confirmed"),
    "ar": ("rtl", "مقاعدك محجوزة لك", "تأكد حجزك"),
}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_guest_buys_two_seats(visitor, tomorrow, language):
    direction, held, confirmed = STORY[language]
    visitor.search(language, tomorrow, passengers=2)
    visitor.choose_first_trip()
    visitor.hold("12A", "12B")
    assert visitor.page.locator("html").get_attribute("dir") == direction
    visitor.see(held)
    visitor.look()

    visitor.type_names(seat12A="Layla Haddad", seat12B="Omar Saleh")
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see(confirmed)
    visitor.look()

    booking = Booking.objects.get()
    assert booking.status == "confirmed"
    assert booking.language == language
    assert booking.paid_amount == booking.total.amount == 2 * 31_400
    assert visitor.page.locator(".ticket-reference").inner_text().endswith(booking.reference)
    assert [passenger.full_name for passenger in booking.live_passengers()] == ["Layla Haddad", "Omar Saleh"]
    visitor.open(f"/{language}/trips/{booking.trip_id}/seats?origin=RUH&destination=JED")
    assert visitor.page.locator('input[value="12A"]').is_disabled()
    visitor.look()


@pytest.mark.parametrize("javascript", [False])
def test_all_of_it_works_without_javascript(visitor, tomorrow):
    visitor.look = lambda: None  # which asks the page
    visitor.search("en", tomorrow, passengers=1)
    visitor.choose_first_trip()
    visitor.hold("7F")
    visitor.press("extend")
    visitor.see("held until")
    visitor.type_names(seat7F="Layla Haddad")
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see("Your booking is confirmed")


def test_the_seats_are_counted_while_they_are_picked(visitor, tomorrow):
    visitor.search("en", tomorrow, passengers=2)
    visitor.choose_first_trip()
    total = visitor.page.locator(".buy-bar output")
    assert total.is_hidden()
    visitor.page.get_by_role("checkbox", name="1A, window, business, SAR 912.00, free").check()
    assert total.inner_text() == "1 seat · SAR\u00a0912.00"
    visitor.page.get_by_role("checkbox", name="12A, window, exit row, economy, SAR 314.00, free").check()
    assert total.inner_text() == "2 seats · SAR\u00a01,226.00"
    visitor.page.get_by_role("link", name="Pick 2 seats side by side for me").click()
    visitor.page.wait_for_url("**together")
    assert total.inner_text() == "2 seats · SAR\u00a0628.00"
    visitor.look()


def test_the_seat_map_can_be_worked_with_the_keyboard(visitor, tomorrow):
    visitor.search("en", tomorrow, passengers=1)
    visitor.choose_first_trip()
    visitor.page.locator('input[value="5A"]').focus()
    visitor.page.keyboard.press("Space")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.value") == "5B"
    assert visitor.page.locator("input[name=seats]:checked").evaluate_all("all => all.map(one => one.value)") == ["5A"]
    visitor.look()


def test_a_seat_that_somebody_else_took_is_named_and_the_form_is_kept(visitor, tomorrow, chromium, web):
    visitor.search("en", tomorrow, passengers=2)
    visitor.choose_first_trip()
    quicker = chromium.new_context().new_page()
    quicker.goto(visitor.page.url)
    quicker.locator('input[value="12A"]').check()
    quicker.fill("[name=email]", "omar@example.com")
    quicker.click(".buy-bar button")
    quicker.wait_for_url("**/bookings/*")
    quicker.context.close()

    visitor.page.locator('input[value="12A"]').check()
    visitor.page.locator('input[value="12B"]').check()
    visitor.page.fill("[name=email]", "layla@example.com")
    visitor.page.click(".buy-bar button")
    visitor.see("Seat 12A was taken a moment ago. Please choose another one.")
    visitor.errors.clear()  # the browser notes the 409
    visitor.look()
    assert visitor.page.locator('input[value="12A"]').is_disabled()
    assert visitor.page.locator('input[value="12B"]').is_checked()
    assert visitor.page.input_value("[name=email]") == "layla@example.com"
