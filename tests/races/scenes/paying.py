"""A payment is started, paid, and heard of."""

from tests.races.journey import Journey
from tests.races.scenes.scene import APPLY, CONFIRMED, EXPIRED, START, End, scene
from tests.world import hold_seats

RECONCILE = "payments.actions.reconcile"


@scene("web", f"{START}._prepare", "stripe start", f"{START}._keep")
def starts_and_tries_again(journey: Journey) -> End:
    journey.hold()
    with journey.fatal():
        journey.start("the same key")
    journey.let_time_pass()
    answer = journey.start("the same key")
    assert (answer.status_code, answer.json()["checkout_url"]) == (201, journey.payment.checkout_url)
    journey.pay()
    return CONFIRMED


@scene("web", f"{START}._prepare", "stripe start", f"{START}._keep")
def starts_and_never_comes_back(journey: Journey) -> End:
    journey.hold()
    with journey.fatal():
        journey.start()
    journey.stay_away()
    return EXPIRED


@scene("web", f"{START}._answer")
def goes_on_with_an_open_payment(journey: Journey) -> End:
    journey.hold()
    journey.start()
    with journey.fatal():
        journey.start()
    journey.pay()
    return CONFIRMED


# --------------------------------------------------------------------------------------------- the news of the payment
@scene("web", "stripe read", APPLY, "payments.actions.receive._leave")
def is_told_by_webhooks(journey: Journey) -> End:
    journey.hold()
    journey.start()
    with journey.fatal():
        journey.pay()
    return CONFIRMED


@scene("web", "stripe read", APPLY)
def comes_back_when_all_webhooks_are_lost(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="drop")
    journey.pay()
    with journey.fatal():
        journey.come_back()
    journey.stay_away()
    return CONFIRMED


@scene("web", APPLY)
def asks_when_all_webhooks_are_lost(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="drop")
    journey.pay()
    with journey.fatal():
        journey.sync()
    assert journey.sync().json()["status"] == "succeeded"
    return CONFIRMED


@scene("worker", f"{RECONCILE}.compare._mended", f"{RECONCILE}.selection.mark_compared", "stripe list")
def is_found_to_have_paid_when_all_webhooks_are_lost(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="drop")
    journey.pay()
    with journey.fatal():
        journey.machines.send_jobs("reconcile_payments", min_age_minutes=0)
    journey.machines.run_jobs("reconcile_payments", min_age_minutes=0)
    return CONFIRMED


@scene("worker", "stripe read", APPLY)
def is_told_by_a_webhook_that_failed_at_first(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="hold")
    journey.pay()
    journey.sandbox.fault("error", path="/v1/checkout/sessions/", times=0)
    (event,) = journey.sandbox.events("checkout.session.completed")
    assert journey.sandbox.deliver(event["id"]) == [500]
    journey.sandbox.clear_faults()
    journey.let_time_pass()
    with journey.fatal():
        journey.machines.send_jobs("retry_webhooks")
    journey.sandbox.control("release")
    return CONFIRMED


@scene("web", APPLY)
def pays_when_the_seats_are_gone(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.stay_away()
    hold_seats(journey.trip, "1A")
    with journey.fatal():
        journey.pay()
    return End("expired", "refunded", ("succeeded",))
