"""The same at Flutterwave, which has no idempotency keys and whose webhooks prove nothing."""

from tests.races.journey import Journey
from tests.races.scenes.paying import comes_back_when_all_webhooks_are_lost, is_told_by_webhooks, starts_and_tries_again
from tests.races.scenes.refunding import is_paid_back
from tests.races.scenes.scene import REFUNDED, End, scene
from tests.services import wait_until


@scene("web", "flutterwave start", gateway="flutterwave")
def starts_in_naira_and_tries_again(journey: Journey) -> End:
    return starts_and_tries_again(journey)


@scene("web", "flutterwave read", gateway="flutterwave")
def is_told_by_webhooks_in_naira(journey: Journey) -> End:
    return is_told_by_webhooks(journey)


@scene("web", "flutterwave list", gateway="flutterwave")
def comes_back_in_naira_when_all_webhooks_are_lost(journey: Journey) -> End:
    return comes_back_when_all_webhooks_are_lost(journey)


@scene("worker", "flutterwave refund", gateway="flutterwave")
def is_paid_back_in_naira(journey: Journey) -> End:
    return is_paid_back(journey)


@scene("worker", "flutterwave read", gateway="flutterwave")
def is_paid_back_in_naira_and_all_webhooks_are_lost(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(delivery="drop")
    journey.cancel()
    journey.wait_for_refund("submitted")
    journey.let_time_pass()
    with journey.fatal():
        journey.machines.send_jobs("process_refunds")
    return REFUNDED


@scene("worker", "flutterwave list", gateway="flutterwave")
def is_paid_back_in_naira_though_nobody_knew_whether(journey: Journey) -> End:
    journey.buy()
    journey.sandbox.mode(delivery="hold")
    journey.sandbox.fault("drop", method="POST", path=".*/refund$", after_effect=True)
    journey.cancel()
    wait_until(lambda: journey.refund.attempts.filter(is_unclear=True).exists(), "the attempt to be unclear")
    journey.let_time_pass()
    with journey.fatal():
        journey.machines.send_jobs("process_refunds")
    return REFUNDED
