"""Money goes back, however the gateway answers."""

from bookings.actions.cancel_trip import cancel_trip
from tests.races.journey import Journey
from tests.races.scenes.scene import APPLY, CANCEL, REFUND, REFUNDED, End, scene
from tests.services import wait_until


@scene("worker", f"{REFUND}._lease", "stripe refund", APPLY)
def is_paid_back(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(delivery="drop")
    with journey.fatal():
        journey.cancel()
    return REFUNDED


@scene("worker", f"{CANCEL}._cancel")
def is_paid_back_when_the_trip_is_cancelled(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(delivery="drop")
    cancel_trip(journey.trip.pk, reason="Storm.")
    with journey.fatal():
        journey.machines.send_jobs("process_refunds")
    return End("refunded", "refunded", ("succeeded",))


@scene("web", "stripe read", APPLY)
def is_told_of_a_slow_refund(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(refund_outcome="pending")
    journey.cancel()
    refund = journey.wait_for_refund("submitted")
    journey.hear_everything()
    with journey.fatal():
        journey.sandbox.settle_refund(refund.attempts.get().gateway_refund_id, success=True)
    return REFUNDED


@scene("web", "stripe list")
def is_paid_back_in_the_dashboard(journey: Journey) -> End:
    journey.buy()
    with journey.fatal():
        journey.sandbox.refund_in_dashboard(journey.payment.charge_id)
    return End("confirmed", "refunded", ("succeeded",))


@scene("worker", "stripe read", APPLY)
def is_paid_back_slowly_and_all_webhooks_are_lost(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(refund_outcome="pending", delivery="drop")
    journey.cancel()
    refund = journey.wait_for_refund("submitted")
    journey.sandbox.settle_refund(refund.attempts.get().gateway_refund_id, success=True)
    journey.let_time_pass()
    with journey.fatal():
        journey.machines.send_jobs("process_refunds")
    return REFUNDED


@scene("worker", f"{REFUND}._put_back")
def is_paid_back_after_a_rate_limit(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.fault("rate_limit", path="/v1/refunds$", retry_after=40)
    with journey.fatal():
        journey.cancel()
    return REFUNDED


@scene("worker", f"{REFUND}._unclear")
def is_paid_back_though_nobody_knew_whether(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.fault("error", method="POST", path="/v1/refunds$")
    with journey.fatal():
        journey.cancel()
    return REFUNDED


@scene("worker", "stripe list", f"{REFUND}._next_attempt", "stripe refund")
def is_paid_back_at_the_second_attempt(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.fault("error", method="POST", path="/v1/refunds$")
    journey.cancel()
    wait_until(lambda: journey.refund.attempts.filter(is_unclear=True).exists(), "the first attempt to be unclear")
    journey.let_time_pass()
    with journey.fatal():
        journey.machines.send_jobs("process_refunds")
    return REFUNDED


@scene("worker", f"{REFUND}._refused")
def was_paid_back_behind_our_back(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(delivery="hold")
    journey.sandbox.refund_in_dashboard(journey.payment.charge_id)
    with journey.fatal():
        journey.cancel()
    journey.sandbox.control("release")
    return End("cancelled", "refunded", ("failed", "succeeded"))
