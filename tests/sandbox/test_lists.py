"""Lists: order, cursors and filters. https://docs.stripe.com/api/pagination"""

import pytest
import stripe


@pytest.fixture
def sessions(sandbox):
    """Five ids, the newest first."""
    return [sandbox.session(client_reference_id=str(number)).id for number in range(5)][::-1]


def ids(page):
    return [one.id for one in page.data]


def test_a_list_runs_from_the_newest_to_the_oldest(sandbox, sessions):
    page = sandbox.client.v1.checkout.sessions.list()
    assert ids(page) == sessions
    assert (page.object, page.has_more, page.url) == ("list", False, "/v1/checkout/sessions")


def test_a_list_by_pages(sandbox, sessions):
    listing = sandbox.client.v1.checkout.sessions.list
    first = listing(params={"limit": 2})
    assert (ids(first), first.has_more) == (sessions[:2], True)
    last = listing(params={"limit": 3, "starting_after": first.data[-1].id})
    assert (ids(last), last.has_more) == (sessions[2:], False)
    back = listing(params={"limit": 2, "ending_before": sessions[3]})
    assert (ids(back), back.has_more) == (sessions[1:3], True)
    assert [one.id for one in first.auto_paging_iter()] == sessions


def test_a_page_of_line_items_backwards(sandbox):
    price = {"currency": "sar", "unit_amount": 100, "product_data": {"name": "Seat"}}
    session = sandbox.session(line_items=[{"price_data": price, "quantity": 1}] * 4)
    listing = sandbox.client.v1.checkout.sessions.line_items.list
    everything = ids(listing(session.id))
    back = listing(session.id, params={"limit": 2, "ending_before": everything[3]})
    assert (ids(back), back.has_more) == (everything[1:3], True)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_holds_from_1_to_100(sandbox, limit):
    with pytest.raises(stripe.InvalidRequestError, match="This value must be") as refused:
        sandbox.client.v1.charges.list(params={"limit": limit})
    assert (refused.value.param, refused.value.code) == ("limit", "parameter_invalid_integer")


def test_a_cursor_must_exist(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="No such charge: 'ch_1'") as refused:
        sandbox.client.v1.charges.list(params={"starting_after": "ch_1"})
    assert (refused.value.http_status, refused.value.param) == (400, "starting_after")


def test_a_list_has_one_cursor(sandbox, sessions):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        sandbox.client.v1.checkout.sessions.list(params={"starting_after": sessions[0], "ending_before": sessions[3]})


def test_lists_by_time(sandbox, sessions):
    created = sandbox.client.v1.checkout.sessions.retrieve(sessions[-1]).created
    listing = sandbox.client.v1.checkout.sessions.list
    assert ids(listing(params={"created": {"gte": created}})) == sessions
    assert ids(listing(params={"created": {"lt": created}})) == []
    assert ids(listing(params={"created": {"gt": created + 60}})) == []
    assert sessions[-1] in ids(listing(params={"created": created}))
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: created"):
        listing(params={"created": {"since": created}})


def test_intents_are_listed_by_time(sandbox):
    session = sandbox.pay()
    intent = sandbox.client.v1.payment_intents.retrieve(session.payment_intent)
    listing = sandbox.client.v1.payment_intents.list
    assert ids(listing(params={"created": {"gte": intent.created}})) == [intent.id]
    assert ids(listing(params={"created": {"gte": intent.created + 60}})) == []


def test_balance_transactions_by_source_type_and_currency(sandbox, receiver):
    paid = [sandbox.pay(currency=currency, amount=1_000) for currency in ("sar", "ngn")]
    receiver.wait_for("charge.updated", 2)
    [charge] = sandbox.client.v1.charges.list(params={"payment_intent": paid[0].payment_intent}).data
    listing = sandbox.client.v1.balance_transactions.list
    assert ids(listing(params={"source": charge.id})) == [charge.balance_transaction]
    assert ids(listing(params={"currency": "sar"})) == [charge.balance_transaction]
    assert len(listing(params={"type": "charge"}).data) == 2
    assert listing(params={"type": "refund"}).data == []


def test_events_by_type(sandbox, receiver):
    sandbox.pay()
    receiver.wait_for("charge.updated")
    listing = sandbox.client.v1.events.list
    assert [event.type for event in listing(params={"type": "charge.*"}).data] == ["charge.updated", "charge.succeeded"]
    both = listing(params={"types": ["charge.updated", "payment_intent.succeeded"]})
    assert [event.type for event in both.data] == ["charge.updated", "payment_intent.succeeded"]
    with pytest.raises(stripe.InvalidRequestError, match="not both"):
        listing(params={"type": "charge.*", "types": ["charge.updated"]})


def test_events_by_delivery(sandbox, receiver):
    receiver.answer = lambda hook: 200 if hook.type == "charge.succeeded" else 500
    sandbox.pay()
    receiver.wait_for("charge.updated")
    listing = sandbox.client.v1.events.list
    assert [event.type for event in listing(params={"delivery_success": True}).data] == ["charge.succeeded"]
    assert len(listing(params={"delivery_success": False}).data) == 4
    assert listing(params={"delivery_success": True}).data[0].pending_webhooks == 0


def test_events_by_time_and_by_page(sandbox, receiver):
    sandbox.pay()
    receiver.wait_for("charge.updated")
    service = sandbox.client.v1.events
    everything = service.list().data
    assert [event.type for event in everything[::-1]] == receiver.types
    first = everything[-1]
    assert ids(service.list(params={"created": {"gte": first.created}})) == [event.id for event in everything]
    assert service.list(params={"created": {"lt": first.created}}).data == []
    assert ids(service.list(params={"starting_after": everything[1].id, "limit": 2})) == [
        one.id for one in everything[2:4]
    ]
    assert ids(service.list(params={"ending_before": first.id, "limit": 1})) == [everything[-2].id]
    of_intents = service.list(params={"type": "payment_intent.*", "limit": 1})
    assert of_intents.has_more is True
    assert [event.type for event in of_intents.auto_paging_iter()] == [
        "payment_intent.created", "payment_intent.succeeded"
    ]  # fmt: skip


def test_an_event_is_retrieved_as_it_was_sent(sandbox, receiver):
    sandbox.pay()
    sent = receiver.wait_for("charge.updated").event
    found = sandbox.client.v1.events.retrieve(sent["id"])
    assert found.to_dict() == sent | {"pending_webhooks": found.pending_webhooks}
    with pytest.raises(stripe.InvalidRequestError, match="No such event: 'evt_1'") as missing:
        sandbox.client.v1.events.retrieve("evt_1")
    assert missing.value.http_status == 404


def test_events_of_at_most_twenty_types(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="at most 20") as refused:
        sandbox.client.v1.events.list(params={"types": ["charge.updated"] * 21})
    assert refused.value.param == "types"


def test_charges_by_time_intent_and_page(sandbox):
    session = sandbox.pay("declined")
    sandbox.control(f"sessions/{session.id}/pay", method="card")
    other = sandbox.charge()
    listing = sandbox.client.v1.charges.list
    everything = ids(listing())
    assert everything[0] == other.id
    assert ids(listing(params={"payment_intent": session.payment_intent})) == everything[1:]
    assert ids(listing(params={"payment_intent": session.payment_intent, "limit": 1})) == everything[1:2]
    assert ids(listing(params={"starting_after": everything[0], "limit": 1})) == everything[1:2]
    assert ids(listing(params={"created": {"gte": other.created}}))[0] == other.id
    assert ids(listing(params={"created": {"gt": other.created}})) == []
    expanded = listing(params={"expand": ["data.balance_transaction"], "limit": 1}).data[0]
    assert expanded.balance_transaction.source == other.id


def test_sessions_by_intent_and_status(sandbox):
    waiting, paid, ended = sandbox.session(), sandbox.pay(), sandbox.session()
    sandbox.client.v1.checkout.sessions.expire(ended.id)
    listing = sandbox.client.v1.checkout.sessions.list
    assert ids(listing(params={"payment_intent": paid.payment_intent})) == [paid.id]
    found = {status: ids(listing(params={"status": status})) for status in ("open", "complete", "expired")}
    assert found == {"open": [waiting.id], "complete": [paid.id], "expired": [ended.id]}
    assert ids(listing(params={"status": "open", "created": {"lt": waiting.created}})) == []
    whole = listing(params={"status": "complete", "expand": ["data.payment_intent.latest_charge"]}).data[0]
    assert whole.payment_intent.latest_charge.paid is True
