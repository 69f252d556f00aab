"""What becomes of sessions, intents and charges when a customer pays, fails to, or pays later."""

import pytest
import stripe

FIRST_PAYMENT = ["charge.succeeded", "payment_intent.succeeded", "payment_intent.created", "checkout.session.completed"]


def charges_of(sandbox, session):
    """The oldest first."""
    return sandbox.client.v1.charges.list(params={"payment_intent": session.payment_intent}).data[::-1]


def retrieve_intent(sandbox, session):
    return sandbox.client.v1.payment_intents.retrieve(session.payment_intent)


def test_a_card_that_pays(sandbox):
    session = sandbox.pay(customer_email="noor@example.com")
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert session.customer_details.email == "noor@example.com"
    intent = retrieve_intent(sandbox, session)
    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == (
        "succeeded",
        12_500,
        12_500,
        "sar",
    )
    [charge] = charges_of(sandbox, session)
    assert intent.latest_charge == charge.id
    assert (charge.status, charge.paid, charge.captured, charge.amount_captured) == ("succeeded", True, True, 12_500)
    assert charge.billing_details.email == "noor@example.com"
    assert charge.payment_method_details.card.three_d_secure is None


def test_events_of_a_first_payment_come_in_the_order_that_was_seen(sandbox, receiver):
    sandbox.pay()
    receiver.wait_for("charge.updated")
    assert receiver.types == [*FIRST_PAYMENT, "charge.updated"]


def test_an_event_is_a_snapshot_of_its_moment(sandbox, receiver):
    session = sandbox.pay()
    receiver.wait_for("charge.updated")
    shown = {hook.type: hook.event["data"] for hook in receiver.hooks}
    assert shown["payment_intent.created"]["object"]["status"] == "requires_payment_method"
    assert shown["payment_intent.created"]["object"]["latest_charge"] is None
    assert shown["payment_intent.succeeded"]["object"]["status"] == "succeeded"
    assert shown["charge.succeeded"]["object"]["balance_transaction"] is None
    assert shown["charge.updated"]["object"]["balance_transaction"].startswith("txn_")
    assert shown["charge.updated"]["previous_attributes"] == {"balance_transaction": None}
    assert shown["checkout.session.completed"]["object"]["payment_intent"] == session.payment_intent


def test_metadata_reaches_the_session_and_from_the_intent_the_charge(sandbox):
    session = sandbox.pay(
        metadata={"for": "session"},
        payment_intent_data={
            "metadata": {"for": "intent"},
            "description": "Booking K7QXW3PM",
            "receipt_email": "receipt@example.com",
            "statement_descriptor_suffix": "K7QXW3PM",
        },
    )
    assert session.metadata.to_dict() == {"for": "session"}
    for carrier in (retrieve_intent(sandbox, session), *charges_of(sandbox, session)):
        assert carrier.metadata.to_dict() == {"for": "intent"}
        assert carrier.description == "Booking K7QXW3PM"
        assert carrier.receipt_email == "receipt@example.com"
        assert carrier.statement_descriptor_suffix == "K7QXW3PM"


def test_a_declined_card_leaves_the_session_open(sandbox, receiver):
    session = sandbox.pay("declined")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    intent = retrieve_intent(sandbox, session)
    [charge] = charges_of(sandbox, session)
    assert intent.status == "requires_payment_method"
    error = intent.last_payment_error
    assert (error.type, error.code, error.decline_code) == ("card_error", "card_declined", "generic_decline")
    assert (error.message, error.charge) == ("Your card was declined.", charge.id)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "card_declined")
    assert charge.outcome.type == "issuer_declined"
    receiver.wait_for("payment_intent.created")
    assert receiver.types == ["charge.failed", "payment_intent.payment_failed", "payment_intent.created"]


def test_a_payment_after_a_declined_one_uses_the_same_intent(sandbox, receiver):
    session = sandbox.pay("declined")
    sandbox.control(f"sessions/{session.id}/pay", method="declined")
    sandbox.control(f"sessions/{session.id}/pay", method="card")
    paid = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_intent == session.payment_intent
    intent = retrieve_intent(sandbox, session)
    first, second, third = charges_of(sandbox, session)
    assert [first.status, second.status, third.status] == ["failed", "failed", "succeeded"]
    assert (intent.latest_charge, intent.last_payment_error) == (third.id, None)
    receiver.wait_for("charge.updated")
    assert receiver.types.count("payment_intent.created") == 1
    assert receiver.types.count("payment_intent.payment_failed") == 2


@pytest.mark.parametrize("method", ["card", "declined", "bank_transfer", "three_d_secure"])
def test_nobody_pays_twice(sandbox, method):
    session = sandbox.pay()
    sandbox.control(f"sessions/{session.id}/pay", method=method, expected=409)
    assert len(sandbox.state()["charges"]) == 1


def test_a_card_that_pays_with_3d_secure(sandbox, receiver):
    session = sandbox.pay("three_d_secure")
    assert session.payment_status == "paid"
    [charge] = charges_of(sandbox, session)
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    receiver.wait_for("charge.updated")
    asked = receiver.wait_for("payment_intent.requires_action").event["data"]["object"]
    assert asked["next_action"]["redirect_to_url"]["url"] == f"{sandbox.url}/pay/{session.id}/authenticate"
    assert retrieve_intent(sandbox, session).next_action is None


def test_a_failed_authentication_never_comes_to_a_charge(sandbox):
    session = sandbox.pay("three_d_secure_failed")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert charges_of(sandbox, session) == []
    intent = retrieve_intent(sandbox, session)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"


def test_a_bank_transfer_completes_unpaid(sandbox, receiver):
    session = sandbox.pay("bank_transfer")
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    intent = retrieve_intent(sandbox, session)
    [charge] = charges_of(sandbox, session)
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("processing", 0, charge.id)
    assert (charge.status, charge.paid, charge.amount_captured) == ("pending", False, 0)
    completed = receiver.wait_for("checkout.session.completed").event["data"]["object"]
    assert completed["payment_status"] == "unpaid"
    assert receiver.types == [
        "charge.pending",
        "payment_intent.processing",
        "payment_intent.created",
        "checkout.session.completed",
    ]


def test_a_bank_transfer_arrives(sandbox, receiver):
    session = sandbox.pay("bank_transfer")
    sandbox.control(f"sessions/{session.id}/settle", success=True)
    settled = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert (settled.status, settled.payment_status) == ("complete", "paid")
    assert retrieve_intent(sandbox, session).status == "succeeded"
    [charge] = charges_of(sandbox, session)
    assert (charge.status, charge.amount_captured) == ("succeeded", 12_500)
    receiver.wait_for("charge.updated")
    assert receiver.types[4:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]


def test_a_bank_transfer_fails(sandbox, receiver):
    session = sandbox.pay("bank_transfer")
    sandbox.control(f"sessions/{session.id}/settle", success=False)
    settled = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert (settled.status, settled.payment_status) == ("complete", "unpaid")
    intent = retrieve_intent(sandbox, session)
    assert (intent.status, intent.last_payment_error.code) == (
        "requires_payment_method",
        "payment_method_provider_decline",
    )
    assert [charge.status for charge in charges_of(sandbox, session)] == ["failed"]
    receiver.wait_for("checkout.session.async_payment_failed")
    assert receiver.types[4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    assert sandbox.state()["balance_transactions"] == []


def test_a_bank_transfer_arrives_by_itself(sandbox, receiver):
    sandbox.control("mode", settle_after_seconds=0.1)
    session = sandbox.pay("bank_transfer")
    receiver.wait_for("checkout.session.async_payment_succeeded")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_bank_transfer_is_settled_once(sandbox):
    session = sandbox.pay("bank_transfer")
    sandbox.control(f"sessions/{session.id}/settle", success=True)
    for success in (True, False):
        sandbox.control(f"sessions/{session.id}/settle", success=success, expected=409)
    assert retrieve_intent(sandbox, session).status == "succeeded"


def test_only_a_bank_transfer_can_be_settled(sandbox):
    for session in (sandbox.session(), sandbox.pay(), sandbox.pay("declined")):
        sandbox.control(f"sessions/{session.id}/settle", success=True, expected=409)


def test_the_balance_transaction_of_a_charge(sandbox, receiver):
    session = sandbox.pay(amount=12_500)
    receiver.wait_for("charge.updated")
    [charge] = charges_of(sandbox, session)
    transaction = sandbox.client.v1.balance_transactions.retrieve(charge.balance_transaction)
    # 2.9 % of 125.00 is 3.625, rounded half up 3.63; and 1.00.
    assert (transaction.amount, transaction.fee, transaction.net) == (12_500, 463, 12_037)
    assert (transaction.currency, transaction.type, transaction.source) == ("sar", "charge", charge.id)
    [detail] = transaction.fee_details
    assert (detail.amount, detail.currency, detail.type) == (463, "sar", "stripe_fee")


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [("sar", 500, 115), ("sar", 517, 115), ("sar", 518, 115), ("jpy", 1_000, 30), ("kwd", 10_000, 1_290)],
)
def test_the_fee_is_a_share_rounded_half_up_and_one_whole_unit(sandbox, receiver, currency, amount, fee):
    sandbox.pay(currency=currency, amount=amount)
    receiver.wait_for("charge.updated")
    [transaction] = sandbox.state()["balance_transactions"]
    assert (transaction["fee"], transaction["net"]) == (fee, amount - fee)


def test_the_fee_is_known_only_when_the_charge_was_updated(sandbox, receiver):
    sandbox.control("mode", charge_updated_delay_seconds=3600)
    session = sandbox.pay()
    receiver.wait_for("checkout.session.completed")
    [charge] = charges_of(sandbox, session)
    assert charge.balance_transaction is None
    assert sandbox.client.v1.balance.retrieve().available == []

    for _ in range(2):  # the second time changes nothing
        booked = sandbox.control(f"charges/{charge.id}/balance")
    receiver.wait_for("charge.updated")
    [transaction] = sandbox.state()["balance_transactions"]
    assert booked["balance_transaction"] == transaction["id"]
    assert [event["type"] for event in sandbox.state()["events"]].count("charge.updated") == 1


def test_a_charge_that_failed_has_no_balance_transaction(sandbox):
    session = sandbox.pay("declined")
    [charge] = charges_of(sandbox, session)
    sandbox.control(f"charges/{charge.id}/balance", expected=404)


def test_the_balance_is_the_sum_of_the_nets_per_currency(sandbox, receiver):
    for currency, amount in (("sar", 10_000), ("sar", 20_000), ("ngn", 1_000_000)):
        sandbox.pay(currency=currency, amount=amount)
    receiver.wait_for("charge.updated", 3)
    balance = sandbox.client.v1.balance.retrieve()
    assert {one.currency: one.amount for one in balance.available} == {"sar": 28_930, "ngn": 970_900}
    nets: dict[str, int] = {}
    for transaction in sandbox.client.v1.balance_transactions.list().auto_paging_iter():
        nets[transaction.currency] = nets.get(transaction.currency, 0) + transaction.net
    assert nets == {one.currency: one.amount for one in balance.available}


def test_expansions(sandbox, receiver):
    session = sandbox.pay()
    receiver.wait_for("charge.updated")
    paths = ["payment_intent.latest_charge.balance_transaction"]
    whole = sandbox.client.v1.checkout.sessions.retrieve(session.id, params={"expand": paths})
    assert whole.payment_intent.latest_charge.balance_transaction.net == 12_037
    charge_id = whole.payment_intent.latest_charge.id
    intent = sandbox.client.v1.payment_intents.retrieve(
        session.payment_intent, params={"expand": ["latest_charge.balance_transaction"]}
    )
    assert intent.latest_charge.balance_transaction.source == charge_id
    charge = sandbox.client.v1.charges.retrieve(charge_id, params={"expand": ["balance_transaction", "payment_intent"]})
    assert (charge.balance_transaction.type, charge.payment_intent.id) == ("charge", session.payment_intent)
    listed = sandbox.client.v1.payment_intents.list(params={"expand": ["data.latest_charge"]})
    assert listed.data[0].latest_charge.id == charge_id


def test_an_expansion_of_what_is_not_there_yet_is_null(sandbox):
    session = sandbox.session(expand=["payment_intent.latest_charge", "customer"])
    assert (session.payment_intent, session.customer) == (None, None)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("status", "This property cannot be expanded (status)."),
        ("data.status", "This property cannot be expanded (data.status)."),
        ("latest_charge", "You may want to try expanding 'data.latest_charge' instead."),
        ("data.latest_charge.payment_intent.latest_charge.payment_intent", "more than 4 levels"),
    ],
)
def test_what_cannot_be_expanded_is_refused(sandbox, path, message):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.payment_intents.list(params={"expand": [path]})
    assert message in refused.value.user_message
