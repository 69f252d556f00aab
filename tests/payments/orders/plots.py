"""The scenarios: what happens at the gateway, and what it must come to, whatever we hear of it and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.payments.orders.stage import Stage

# Two seats of 100.00 with 15 % tax in it, and the booking fee for each.
FARE, TAX, FEES = 17_392, 2_608, 1_000
TOTAL = FARE + TAX + FEES
GATEWAY_FEE = round(TOTAL * 0.029) + 100
DISPUTE_FEE = 1_500
# Of one seat, by the operator's policy: what goes back, and what is kept of the fare.
REFUND = TOTAL // 2 * 80 // 100

CLEARING, DISPUTED = "gateway:stripe:clearing", "gateway:stripe:disputed"
UNEARNED = {"travellers:unearned": -FARE, "tax:payable": -TAX, "platform:booking_fees": -FEES}
CHARGED = {CLEARING: TOTAL - GATEWAY_FEE, "platform:gateway_fees": GATEWAY_FEE}


@dataclass(frozen=True)
class Plot:
    """A scenario.

    `booking`: how the first booking and its money stand in the end; `refunds`: why something goes back, and whether it
    did; `books`: balances that tell. `every`: the news, by how their names begin, of which every order is tried.
    """

    play: Callable[[Stage], None]
    booking: tuple[str, str]
    books: Mapping[str, int]
    every: tuple[str, ...]
    refunds: tuple[tuple[str, str], ...] = ()
    # Whether all its money has reached the gateway's balance; a charge is ours at once, and there only later.
    settled: bool = True
    # Of a dispute that is still open, old news cannot be told from new ones: its status is that of the last to arrive.
    open_end: bool = False
    # Messages that are a matter of luck: who hears of the end first never tells what was in between.
    by_chance: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.play.__name__


def paid(stage: Stage) -> None:
    stage.pay(stage.start(stage.hold("1A", "1B")))


def paid_with_fee(stage: Stage) -> None:
    paid(stage)
    stage.take_fee(stage.payments[0])


def declined_then_paid(stage: Stage) -> None:
    payment = stage.start(stage.hold("1A", "1B"))
    stage.pay(payment, "declined")
    stage.pay(payment)
    stage.take_fee(payment)


def paid_slowly(stage: Stage) -> None:
    payment = stage.start(stage.hold("1A", "1B"))
    stage.pay(payment, "bank_transfer")
    stage.settle(payment)
    stage.take_fee(payment)


def three_refunds_made_there(stage: Stage) -> None:
    """Three parts go back from the dashboard, and arrive in another order."""
    paid_with_fee(stage)
    stage.sandbox.mode(refund_outcome="pending")
    refunds = [stage.refund_there(stage.payments[0], amount) for amount in (100, 200, 300)]
    for number in (1, 2, 0):
        stage.settle_refund(refunds[number], success=True)


def three_refunds_of_ours(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.hear_of(stage.payments[0])
    for amount in (100, 200, 300):
        stage.give_courtesy(stage.payments[0], amount)


def refund_that_came_back(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.hear_of(stage.payments[0])
    stage.sandbox.mode(refund_outcome="pending")
    stage.cancel(stage.bookings[0], "1B")
    (refund,) = stage.sandbox.objects("refunds")
    stage.settle_refund(refund["id"], success=True)
    stage.settle_refund(refund["id"], success=False)


def dispute_won(stage: Stage) -> None:
    paid_with_fee(stage)
    dispute = stage.dispute(stage.payments[0])
    stage.move_dispute(dispute, "under_review")
    stage.move_dispute(dispute, "won")


def dispute_lost(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.move_dispute(stage.dispute(stage.payments[0]), "lost")


def dispute_lost_and_money_back(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.hear_of(stage.payments[0])
    dispute = stage.dispute(stage.payments[0])
    stage.move_dispute(dispute, "lost")
    stage.reinstate_dispute(dispute)


def dispute_undecided(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.move_dispute(stage.dispute(stage.payments[0]), "under_review")


def refund_made_there_and_dispute(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.refund_there(stage.payments[0], 1_000)
    stage.move_dispute(stage.dispute(stage.payments[0]), "lost")


def cancelled_seat_and_dispute(stage: Stage) -> None:
    paid_with_fee(stage)
    stage.hear_of(stage.payments[0])
    stage.cancel(stage.bookings[0], "1B")
    stage.move_dispute(stage.dispute(stage.payments[0]), "lost")


def late_and_seat_sold_again(stage: Stage) -> None:
    booking = stage.hold("1A", "1B")
    payment = stage.start(booking)
    stage.end_hold(booking)
    stage.hold("1B")
    stage.pay(payment)
    stage.take_fee(payment)


def late_and_sent_back(stage: Stage) -> None:
    late_and_seat_sold_again(stage)
    stage.hear_of(stage.payments[0])
    stage.send_refunds()


def late_and_seats_free(stage: Stage) -> None:
    booking = stage.hold("1A", "1B")
    payment = stage.start(booking)
    stage.end_hold(booking)
    stage.pay(payment)
    stage.take_fee(payment)


def two_sessions_paid(stage: Stage) -> None:
    booking = stage.hold("1A", "1B")
    stage.lose_sight_of(stage.start(booking))
    stage.start(booking)
    for payment in stage.payments:
        stage.pay(payment)
    for payment in stage.payments:
        stage.take_fee(payment)
    stage.interchangeable = True


_PAID = ("payment_intent.succeeded", "checkout.session.completed", "charge.updated")
PLOTS = [
    Plot(paid, ("confirmed", "paid"), UNEARNED | {CLEARING: TOTAL}, _PAID, settled=False),
    Plot(paid_with_fee, ("confirmed", "paid"), UNEARNED | CHARGED, _PAID),
    Plot(declined_then_paid, ("confirmed", "paid"), UNEARNED | CHARGED, (*_PAID, "payment_intent.payment_failed")),
    Plot(paid_slowly, ("confirmed", "paid"), UNEARNED | CHARGED, (*_PAID, "checkout.session.async")),
    Plot(
        three_refunds_made_there,
        ("confirmed", "partially_refunded"),
        UNEARNED | CHARGED | {CLEARING: TOTAL - GATEWAY_FEE - 600, "suspense": 600},
        ("charge.updated", "refund.updated"),
        refunds=3 * (("gateway", "succeeded"),),
    ),
    Plot(
        three_refunds_of_ours,
        ("confirmed", "partially_refunded"),
        UNEARNED | CHARGED | {CLEARING: TOTAL - GATEWAY_FEE - 600, "platform:goodwill": 600},
        ("refund.created", "answer to payment 0 refund 1"),
        refunds=3 * (("goodwill", "succeeded"),),
    ),
    Plot(
        refund_that_came_back,
        ("confirmed", "paid"),
        CHARGED | {"refunds:payable": -REFUND},
        ("refund.created", "refund.updated", "answer to"),
        refunds=(("cancelled", "failed"),),
        by_chance=("refund.paid",),
    ),
    Plot(
        dispute_won,
        ("confirmed", "paid"),
        UNEARNED
        | CHARGED
        | {CLEARING: TOTAL - GATEWAY_FEE - DISPUTE_FEE, DISPUTED: 0, "platform:dispute_fees": DISPUTE_FEE},
        (
            "charge.updated",
            "charge.dispute.created",
            "charge.dispute.updated of payment 0 dispute 0, as of then",
            "charge.dispute.closed",
        ),
    ),
    Plot(
        dispute_lost,
        ("confirmed", "disputed"),
        {CLEARING: -GATEWAY_FEE - DISPUTE_FEE, DISPUTED: 0, "travellers:unearned": 0, "platform:chargeback_losses": 0},
        (
            "charge.updated",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn of payment 0 dispute 0, as of then",
            "charge.dispute.closed",
        ),
    ),
    Plot(
        dispute_lost_and_money_back,
        ("confirmed", "paid"),
        UNEARNED
        | CHARGED
        | {CLEARING: TOTAL - GATEWAY_FEE - DISPUTE_FEE, DISPUTED: 0, "platform:chargeback_losses": 0},
        (
            "charge.dispute.created",
            "charge.dispute.closed",
            "charge.dispute.funds_withdrawn of payment 0 dispute 0, as of then",
            "charge.dispute.funds_reinstated",
        ),
    ),
    Plot(
        dispute_undecided,
        ("confirmed", "disputed"),
        UNEARNED | {CLEARING: -GATEWAY_FEE - DISPUTE_FEE, DISPUTED: TOTAL},
        ("charge.dispute",),
        open_end=True,
    ),
    Plot(
        refund_made_there_and_dispute,
        ("confirmed", "disputed"),
        {CLEARING: -GATEWAY_FEE - DISPUTE_FEE, DISPUTED: 0, "suspense": 1_000, "platform:chargeback_losses": 0},
        ("charge.updated", "refund.created", "charge.dispute.created", "charge.dispute.closed"),
        refunds=(("gateway", "succeeded"),),
    ),
    Plot(
        cancelled_seat_and_dispute,
        ("confirmed", "disputed"),
        # What was kept of the cancelled seat's fare was the operator's and ours, and goes with the rest.
        {
            CLEARING: -GATEWAY_FEE - DISPUTE_FEE,
            DISPUTED: 0,
            "refunds:payable": 0,
            "travellers:unearned": 0,
            "operator:OPSAR:payable": 0,
            "platform:commission": 0,
            "platform:chargeback_losses": 0,
        },
        ("refund.created", "answer to", "charge.dispute.created", "charge.dispute.closed"),
        refunds=(("cancelled", "succeeded"),),
    ),
    Plot(
        late_and_seat_sold_again,
        ("expired", "unpaid"),
        CHARGED | {"refunds:payable": -TOTAL, "travellers:unearned": 0},
        (*_PAID, "sweep"),
        refunds=(("late", "requested"),),
    ),
    Plot(
        late_and_sent_back,
        ("expired", "unpaid"),
        {CLEARING: -GATEWAY_FEE, "refunds:payable": 0, "travellers:unearned": 0},
        ("charge.refunded", "refund.created", "answer to", "sweep"),
        refunds=(("late", "succeeded"),),
    ),
    Plot(late_and_seats_free, ("confirmed", "paid"), UNEARNED | CHARGED, (*_PAID, "sweep")),
    Plot(
        two_sessions_paid,
        ("confirmed", "paid"),
        UNEARNED | {CLEARING: 2 * (TOTAL - GATEWAY_FEE), "refunds:payable": -TOTAL},
        ("payment_intent.succeeded", "checkout.session.completed of payment 0, as of then", "charge.updated"),
        refunds=(("duplicate", "requested"),),
    ),
]
