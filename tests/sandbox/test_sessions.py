"""Checkout sessions: what a create returns, and how a session ends."""

import time

import pytest
import stripe


def test_a_session_opens_with_everything_that_was_said(sandbox):
    session = sandbox.session(
        metadata={"booking": "K7QXW3PM"},
        client_reference_id="K7QXW3PM",
        customer_email="noor@example.com",
        payment_intent_data={"metadata": {"payment": "17"}, "description": "Booking K7QXW3PM"},
        locale="en",
        submit_type="book",
        expires_at=int(time.time()) + 3660,
    )
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_total, session.currency) == (12_500, "sar")
    assert session.payment_intent is None
    assert session.url == f"{sandbox.url}/pay/{session.id}"
    assert session.metadata.to_dict() == {"booking": "K7QXW3PM"}
    assert session.client_reference_id == "K7QXW3PM"
    assert session.customer_details.email == session.customer_email == "noor@example.com"
    assert (session.locale, session.submit_type) == ("en", "book")
    assert session.last_response.headers["request-id"].startswith("req_")


def test_a_session_lives_a_day_unless_told_otherwise(sandbox):
    session = sandbox.session()
    assert session.expires_at == session.created + 24 * 3600


def test_the_amount_is_the_sum_of_the_lines(sandbox):
    lines = [
        {"price_data": {"currency": "SAR", "unit_amount": 10_000, "product_data": {"name": "Seat"}}, "quantity": 2},
        {"price_data": {"currency": "sar", "unit_amount": 0, "product_data": {"name": "Bag"}}, "quantity": 1},
        {"price_data": {"currency": "sar", "unit_amount": 1_500, "product_data": {"name": "Fee"}}, "quantity": 1},
    ]
    session = sandbox.session(line_items=lines)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (21_500, 21_500, "sar")


def test_the_line_items_of_a_session(sandbox):
    lines = [
        {"price_data": {"currency": "sar", "unit_amount": 100, "product_data": {"name": f"Seat {n}"}}, "quantity": 2}
        for n in range(12)
    ]
    session = sandbox.session(line_items=lines, expand=["line_items"])
    assert [len(session.line_items.data), session.line_items.has_more] == [10, True]
    listed = sandbox.client.v1.checkout.sessions.line_items.list(session.id, params={"limit": 5})
    assert [item.description for item in listed.auto_paging_iter()] == [f"Seat {n}" for n in range(12)]
    first = listed.data[0]
    assert (first.object, first.amount_total, first.quantity) == ("item", 200, 2)
    assert (first.price.unit_amount, first.price.type, first.price.currency) == (100, "one_time", "sar")


def test_line_items_are_left_out_unless_expanded(sandbox):
    assert "line_items" not in sandbox.session().to_dict()


def test_an_open_session_can_be_expired_once(sandbox, receiver):
    session = sandbox.session()
    expired = sandbox.client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)
    hook = receiver.wait_for("checkout.session.expired")
    assert hook.event["data"]["object"]["id"] == session.id
    assert hook.event["request"]["id"] == expired.last_response.headers["request-id"]

    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`") as refused:
        sandbox.client.v1.checkout.sessions.expire(session.id)
    assert refused.value.http_status == 400
    assert receiver.types == ["checkout.session.expired"]


def test_a_session_that_was_paid_cannot_be_expired(sandbox):
    session = sandbox.pay()
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        sandbox.client.v1.checkout.sessions.expire(session.id)
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_session_expires_by_itself(sandbox, receiver):
    session = sandbox.session()
    sandbox.control(f"sessions/{session.id}/expires_at", in_seconds=1)
    hook = receiver.wait_for("checkout.session.expired")
    assert hook.event["data"]["object"]["status"] == "expired"
    assert hook.event["request"] == {"id": None, "idempotency_key": None}
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    sandbox.control(f"sessions/{session.id}/pay", method="card", expected=409)
    assert sandbox.state()["charges"] == []


def test_a_session_that_was_paid_never_expires(sandbox, receiver):
    session = sandbox.session()
    moved = sandbox.control(f"sessions/{session.id}/expires_at", in_seconds=2)
    sandbox.control(f"sessions/{session.id}/pay", method="card")
    # Another session that expires not before it proves that its moment has passed.
    other = sandbox.session()
    other_moved = sandbox.control(f"sessions/{other.id}/expires_at", in_seconds=2)
    assert other_moved["expires_at"] >= moved["expires_at"]
    receiver.wait_for("checkout.session.expired")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert receiver.types.count("checkout.session.expired") == 1


def test_expiring_a_session_cancels_the_intent_of_a_declined_try(sandbox, receiver):
    session = sandbox.pay("declined")
    sandbox.client.v1.checkout.sessions.expire(session.id)
    intent = sandbox.client.v1.payment_intents.retrieve(session.payment_intent)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")
    assert intent.canceled_at is not None
    receiver.wait_for("payment_intent.canceled")


def test_sessions_are_found_by_their_intent(sandbox):
    paid = sandbox.pay()
    sandbox.pay()
    found = sandbox.client.v1.checkout.sessions.list(params={"payment_intent": paid.payment_intent})
    assert [session.id for session in found.data] == [paid.id]
    by_status = sandbox.client.v1.checkout.sessions.list(params={"status": "open"})
    assert by_status.data == []
