"""Refunds: what moves, what is refused, and what becomes of those that do not succeed at once."""

import time

import pytest
import stripe

CREATED = ["refund.created", "charge.refunded"]
UPDATED = ["refund.updated", "charge.refund.updated"]
AFTER_PAYMENT = 5  # events of a payment, `charge.updated` the last of them


def refund(sandbox, charge, **params):
    return sandbox.client.v1.refunds.create(params={"charge": charge.id, **params})


def again(sandbox, thing):
    """A charge or a refund as it is now."""
    service = sandbox.client.v1.charges if thing.object == "charge" else sandbox.client.v1.refunds
    return service.retrieve(thing.id)


def transaction(sandbox, identifier):
    return sandbox.client.v1.balance_transactions.retrieve(identifier)


def told(sandbox):
    """The types of all events after the payment's, in the order in which they arose."""
    return [event["type"] for event in sandbox.state()["events"]][AFTER_PAYMENT:]


def events(sandbox, kind):
    return [event for event in sandbox.state()["events"] if event["type"] == kind]


def test_a_charge_is_refunded_in_whole(sandbox):
    charge = sandbox.charge(payment_intent_data={"description": "Booking K7QXW3PM"})
    made = refund(sandbox, charge, reason="requested_by_customer", metadata={"refund": "7"})
    assert (made.status, made.amount, made.currency, made.charge) == ("succeeded", 12_500, "sar", charge.id)
    assert (made.payment_intent, made.reason) == (charge.payment_intent, "requested_by_customer")
    assert made.metadata.to_dict() == {"refund": "7"}
    booked = transaction(sandbox, made.balance_transaction)
    # The fee of the charge is not given back.
    assert (booked.type, booked.amount, booked.fee, booked.net) == ("refund", -12_500, 0, -12_500)
    assert (booked.source, booked.description) == (made.id, "REFUND FOR CHARGE (Booking K7QXW3PM)")
    assert booked.fee_details == []
    charge = again(sandbox, charge)
    assert (charge.amount_refunded, charge.refunded, charge.status) == (12_500, True, "succeeded")


def test_the_events_of_a_refund_come_in_the_order_that_was_seen(sandbox, receiver):
    made = refund(sandbox, sandbox.charge())
    receiver.wait_for("charge.refund.updated")
    assert receiver.types[AFTER_PAYMENT:] == [*CREATED, *UPDATED]
    shown = {hook.type: hook.event["data"] for hook in receiver.hooks}
    assert shown["refund.created"]["object"]["id"] == made.id
    assert shown["charge.refunded"]["object"]["amount_refunded"] == 12_500
    assert shown["charge.refunded"]["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    traced = shown["refund.updated"]
    assert traced["previous_attributes"]["destination_details"]["card"]["reference_status"] == "pending"
    assert traced["object"]["destination_details"]["card"]["reference_status"] == "available"
    assert shown["charge.refund.updated"] == traced


def test_events_name_the_call_that_caused_them(sandbox):
    options = {"idempotency_key": "refund-7"}
    made = sandbox.client.v1.refunds.create(params={"charge": sandbox.charge().id}, options=options)
    causes = {event["type"]: event["request"] for event in sandbox.state()["events"]}
    cause = {"id": made.last_response.headers["request-id"], "idempotency_key": "refund-7"}
    assert causes["refund.created"] == causes["charge.refunded"] == cause
    assert causes["refund.updated"] == {"id": None, "idempotency_key": None}


def test_partial_refunds_add_up(sandbox):
    charge = sandbox.charge()
    refund(sandbox, charge, amount=2_500)
    after = again(sandbox, charge)
    assert (after.amount_refunded, after.refunded) == (2_500, False)
    refund(sandbox, charge, amount=4_000)
    rest = refund(sandbox, charge)
    assert rest.amount == 6_000
    assert again(sandbox, charge).refunded is True
    sums = [event["data"]["object"]["amount_refunded"] for event in events(sandbox, "charge.refunded")]
    assert sums == [2_500, 6_500, 12_500]
    assert sandbox.client.v1.balance.retrieve().available[0].amount == -463  # the fee is all that is left of it


def test_a_refund_by_payment_intent(sandbox):
    charge = sandbox.charge()
    made = sandbox.client.v1.refunds.create(params={"payment_intent": charge.payment_intent, "amount": 1})
    assert (made.charge, made.amount) == (charge.id, 1)
    both = sandbox.client.v1.refunds.create(params={"payment_intent": charge.payment_intent, "charge": charge.id})
    assert both.amount == 12_499


def test_a_key_makes_one_refund_of_many_calls(sandbox):
    charge = sandbox.charge()
    params, options = {"charge": charge.id, "amount": 100}, {"idempotency_key": "refund-7"}
    made = {sandbox.client.v1.refunds.create(params=params, options=options).id for _ in range(3)}
    assert len(made) == 1
    assert again(sandbox, charge).amount_refunded == 100


def refused(sandbox, **params):
    with pytest.raises(stripe.InvalidRequestError) as error:
        sandbox.client.v1.refunds.create(params=params)
    return error.value


def test_more_than_is_left_is_refused(sandbox):
    charge = sandbox.charge()
    refund(sandbox, charge, amount=5_000)
    error = refused(sandbox, charge=charge.id, amount=7_501)
    assert (error.http_status, error.code, error.param) == (400, None, "amount")
    left = "Refund amount (SAR 75.01) is greater than unrefunded amount on charge (SAR 75.00)"
    assert error.user_message == left
    assert again(sandbox, charge).amount_refunded == 5_000
    assert len(sandbox.state()["refunds"]) == 1


def test_nothing_is_refunded_twice(sandbox):
    charge = sandbox.charge()
    refund(sandbox, charge)
    for params in ({}, {"amount": 1}):
        error = refused(sandbox, charge=charge.id, **params)
        assert error.code == "charge_already_refunded"
        assert error.user_message == f"Charge {charge.id} has already been refunded."
    assert len(sandbox.state()["refunds"]) == 1


@pytest.mark.parametrize("method", ["declined", "bank_transfer"])
def test_money_that_never_came_is_not_refunded(sandbox, method):
    session = sandbox.pay(method)
    error = refused(sandbox, payment_intent=session.payment_intent)
    assert "does not have a successful charge to refund" in error.user_message


def test_an_intent_that_never_came_to_a_charge_is_not_refunded(sandbox):
    session = sandbox.pay("three_d_secure_failed")
    error = refused(sandbox, payment_intent=session.payment_intent)
    assert "does not have a successful charge to refund" in error.user_message


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({}, "parameter_missing", None),
        ({"charge": "ch_1"}, "resource_missing", "charge"),
        ({"payment_intent": "pi_1"}, "resource_missing", "payment_intent"),
        ({"charge": "ch_1", "amount": 0}, "parameter_invalid_integer", "amount"),
        ({"charge": "ch_1", "reason": "whim"}, None, "reason"),
        ({"charge": "ch_1", "reverse_transfer": True}, None, "reverse_transfer"),
    ],
)
def test_a_refund_of_nothing_or_of_nonsense_is_refused(sandbox, params, code, param):
    error = refused(sandbox, **params)
    assert (error.http_status, error.code, error.param) == (400, code, param)


def test_a_charge_and_an_intent_must_belong_together(sandbox):
    one, other = sandbox.charge(), sandbox.charge()
    error = refused(sandbox, charge=one.id, payment_intent=other.payment_intent)
    assert error.param == "charge"
    assert sandbox.state()["refunds"] == []


def test_a_currency_with_three_decimals_is_refunded_in_tens(sandbox):
    charge = sandbox.charge(currency="kwd", amount=1_250)
    assert refused(sandbox, charge=charge.id, amount=1_005).code == "parameter_invalid_integer"
    assert refund(sandbox, charge, amount=1_000).amount == 1_000


def test_refunds_are_retrieved_and_listed(sandbox):
    one, other = sandbox.charge(), sandbox.charge()
    first, second, third = refund(sandbox, one, amount=1), refund(sandbox, one, amount=2), refund(sandbox, other)
    listing = sandbox.client.v1.refunds.list

    def ids(**params):
        return [found.id for found in listing(params=params).data]

    assert again(sandbox, first).amount == 1
    assert ids() == [third.id, second.id, first.id]
    assert ids(charge=one.id) == [second.id, first.id]
    assert ids(payment_intent=other.payment_intent) == [third.id]
    assert ids(limit=1, starting_after=third.id) == [second.id]
    assert ids(created={"gte": first.created}) == [third.id, second.id, first.id]
    assert ids(created={"lt": first.created}) == []
    with pytest.raises(stripe.InvalidRequestError, match="No such refund: 're_1'") as missing:
        sandbox.client.v1.refunds.retrieve("re_1")
    assert missing.value.http_status == 404


def test_metadata_is_changed_key_by_key(sandbox):
    made = refund(sandbox, sandbox.charge(), metadata={"keep": "1", "drop": "2"})
    update = sandbox.client.v1.refunds.update
    changed = update(made.id, params={"metadata": {"drop": "", "new": "3"}})
    assert changed.metadata.to_dict() == {"keep": "1", "new": "3"}
    assert events(sandbox, "refund.updated")[-1]["data"]["previous_attributes"] == {
        "metadata": {"keep": "1", "drop": "2"}
    }
    assert update(made.id, params={"metadata": ""}).metadata.to_dict() == {}


def test_a_pending_refund_waits_until_it_is_settled(sandbox):
    sandbox.control("mode", refund_outcome="pending")
    charge = sandbox.charge()
    made = refund(sandbox, charge)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    # The balance has paid already, and the charge counts it.
    assert transaction(sandbox, made.balance_transaction).amount == -12_500
    assert again(sandbox, charge).refunded is True
    assert told(sandbox) == CREATED

    sandbox.control(f"refunds/{made.id}/settle", success=True)
    assert again(sandbox, made).status == "succeeded"
    assert told(sandbox) == [*CREATED, *UPDATED]
    assert events(sandbox, "refund.updated")[0]["data"]["previous_attributes"]["status"] == "pending"
    sandbox.control(f"refunds/{made.id}/settle", success=True, expected=409)


def assert_returned(sandbox, made, status="failed", reason="expired_or_canceled_card"):
    """The customer did not get the money: it is on the balance again, and may be refunded again."""
    failed = again(sandbox, made)
    assert (failed.status, failed.failure_reason) == (status, reason)
    undone = transaction(sandbox, failed.failure_balance_transaction)
    assert (undone.type, undone.amount, undone.fee, undone.source) == ("refund_failure", made.amount, 0, made.id)
    charge = sandbox.client.v1.charges.retrieve(made.charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert sandbox.client.v1.balance.retrieve().available[0].amount == 12_037


def test_a_pending_refund_fails(sandbox):
    sandbox.control("mode", refund_outcome="pending")
    made = refund(sandbox, sandbox.charge())
    sandbox.control(f"refunds/{made.id}/settle", success=False)
    assert_returned(sandbox, made)
    assert told(sandbox) == [*CREATED, "refund.failed", *UPDATED]
    assert events(sandbox, "refund.failed")[0]["data"]["object"]["status"] == "failed"
    sandbox.control(f"refunds/{made.id}/settle", success=False, expected=409)
    sandbox.control("mode", refund_outcome="succeeded")
    assert refund(sandbox, sandbox.client.v1.charges.retrieve(made.charge)).amount == 12_500


def test_a_refund_that_succeeded_comes_back_from_the_bank(sandbox):
    made = refund(sandbox, sandbox.charge())
    sandbox.control(f"refunds/{made.id}/settle", success=False)
    assert_returned(sandbox, made)
    assert told(sandbox) == [*CREATED, *UPDATED, "refund.failed", *UPDATED]
    assert events(sandbox, "refund.updated")[-1]["data"]["previous_attributes"]["status"] == "succeeded"


def test_a_failing_refund_fails_by_itself(sandbox, receiver):
    sandbox.control("mode", refund_outcome="failing")
    began = time.monotonic()
    made = refund(sandbox, sandbox.charge())
    assert made.status == "pending"
    receiver.wait_for("charge.refund.updated")
    assert time.monotonic() - began > 0.4
    assert_returned(sandbox, made)
    assert receiver.types[AFTER_PAYMENT:] == [*CREATED, "refund.failed", *UPDATED]


def test_a_failing_refund_that_is_settled_first_stays_settled(sandbox):
    sandbox.control("mode", refund_outcome="failing")
    made = refund(sandbox, sandbox.charge())
    sandbox.control(f"refunds/{made.id}/settle", success=True)
    time.sleep(0.8)
    assert again(sandbox, made).status == "succeeded"


def test_a_pending_refund_is_cancelled(sandbox):
    sandbox.control("mode", refund_outcome="pending")
    made = refund(sandbox, sandbox.charge())
    assert sandbox.client.v1.refunds.cancel(made.id).status == "canceled"
    assert_returned(sandbox, made, "canceled", "merchant_request")
    assert told(sandbox) == [*CREATED, *UPDATED]
    with pytest.raises(stripe.InvalidRequestError, match="status of `canceled`"):
        sandbox.client.v1.refunds.cancel(made.id)


def test_only_a_pending_refund_is_cancelled(sandbox):
    made = refund(sandbox, sandbox.charge())
    with pytest.raises(stripe.InvalidRequestError, match="status of `succeeded`"):
        sandbox.client.v1.refunds.cancel(made.id)
    assert again(sandbox, made).status == "succeeded"


def test_a_refund_by_hand_in_the_dashboard(sandbox, receiver):
    charge = sandbox.charge(payment_intent_data={"metadata": {"payment_id": "7"}})
    part = sandbox.control(f"charges/{charge.id}/refund", amount=500)
    rest = sandbox.control(f"charges/{charge.id}/refund")
    assert (part["amount"], rest["amount"], rest["status"], rest["metadata"]) == (500, 12_000, "succeeded", {})
    receiver.wait_for("charge.refund.updated", 2)
    assert events(sandbox, "refund.created")[0]["request"] == {"id": None, "idempotency_key": None}
    said = sandbox.control(f"charges/{charge.id}/refund", expected=409)
    assert said["error"] == f"Charge {charge.id} has already been refunded."
    sandbox.control("charges/ch_1/refund", expected=404)
    sandbox.control(f"charges/{charge.id}/refund", amount="all", expected=400)


def test_expansions_of_a_refund_and_of_a_charge_s_refunds(sandbox):
    sandbox.control("mode", refund_outcome="pending")
    charge = sandbox.charge()
    paths = ["balance_transaction", "charge", "payment_intent"]
    made = refund(sandbox, charge, amount=100, expand=paths)
    assert (made.balance_transaction.net, made.charge.amount_refunded) == (-100, 100)
    assert made.payment_intent.latest_charge == charge.id
    sandbox.control(f"refunds/{made.id}/settle", success=False)
    retrieve = sandbox.client.v1.refunds.retrieve
    failed = retrieve(made.id, params={"expand": ["failure_balance_transaction.source"]})
    assert failed.failure_balance_transaction.source.id == made.id
    listed = sandbox.client.v1.refunds.list(params={"expand": ["data.charge.balance_transaction"]})
    assert listed.data[0].charge.balance_transaction.type == "charge"

    assert "refunds" not in charge
    whole = sandbox.client.v1.charges.retrieve(charge.id, params={"expand": ["refunds.data.balance_transaction"]})
    assert (whole.refunds.has_more, [one.id for one in whole.refunds.data]) == (False, [made.id])
    assert whole.refunds.data[0].balance_transaction.amount == -100
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sandbox.client.v1.charges.retrieve(charge.id, params={"expand": ["refunds.balance_transaction"]})


def test_a_bank_transfer_is_refunded_to_the_bank(sandbox):
    session = sandbox.pay("bank_transfer")
    sandbox.control(f"sessions/{session.id}/settle", success=True)
    made = sandbox.client.v1.refunds.create(params={"payment_intent": session.payment_intent})
    assert made.destination_details.type == "us_bank_transfer"
    assert made.status == "succeeded"
