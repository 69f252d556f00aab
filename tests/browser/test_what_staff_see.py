"""After a sale: the clerk's and the accountant's way from the booking to the postings, and the traveller's e-mail."""

import pytest
from django.conf import global_settings

from accounts.models import User
from bookings.models import Booking
from core import outbox
from ledger.models import JournalEntry
from payments.models import GatewayEvent, Payment
from tests.browser.conftest import SCREENSHOTS
from tests.services import wait_until


@pytest.mark.parametrize("size", ["desktop"])
def test_staff_follow_a_sale_from_the_booking_to_its_postings(visitor, tomorrow, settings):
    visitor.search("en", tomorrow, passengers=2)
    visitor.choose_first_trip()
    visitor.hold("12A", "12B")
    visitor.type_names(seat12A="Layla Haddad", seat12B="Omar Saleh")
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see("Your booking is confirmed")
    booking = Booking.objects.get()
    wait_until(lambda: JournalEntry.objects.filter(kind="fee").exists(), "the fee to be posted")
    payment = Payment.objects.get()
    event = GatewayEvent.objects.filter(payment=payment, type="payment_intent.succeeded").get()

    page = visitor.page
    page.context.clear_cookies()
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # as the server knows them
    User.objects.create_superuser("clerk@example.com", "a long password")
    visitor.open("/en/admin/")
    page.fill("[name=login]", "clerk@example.com")
    page.fill("[name=password]", "a long password")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/admin/**")

    visitor.open(f"/en/admin/bookings/booking/{booking.pk}/change/")
    for text in (booking.reference, "Layla Haddad", "SAR 628.00", "stripe"):
        visitor.see(text)
    photograph(page, "booking")
    page.get_by_role("link", name=payment.intent_id, exact=True).first.click()
    for text in (payment.charge_id, event.event_id, "SAR 628.00"):
        visitor.see(text)
    photograph(page, "payment")
    page.get_by_role("link", name=event.event_id).first.click()
    visitor.see("payment_intent.succeeded")
    photograph(page, "event")
    entry = JournalEntry.objects.get(kind="charge")
    visitor.open(f"/en/admin/ledger/journalentry/{entry.pk}/change/")
    for text in ("gateway:stripe:clearing", "travellers:unearned", "tax:payable", "platform:booking_fees"):
        visitor.see(text)
    photograph(page, "entry")
    for path in ("", "bookings/trip/", "finance/", "finance/reports/trial_balance/"):
        visitor.open(f"/en/admin/{path}")
        page.wait_for_load_state("networkidle")
    assert visitor.errors == []  # nor did the browser's policy keep anything out

    mailbox = []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.mail.outbox", mailbox, raising=False)
        assert outbox.drain()["failed"] == 0
    assert [mail.to for mail in mailbox] == [["layla@example.com"]]
    page.set_content(mailbox[0].alternatives[0][0])
    visitor.see(booking.reference)
    photograph(page, "mail")


@pytest.mark.parametrize("size", ["desktop"])
def test_the_pages_about_the_api_are_shown(visitor):
    visitor.open("/api/docs/")
    visitor.see("/api/v1/bookings/{reference}/payments")
    assert visitor.errors == []


def photograph(page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": 1280, "height": height})  # what sticks to the window's edge stays there
    page.screenshot(path=SCREENSHOTS / f"staff-{name}.png", full_page=True)
