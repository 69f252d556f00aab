"""The balance, what it is paid out as, and what it is kept in."""

import pytest
import stripe

NET = 12_037  # of a charge of 12,500, after Stripe's fee


def lines(sandbox, payout, **params):
    """What a payout is the sum of, the newest first."""
    return sandbox.client.v1.balance_transactions.list(params={"payout": payout, **params}).data


def available(sandbox):
    return {one.currency: one.amount for one in sandbox.client.v1.balance.retrieve().available}


def payout_events(sandbox):
    return [event for event in sandbox.state()["events"] if event["type"].startswith("payout.")]


def test_a_payout_is_the_sum_of_what_was_not_paid_out_yet(sandbox):
    charge = sandbox.charge()
    refund = sandbox.client.v1.refunds.create(params={"charge": charge.id, "amount": 37})
    made = sandbox.control("payouts", currency="sar")
    payout = sandbox.client.v1.payouts.retrieve(made["id"])
    assert (payout.amount, payout.currency, payout.status) == (NET - 37, "sar", "in_transit")
    assert (payout.automatic, payout.reconciliation_status) == (True, "in_progress")
    assert payout.arrival_date > payout.created
    assert [line.id for line in lines(sandbox, payout.id)] == [
        payout.balance_transaction,
        refund.balance_transaction,
        charge.balance_transaction,
    ]
    assert sum(line.net for line in lines(sandbox, payout.id)) == 0
    own = sandbox.client.v1.balance_transactions.retrieve(payout.balance_transaction)
    assert (own.type, own.amount, own.fee, own.source) == ("payout", -(NET - 37), 0, payout.id)
    assert available(sandbox) == {"sar": 0}
    [created] = payout_events(sandbox)
    assert (created["type"], created["data"]["object"]) == ("payout.created", payout.to_dict())


def test_every_line_is_in_one_payout(sandbox):
    sandbox.charge()
    first = sandbox.control("payouts", currency="sar")["id"]
    sandbox.control("payouts", currency="sar", expected=409)
    later = sandbox.charge()
    sandbox.charge(currency="usd")
    second = sandbox.control("payouts", currency="sar")["id"]
    assert {line.source for line in lines(sandbox, second)} == {second, later.id}
    assert len(lines(sandbox, first)) == 2
    assert available(sandbox) == {"sar": 0, "usd": 12_500 - 463}


def test_a_payout_arrives_and_is_reconciled(sandbox):
    sandbox.charge()
    made = sandbox.control("payouts", currency="sar")["id"]
    sandbox.control(f"payouts/{made}/settle", success=True)
    payout = sandbox.client.v1.payouts.retrieve(made)
    assert (payout.status, payout.reconciliation_status) == ("paid", "completed")
    stages = [
        (event["type"], event["data"]["object"]["status"], event["data"]["object"]["reconciliation_status"])
        for event in payout_events(sandbox)
    ]
    assert stages == [
        ("payout.created", "in_transit", "in_progress"),
        ("payout.paid", "paid", "in_progress"),
        ("payout.reconciliation_completed", "paid", "completed"),
    ]
    sandbox.control(f"payouts/{made}/settle", success=True, expected=409)


@pytest.mark.parametrize("after_it_was_paid", [False, True])
def test_a_payout_fails_and_its_money_is_in_the_next(sandbox, after_it_was_paid):
    sandbox.charge()
    made = sandbox.control("payouts", currency="sar")["id"]
    if after_it_was_paid:
        sandbox.control(f"payouts/{made}/settle", success=True)
    sandbox.control(f"payouts/{made}/settle", success=False)
    payout = sandbox.client.v1.payouts.retrieve(made, params={"expand": ["failure_balance_transaction"]})
    assert (payout.status, payout.failure_code) == ("failed", "account_closed")
    undone = payout.failure_balance_transaction
    assert (undone.type, undone.net, undone.source) == ("payout_failure", NET, made)
    assert available(sandbox) == {"sar": NET}
    assert payout_events(sandbox)[-1]["type"] == "payout.failed"
    sandbox.control(f"payouts/{made}/settle", success=False, expected=409)

    following = sandbox.control("payouts", currency="sar")
    assert following["amount"] == NET
    assert {line.type for line in lines(sandbox, following["id"])} == {"payout", "payout_failure"}
    assert {line.type for line in lines(sandbox, made)} == {"payout", "charge"}


def test_a_balance_below_zero_is_collected(sandbox):
    sandbox.control("balance", type="stripe_fee", amount=-900, currency="sar")
    assert sandbox.control("payouts", currency="sar")["amount"] == -900
    assert available(sandbox) == {"sar": 0}


@pytest.mark.parametrize("currency", [None, "xyz", "SAR", ["sar"]])
def test_a_payout_wants_a_currency(sandbox, currency):
    sandbox.control("payouts", currency=currency, expected=400)


def test_payouts_are_listed(sandbox):
    made = []
    for _ in range(3):
        sandbox.charge()
        made.append(sandbox.control("payouts", currency="sar"))
    sandbox.control(f"payouts/{made[0]['id']}/settle", success=True)
    first, second, third = (payout["id"] for payout in made)
    listing = sandbox.client.v1.payouts.list

    def ids(**params):
        return [found.id for found in listing(params=params).data]

    assert ids() == [third, second, first]
    assert ids(status="paid") == [first]
    assert ids(limit=1, starting_after=third) == [second]
    arrival = made[0]["arrival_date"]
    assert ids(arrival_date={"gte": arrival}) == [third, second, first]
    assert ids(arrival_date={"lt": arrival}) == []
    assert first in ids(arrival_date=arrival)
    assert ids(created={"gt": made[2]["created"]}) == []
    whole = listing(params={"expand": ["data.balance_transaction"]}).data[0]
    assert whole.balance_transaction.type == "payout"
    with pytest.raises(stripe.InvalidRequestError, match="No such payout: 'po_1'") as missing:
        sandbox.client.v1.payouts.retrieve("po_1")
    assert missing.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="No such payout: 'po_1'"):
        lines(sandbox, "po_1")


def test_the_lines_of_a_payout_by_page_type_and_source(sandbox):
    charges = [sandbox.charge() for _ in range(3)]
    payout = sandbox.control("payouts", currency="sar")["id"]
    params = {"payout": payout, "limit": 1, "expand": ["data.source"]}
    walked = list(sandbox.client.v1.balance_transactions.list(params=params).auto_paging_iter())
    assert [line.source.id for line in walked] == [payout, *(charge.id for charge in charges[::-1])]
    assert {line.source.object for line in walked} == {"charge", "payout"}
    assert len(lines(sandbox, payout, type="charge")) == 3
    assert [line.source for line in lines(sandbox, payout, source=charges[1].id)] == [charges[1].id]
    assert lines(sandbox, payout, currency="usd") == []


def test_sources_of_every_kind_are_expanded(sandbox):
    charge = sandbox.charge()
    sandbox.client.v1.refunds.create(params={"charge": charge.id, "amount": 1})
    sandbox.control(f"charges/{charge.id}/dispute", amount=1)
    sandbox.control("balance", type="adjustment", amount=5, currency="sar", source="who_knows")
    listed = sandbox.client.v1.balance_transactions.list(params={"expand": ["data.source.charge"]}).data
    assert [one.source if isinstance(one.source, str) else one.source.object for one in listed] == [
        "who_knows", "dispute", "refund", "charge"
    ]  # fmt: skip
    assert listed[1].source.charge.id == listed[2].source.charge.id == charge.id


def test_balance_transactions_by_time(sandbox):
    booked = sandbox.control("balance", type="adjustment", amount=1, currency="sar")
    moment = booked["created"]
    listing = sandbox.client.v1.balance_transactions.list
    found = {bound: len(listing(params={"created": {bound: moment}}).data) for bound in ("gte", "gt", "lte", "lt")}
    assert found == {"gte": 1, "gt": 0, "lte": 1, "lt": 0}


def test_any_transaction_can_be_put_on_the_balance(sandbox):
    booked = sandbox.control(
        "balance",
        type="tax_on_moonlight",
        amount=-250,
        currency="usd",
        fee=30,
        description="Moonlight",
        source="moon_1",
        reporting_category="other_adjustment",
    )
    found = sandbox.client.v1.balance_transactions.retrieve(booked["id"])
    assert found.to_dict() == booked
    assert (found.type, found.amount, found.fee, found.net) == ("tax_on_moonlight", -250, 30, -280)
    assert (found.source, found.reporting_category, found.description) == ("moon_1", "other_adjustment", "Moonlight")
    assert found.fee_details[0].amount == 30
    assert available(sandbox) == {"usd": -280}
    plain = sandbox.control("balance", type="stripe_fee", amount=-5, currency="usd")
    assert (plain["reporting_category"], plain["source"], plain["fee_details"]) == ("fee", None, [])
    assert sandbox.client.v1.balance_transactions.list(params={"type": "stripe_fee"}).data[0].id == plain["id"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"amount": 1, "currency": "usd"},
        {"type": "adjustment", "currency": "usd"},
        {"type": "adjustment", "amount": "1", "currency": "usd"},
        {"type": "adjustment", "amount": 1, "currency": "gold"},
        {"type": "adjustment", "amount": 1, "currency": "usd", "fee": None},
        {"type": "adjustment", "amount": 1, "currency": "usd", "source": 7},
    ],
)
def test_a_transaction_that_makes_no_sense_is_refused(sandbox, wanted):
    sandbox.control("balance", expected=400, **wanted)
    assert sandbox.state()["balance_transactions"] == []


def test_a_balance_in_another_currency_than_the_charge(sandbox):
    sandbox.control("mode", settlement_currency="usd", exchange_rate=0.2666)
    charge = sandbox.charge(amount=12_501)
    booked = sandbox.client.v1.balance_transactions.retrieve(charge.balance_transaction)
    # 125.01 riyals are 33.33 dollars (3332.7666 cents); the fee is of these: 2.9 % (97 cents) and one dollar.
    assert (booked.amount, booked.currency, booked.exchange_rate) == (3_333, "usd", 0.2666)
    assert (booked.fee, booked.net, booked.fee_details[0].currency) == (197, 3_136, "usd")
    assert (charge.amount, charge.currency) == (12_501, "sar")

    sandbox.control("mode", exchange_rate=0.3)
    refund = sandbox.client.v1.refunds.create(
        params={"charge": charge.id, "amount": 1_000, "expand": ["balance_transaction"]}
    )
    assert (refund.amount, refund.currency) == (1_000, "sar")
    sent = refund.balance_transaction
    assert (sent.amount, sent.currency, sent.exchange_rate) == (-300, "usd", 0.3)
    sandbox.control("mode", exchange_rate=0.4)
    sandbox.control(f"refunds/{refund.id}/settle", success=False)
    returned = sandbox.state()["balance_transactions"][-1]
    assert (returned["type"], returned["amount"], returned["exchange_rate"]) == ("refund_failure", 300, 0.3)

    disputed = sandbox.control(f"charges/{charge.id}/dispute", amount=1_000)
    [withdrawn] = disputed["balance_transactions"]
    assert (disputed["amount"], disputed["currency"]) == (1_000, "sar")
    assert (withdrawn["amount"], withdrawn["fee"], withdrawn["currency"]) == (-400, 1_500, "usd")
    assert set(available(sandbox)) == {"usd"}


def test_a_charge_in_the_settlement_currency_is_not_converted(sandbox):
    sandbox.control("mode", settlement_currency="sar", exchange_rate=2)
    booked = sandbox.client.v1.balance_transactions.retrieve(sandbox.charge().balance_transaction)
    assert (booked.amount, booked.exchange_rate) == (12_500, None)


@pytest.mark.parametrize(
    "mode",
    [
        {"settlement_currency": "gold"},
        {"exchange_rate": 0},
        {"exchange_rate": "1.5"},
        {"exchange_rate": None},
        {"refund_outcome": "lost"},
        {"dispute_fee_returned": 1},
    ],
)
def test_a_mode_that_makes_no_sense_is_refused(sandbox, mode):
    before = sandbox.control("mode")
    sandbox.control("mode", expected=400, **mode)
    assert sandbox.control("mode") == before
