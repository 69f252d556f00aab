"""Thousands of open sessions in no time, for tests of what a merchant does with as many payments."""

import time

import pytest

NAMES = {"payment_id": "original", "booking": "K7QXW3PM"}


@pytest.fixture
def original(sandbox):
    return sandbox.session(
        client_reference_id="original",
        metadata=NAMES,
        payment_intent_data={"metadata": NAMES, "description": "Berth K7QXW3PM"},
    )


def copies(sandbox, session, *payments, expected=200):
    return sandbox.control(f"sessions/{session.id}/copy", payments=list(payments), expected=expected)


def test_a_copy_is_a_session_of_its_own(sandbox, original):
    wanted = {"payment_id": "1", "client_reference_id": "one"}, {"payment_id": "2"}
    first, second = copies(sandbox, original, *wanted)
    retrieve = sandbox.client.v1.checkout.sessions.retrieve
    copy = retrieve(first)
    assert (copy.status, copy.amount_total, copy.client_reference_id) == ("open", 12_500, "one")
    assert copy.metadata.to_dict() == {"payment_id": "1", "booking": "K7QXW3PM"}
    assert (copy.url, copy.expires_at) == (f"{sandbox.url}/pay/{first}", original.expires_at)
    assert retrieve(second).client_reference_id == "original"
    assert retrieve(original.id).metadata.to_dict() == NAMES
    assert sandbox.state()["events"] == []


def test_a_copy_is_paid_for_its_own_payment(sandbox, original):
    [copy] = copies(sandbox, original, {"payment_id": "1"})
    sandbox.control(f"sessions/{copy}/pay", method="card")
    [intent] = sandbox.client.v1.payment_intents.list().data
    assert intent.metadata.to_dict() == {"payment_id": "1", "booking": "K7QXW3PM"}
    assert intent.description == "Berth K7QXW3PM"
    assert sandbox.client.v1.checkout.sessions.retrieve(original.id).status == "open"
    assert sandbox.http.get(f"/pay/{copy}").status_code == 200


def test_a_copy_ends_by_itself_and_by_hand(sandbox, original, receiver):
    one, other = copies(sandbox, original, {"payment_id": "1"}, {"payment_id": "2"})
    assert sandbox.client.v1.checkout.sessions.expire(one).status == "expired"
    sandbox.control(f"sessions/{other}/expires_at", in_seconds=0)
    receiver.wait_for("checkout.session.expired", 2)
    assert sandbox.client.v1.checkout.sessions.retrieve(original.id).status == "open"


def test_thousands_take_seconds(sandbox, original):
    began = time.monotonic()
    made = copies(sandbox, original, *({"payment_id": str(number)} for number in range(3_000)))
    assert time.monotonic() - began < 5
    assert len(set(made)) == 3_000
    page = sandbox.client.v1.checkout.sessions.list(params={"limit": 100, "status": "open"})
    assert [one.id for one in page.data] == made[:-101:-1]
    [last] = sandbox.http.get("/_control/objects/sessions", params={"limit": 1}).json()
    assert (last["id"], last["metadata"]["payment_id"]) == (made[-1], "2999")


def test_only_an_open_session_is_copied(sandbox):
    paid = sandbox.pay()
    copies(sandbox, paid, {"payment_id": "1"}, expected=409)
    sandbox.control("sessions/cs_1/copy", payments=[], expected=404)
    assert len(sandbox.state()["sessions"]) == 1


@pytest.mark.parametrize("payment", [{}, {"payment_id": 1}, {"payment_id": "1", "colour": "red"}, "1"])
def test_a_payment_that_is_none_is_refused(sandbox, original, payment):
    copies(sandbox, original, {"payment_id": "1"}, payment, expected=400)
    assert len(sandbox.state()["sessions"]) == 1


def test_objects_of_one_kind(sandbox, original):
    copies(sandbox, original, *({"payment_id": str(number)} for number in range(5)))
    everything = sandbox.http.get("/_control/objects/sessions").json()
    assert everything == sandbox.state()["sessions"]
    newest = sandbox.http.get("/_control/objects/sessions", params={"limit": 2}).json()
    assert newest == everything[-2:]
    assert not any(key.startswith("_") for one in everything for key in one)
    assert sandbox.http.get("/_control/objects/refunds").json() == []
    assert sandbox.http.get("/_control/objects/ghosts").status_code == 404
    assert sandbox.http.get("/_control/objects/sessions", params={"limit": "few"}).status_code == 400
