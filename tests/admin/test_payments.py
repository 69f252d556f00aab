"""Payments, refunds and gateway events as staff see them, and events tried again."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from payments.actions.start import start_payment
from payments.models import GatewayEvent, Payment, Refund
from tests.admin.conftest import signed_in
from tests.admin.scene import fresh, make_event, messages_of, page, pay, start, text_of
from tests.world import hold_seats, make_trip


def try_again(client: Client, *events: GatewayEvent):
    chosen = {"action": "try_again", "_selected_action": [event.pk for event in events]}
    return client.post(page(GatewayEvent), chosen, follow=True)


# ------------------------------------------------------------------------------------------------ payments and refunds
def test_a_payment_shows_amounts_ids_refunds_entries_and_history(root):
    payment = pay(hold_seats(make_trip(), "1A"))
    refund = Refund.objects.create(payment=payment, amount=1_250, currency="SAR", reason="overpaid")
    text = text_of(root, page(payment, "change"))
    for words in (
        "Amount SAR 105.00",
        "Received SAR 105.00", "Of it fare SAR 86.96", "Of it tax SAR 13.04", "Of it fees SAR 5.00",
        payment.session_id, payment.intent_id, payment.charge_id, payment.booking.reference,
        "SAR 12.50 More arrived than was due.", "payment: pending → succeeded", "gateway:stripe:clearing SAR 105.00",
    ):  # fmt: skip
        assert words in text, words
    content = root.get(page(payment, "change")).content.decode()
    assert page(refund, "change") in content
    assert page(payment.booking, "change") in content
    assert page(payment, "change") in root.get(page(refund, "change")).content.decode()


def test_a_payment_without_an_intent_shows_no_entries_of_others(root):
    trip = make_trip()
    booking = hold_seats(trip, "1A")
    pending = start(booking)
    assert "stripe:pi_" not in text_of(root, page(pending, "change"))


def test_a_payment_tells_why_the_last_try_failed(root):
    payment = start(hold_seats(make_trip(), "1A"))
    payment.fail(error="Your card was declined.")
    for address in (page(Payment), page(payment, "change")):
        assert "Your card was declined." in text_of(root, address)


def test_a_payment_is_found_by_every_id(root):
    payment = pay(hold_seats(make_trip(), "1A"))
    pay(hold_seats(make_trip(number="T2"), "1A"))
    names = [str(payment.pk), payment.booking.reference, payment.session_id, payment.intent_id, payment.charge_id]
    for name in names:
        assert [one.pk for one in root.get(page(Payment), {"q": name}).context["cl"].result_list] == [payment.pk], name


# -------------------------------------------------------------------------------------------------------------- events
def test_an_event_shows_its_body_in_lines(root):
    event = make_event("evt_1", '{"type": "x", "data": {"object": {"id": "cs_1"}}}', retry_count=2, last_error="Boom")
    content = root.get(page(event, "change")).content.decode()
    assert "{\n  &quot;data&quot;: {\n    &quot;object&quot;: {\n      &quot;id&quot;: &quot;cs_1&quot;" in content
    text = text_of(root, page(event, "change"))
    assert "Last error Boom" in text
    assert f"{event.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC" in text


def test_an_event_whose_body_is_no_json_is_shown_as_it_came(root):
    event = make_event("evt_1", "<no json>")
    assert "&lt;no json&gt;" in root.get(page(event, "change")).content.decode()


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"outcome": "processed"}, ["done"]),
        ({"outcome": "waiting"}, ["failed", "given-up", "new"]),
        ({"outcome": "failed"}, ["failed", "given-up"]),
        ({"outcome": "given-up"}, ["given-up"]),
        ({"type": "charge.updated"}, ["failed"]),
        ({"gateway": "stripe"}, ["done", "failed", "given-up", "new"]),
        ({"gateway": "other"}, []),
        ({"q": "new"}, ["new"]),
    ],
)
def test_events_are_filtered(root, chosen, expected):
    done = make_event("done")
    done.mark_processed(done.received_at)
    make_event("new")
    make_event("failed", retry_count=1, type="charge.updated")
    make_event("given-up", retry_count=5)
    shown = root.get(page(GatewayEvent), chosen).context["cl"].result_list
    assert sorted(event.event_id for event in shown) == expected


def test_trying_again_processes_what_can_be_and_tells_about_each(root, superuser):
    good, done = make_event("evt_good", retry_count=5), make_event("evt_done")
    bad = make_event("evt_bad", "no json", type="checkout.session.completed")
    done.mark_processed(done.received_at)
    response = try_again(root, good, bad, done)

    first, second = messages_of(response)
    assert first == "customer.created evt_good: processed"
    assert second.startswith("checkout.session.completed evt_bad: JSONDecodeError")
    assert fresh(good).processed_at
    assert fresh(good).last_error == ""
    assert fresh(bad).processed_at is None
    assert fresh(bad).retry_count == 1
    assert fresh(bad).last_error.startswith("JSONDecodeError")
    assert fresh(done).processed_at == done.processed_at
    logged = {entry.object_id: entry for entry in LogEntry.objects.all()}
    assert set(logged) == {str(good.pk), str(bad.pk)}
    assert logged[str(good.pk)].user == superuser
    assert logged[str(good.pk)].change_message == "Tried again: processed"


def test_an_event_about_a_payment_has_its_effects_when_it_is_tried_again(root, sandbox):
    booking = hold_seats(make_trip(), "1A")
    payment = start_payment(booking.pk).payment
    sandbox.pay(payment.session_id)
    (sent,) = sandbox.events("checkout.session.completed")
    event = make_event(sent["id"], json.dumps(sent), type=sent["type"], retry_count=5)
    try_again(root, event)
    assert fresh(booking).status == "confirmed"
    assert fresh(event).processed_at


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_who_may_only_look_does_not_try_again(as_role, role):
    event = make_event("evt_1")
    try_again(as_role(role), event)
    assert fresh(event).processed_at is None
    assert not LogEntry.objects.exists()


def test_operations_try_events_again(as_role):
    event = make_event("evt_1")
    try_again(as_role("staff"), event)
    assert fresh(event).processed_at
    assert LogEntry.objects.get().object_id == str(event.pk)


def test_the_right_to_change_events_is_the_right_to_try_again():
    user = User.objects.create_user("ops@example.com", "a-long-password", is_staff=True)
    rights = ["view_gatewayevent", "change_gatewayevent"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    event = make_event("evt_1")
    browser = signed_in(user)
    assert browser.post(page(event, "change"), {"body": "{}"}).status_code == 403
    try_again(browser, event)
    assert fresh(event).processed_at
