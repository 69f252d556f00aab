"""Staff decide about money, at the staff site."""

from bookings.models import Trip
from tests.races.journey import Journey
from tests.races.scenes.scene import REFUNDED, End, scene

STAFF = "payments.actions.give_back"


@scene("web", f"{STAFF}.give_courtesy")
def gets_a_courtesy(journey: Journey) -> End:
    journey.buy()
    typed = {"amount": "12.50", "reason": "Broken seat"}
    shown = journey.desk.look("payments_payment_give_courtesy", journey.payment, **typed)
    with journey.fatal():
        journey.desk.confirm(shown)
    if not journey.payment.refunds.exists():
        journey.desk.confirm(journey.desk.look("payments_payment_give_courtesy", journey.payment, **typed))
    return End("confirmed", "partially_refunded", ("succeeded",))


def failed_refund(journey: Journey) -> None:
    """The gateway accepted it, and could not pay it."""
    journey.buy()
    journey.sandbox.mode(refund_outcome="pending")
    journey.cancel()
    refund = journey.wait_for_refund("submitted")
    journey.sandbox.settle_refund(refund.attempts.get().gateway_refund_id, success=False)
    journey.wait_for_refund("failed")
    journey.hear_everything()
    journey.sandbox.mode(refund_outcome="succeeded")


def decide_on_failed_refund(journey: Journey, decision: str) -> None:
    """What staff do, and do again if it was not done."""
    failed = journey.payment.refunds.get(status="failed")
    shown = journey.desk.look(decision, failed, reason="The card is closed")
    with journey.fatal():
        journey.desk.confirm(shown)
    failed.refresh_from_db()
    if failed.status == "failed":
        journey.desk.confirm(journey.desk.look(decision, failed, reason="The card is closed"))


@scene("web", f"{STAFF}.try_again")
def is_paid_back_once_staff_send_it_again(journey: Journey) -> End:
    failed_refund(journey)
    decide_on_failed_refund(journey, "payments_refund_try_again")
    return REFUNDED


@scene("web", f"{STAFF}.pay_by_hand")
def is_paid_back_by_hand(journey: Journey) -> End:
    failed_refund(journey)
    decide_on_failed_refund(journey, "payments_refund_pay_by_hand")
    return REFUNDED


@scene("web", f"{STAFF}.replace")
def is_paid_back_in_the_dashboard_instead(journey: Journey) -> End:
    failed_refund(journey)
    journey.sandbox.refund_in_dashboard(journey.payment.charge_id, journey.refund.amount)
    journey.hear_everything()
    decide_on_failed_refund(journey, "payments_refund_went_back")
    return End("refunded", "partially_refunded", ("replaced", "succeeded"))


@scene("web", f"{STAFF}.account_as_courtesy")
def got_a_courtesy_in_the_dashboard(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.refund_in_dashboard(journey.payment.charge_id, 500)
    journey.hear_everything()
    shown = journey.desk.look("payments_refund_was_courtesy", journey.refund, reason="Says the clerk")
    with journey.fatal():
        journey.desk.confirm(shown)
    if not journey.refund.accounted:
        journey.desk.confirm(journey.desk.look("payments_refund_was_courtesy", journey.refund, reason="Says the clerk"))
    return End("confirmed", "partially_refunded", ("succeeded",))


@scene("web", "bookings.actions.cancel_trip.cancel_trip")
def is_on_a_trip_that_staff_cancel(journey: Journey) -> End:
    journey.buy()
    shown = journey.desk.look("payments_cancel_trip", journey.trip, reason="Storm")
    with journey.fatal():
        journey.desk.confirm(shown)
    if Trip.objects.get().status == "open":
        journey.desk.confirm(journey.desk.look("payments_cancel_trip", journey.trip, reason="Storm"))
    return End("refunded", "refunded", ("succeeded",))
