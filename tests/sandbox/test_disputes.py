"""Disputes: what a bank takes, asks and gives back, and what a merchant may do meanwhile."""

import time

import pytest
import stripe

AFTER_PAYMENT = 5  # events of a payment, `charge.updated` the last of them
OPENED = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
NET = 12_037  # of the charge, after Stripe's fee


def dispute(sandbox, charge, **wanted):
    """The customer disputes; the dispute as the API shows it."""
    made = sandbox.control(f"charges/{charge.id}/dispute", **wanted)
    return sandbox.client.v1.disputes.retrieve(made["id"])


def move(sandbox, disputed, status, expected=200):
    sandbox.control(f"disputes/{disputed.id}/move", status=status, expected=expected)
    return sandbox.client.v1.disputes.retrieve(disputed.id)


def told(sandbox):
    return [event["type"] for event in sandbox.state()["events"]][AFTER_PAYMENT:]


def shown(sandbox, kind):
    """The object of the last event of a type."""
    return [event["data"]["object"] for event in sandbox.state()["events"] if event["type"] == kind][-1]


def balance(sandbox):
    return sandbox.client.v1.balance.retrieve().available[0].amount


def test_a_chargeback_takes_the_money_and_a_fee(sandbox):
    charge = sandbox.charge()
    disputed = dispute(sandbox, charge, reason="product_not_received")
    assert (disputed.status, disputed.amount, disputed.currency) == ("needs_response", 12_500, "sar")
    assert (disputed.charge, disputed.payment_intent) == (charge.id, charge.payment_intent)
    assert (disputed.reason, disputed.is_charge_refundable) == ("product_not_received", False)
    card = disputed.payment_method_details.card
    assert (card.case_type, card.network_reason_code) == ("chargeback", "13.1")
    assert disputed.evidence_details.due_by > time.time() + 86_400

    [withdrawn] = disputed.balance_transactions
    assert (withdrawn.type, withdrawn.reporting_category) == ("adjustment", "dispute")
    assert (withdrawn.amount, withdrawn.fee, withdrawn.net) == (-12_500, 1_500, -14_000)
    assert (withdrawn.source, withdrawn.currency) == (disputed.id, "sar")
    assert withdrawn.fee_details[0].description == "Dispute fee"
    kept = sandbox.client.v1.balance_transactions.retrieve(withdrawn.id)
    assert kept.to_dict() == withdrawn.to_dict()
    assert balance(sandbox) == NET - 14_000
    assert sandbox.client.v1.charges.retrieve(charge.id).disputed is True
    assert told(sandbox) == OPENED
    assert shown(sandbox, OPENED[1])["balance_transactions"][0]["id"] == withdrawn.id


@pytest.mark.parametrize(("currency", "fee"), [("usd", 1_500), ("jpy", 15), ("kwd", 15_000)])
def test_the_fee_is_fifteen_of_whatever_the_currency_is(sandbox, currency, fee):
    disputed = dispute(sandbox, sandbox.charge(currency=currency))
    assert disputed.balance_transactions[0].fee == fee


def test_a_part_of_a_payment_is_disputed(sandbox):
    charge = sandbox.charge()
    sandbox.client.v1.refunds.create(params={"charge": charge.id, "amount": 2_500})
    assert dispute(sandbox, charge).amount == 10_000
    other = sandbox.charge()
    assert dispute(sandbox, other, amount=700).balance_transactions[0].amount == -700


def test_a_dispute_that_is_won_gives_the_money_back_but_not_the_fee(sandbox):
    disputed = dispute(sandbox, sandbox.charge())
    assert move(sandbox, disputed, "under_review").status == "under_review"
    won = move(sandbox, disputed, "won")
    withdrawn, reinstated = won.balance_transactions
    assert (won.status, withdrawn.amount) == ("won", -12_500)
    assert (reinstated.type, reinstated.reporting_category) == ("adjustment", "dispute_reversal")
    assert (reinstated.amount, reinstated.fee, reinstated.net) == (12_500, 0, 12_500)
    assert balance(sandbox) == NET - 1_500
    assert told(sandbox) == [
        *OPENED, "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"
    ]  # fmt: skip
    assert len(shown(sandbox, "charge.dispute.closed")["balance_transactions"]) == 1
    assert len(shown(sandbox, "charge.dispute.funds_reinstated")["balance_transactions"]) == 2
    assert sandbox.client.v1.charges.retrieve(disputed.charge).disputed is True


def test_the_fee_comes_back_too_if_the_mode_says_so(sandbox):
    sandbox.control("mode", dispute_fee_returned=True)
    disputed = dispute(sandbox, sandbox.charge())
    reinstated = move(sandbox, disputed, "won").balance_transactions[1]
    assert (reinstated.amount, reinstated.fee, reinstated.net) == (12_500, -1_500, 14_000)
    assert balance(sandbox) == NET


def test_a_dispute_that_is_lost_is_over(sandbox):
    disputed = dispute(sandbox, sandbox.charge())
    lost = move(sandbox, disputed, "lost")
    assert (lost.status, len(lost.balance_transactions)) == ("lost", 1)
    assert told(sandbox) == [*OPENED, "charge.dispute.closed"]
    for status in ("won", "under_review", "lost"):
        move(sandbox, disputed, status, expected=409)
    assert balance(sandbox) == NET - 14_000


def test_the_money_of_a_lost_dispute_can_come_back_all_the_same(sandbox):
    disputed = dispute(sandbox, sandbox.charge())
    move(sandbox, disputed, "lost")
    sandbox.control(f"disputes/{disputed.id}/reinstate")
    back = sandbox.client.v1.disputes.retrieve(disputed.id)
    assert (back.status, [one.amount for one in back.balance_transactions]) == ("lost", [-12_500, 12_500])
    assert told(sandbox) == [*OPENED, "charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert balance(sandbox) == NET - 1_500
    sandbox.control(f"disputes/{disputed.id}/reinstate", expected=409)
    assert sandbox.client.v1.refunds.create(params={"charge": disputed.charge}).status == "succeeded"


@pytest.mark.parametrize("end", ["warning_closed", "prevented"])
def test_an_inquiry_moves_no_money(sandbox, end):
    charge = sandbox.charge()
    asked = dispute(sandbox, charge, inquiry=True)
    assert (asked.status, asked.is_charge_refundable) == ("warning_needs_response", True)
    assert (asked.balance_transactions, asked.payment_method_details.card.case_type) == ([], "inquiry")
    assert move(sandbox, asked, "warning_under_review").status == "warning_under_review"
    assert move(sandbox, asked, end).status == end
    assert told(sandbox) == ["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"]
    assert balance(sandbox) == NET
    assert sandbox.client.v1.charges.retrieve(charge.id).disputed is True


def test_an_inquiry_becomes_a_chargeback(sandbox):
    asked = dispute(sandbox, sandbox.charge(), inquiry=True)
    disputed = move(sandbox, asked, "needs_response")
    assert (disputed.status, disputed.is_charge_refundable) == ("needs_response", False)
    assert disputed.payment_method_details.card.case_type == "chargeback"
    assert [one.net for one in disputed.balance_transactions] == [-14_000]
    assert told(sandbox) == [
        "charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn"
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["needs_response", "under_review", "lost"])
def test_what_the_bank_has_taken_is_not_refunded(sandbox, status):
    charge = sandbox.charge()
    disputed = dispute(sandbox, charge)
    if status != "needs_response":
        move(sandbox, disputed, status)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.refunds.create(params={"charge": charge.id})
    assert refused.value.code == "charge_disputed"
    assert refused.value.user_message == f"Charge {charge.id} has been charged back; cannot issue a refund."
    assert sandbox.state()["refunds"] == []


def test_what_the_bank_has_not_taken_or_given_back_is_refunded(sandbox):
    asked, won = sandbox.charge(), sandbox.charge()
    dispute(sandbox, asked, inquiry=True)
    move(sandbox, dispute(sandbox, won), "won")
    for charge in (asked, won):
        assert sandbox.client.v1.refunds.create(params={"charge": charge.id}).status == "succeeded"


def test_evidence_is_handed_in(sandbox):
    disputed = dispute(sandbox, sandbox.charge())
    update = sandbox.client.v1.disputes.update
    evidence = {"customer_name": "Noor", "service_date": "2026-11-30"}
    staged = update(disputed.id, params={"evidence": evidence, "submit": False})
    assert (staged.status, staged.evidence.customer_name) == ("needs_response", "Noor")
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (True, 0)
    handed_in = update(disputed.id, params={"submit": True})
    assert (handed_in.status, handed_in.evidence.service_date) == ("under_review", "2026-11-30")
    details = handed_in.evidence_details
    assert (details.submission_count, details.submission_method) == (1, "manual")
    assert told(sandbox) == [*OPENED, "charge.dispute.updated", "charge.dispute.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="status of `under_review`"):
        update(disputed.id, params={"evidence": evidence})


def test_evidence_is_handed_in_at_once_unless_told_otherwise(sandbox):
    asked = dispute(sandbox, sandbox.charge(), inquiry=True)
    params = {"evidence": {"uncategorized_text": "They flew."}, "metadata": {"booking": "K7QXW3PM"}}
    answered = sandbox.client.v1.disputes.update(asked.id, params=params)
    assert (answered.status, answered.metadata.to_dict()) == ("warning_under_review", {"booking": "K7QXW3PM"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.client.v1.disputes.update(asked.id, params={"evidence": {"horoscope": "Leo"}})
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "evidence[horoscope]")


def test_disputes_are_listed(sandbox):
    first, second = (dispute(sandbox, sandbox.charge()) for _ in range(2))
    listing = sandbox.client.v1.disputes.list

    def ids(**params):
        return [found.id for found in listing(params=params).data]

    assert ids() == [second.id, first.id]
    assert ids(charge=first.charge) == [first.id]
    assert ids(payment_intent=second.payment_intent) == [second.id]
    assert ids(created={"gte": first.created}, limit=1) == [second.id]
    assert ids(created={"lt": first.created}) == []
    [whole] = listing(params={"charge": first.charge, "expand": ["data.charge", "data.payment_intent"]}).data
    assert (whole.charge.disputed, whole.payment_intent.latest_charge) == (True, first.charge)
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'du_1'") as missing:
        sandbox.client.v1.disputes.retrieve("du_1")
    assert missing.value.http_status == 404


def test_what_cannot_be_disputed(sandbox):
    charge = sandbox.charge()
    path = f"charges/{charge.id}/dispute"
    sandbox.control(path, reason="whim", expected=400)
    sandbox.control(path, inquiry="perhaps", expected=400)
    sandbox.control(path, amount=0, expected=400)
    sandbox.control(path, amount=12_501, expected=409)
    sandbox.control("charges/ch_1/dispute", expected=404)
    sandbox.control(path)
    sandbox.control(path, expected=409)  # there is an open one
    transfer = sandbox.pay("bank_transfer")
    sandbox.control(f"sessions/{transfer.id}/settle", success=True)
    [by_bank] = sandbox.client.v1.charges.list(params={"payment_intent": transfer.payment_intent}).data
    sandbox.control(f"charges/{by_bank.id}/dispute", expected=409)
    assert len(sandbox.state()["disputes"]) == 1


def test_a_refund_that_was_whole_leaves_nothing_to_dispute_but_an_amount_still_can_be(sandbox):
    charge = sandbox.charge()
    sandbox.client.v1.refunds.create(params={"charge": charge.id})
    sandbox.control(f"charges/{charge.id}/dispute", expected=409)
    assert dispute(sandbox, charge, amount=12_500).status == "needs_response"


def test_a_dispute_moves_only_where_banks_move_it(sandbox):
    disputed = dispute(sandbox, sandbox.charge())
    move(sandbox, disputed, "warning_closed", expected=409)
    move(sandbox, disputed, "prevented", expected=409)
    move(sandbox, disputed, "forgotten", expected=400)
    sandbox.control("disputes/du_1/move", status="won", expected=404)
    assert told(sandbox) == OPENED
