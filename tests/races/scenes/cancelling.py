"""A booking is given up, unpaid or paid, or nobody comes back to it."""

from tests.races.journey import Journey
from tests.races.scenes.scene import APPLY, CANCEL, EXPIRED, GIVEN_UP, REFUNDED, End, scene


@scene("web", "stripe end", APPLY)
def gives_the_payment_up(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="drop")
    with journey.fatal():
        journey.leave()
    assert journey.leave().json()["status"] == "cancelled"
    journey.stay_away()
    return EXPIRED


@scene("web", "stripe end", APPLY, f"{CANCEL}._cancel")
def gives_the_unpaid_booking_up(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.sandbox.mode(delivery="drop")
    with journey.fatal():
        journey.cancel("the same key")
    journey.let_time_pass()
    assert journey.cancel("the same key").json()["status"] == "cancelled"
    return GIVEN_UP


@scene("web", f"{CANCEL}._give_up")
def gives_the_unpaid_booking_up_on_its_page(journey: Journey) -> End:
    journey.hold()
    journey.start()
    with journey.fatal():
        journey.cancel_on_page()
    journey.cancel_on_page()
    return GIVEN_UP


@scene("worker", "stripe end", APPLY, "payments.actions.expire._expire")
def never_pays(journey: Journey) -> End:
    journey.hold()
    journey.start()
    journey.stay_away()
    journey.sandbox.mode(delivery="drop")
    with journey.fatal():
        journey.machines.send_jobs("expire_holds")
    return EXPIRED


@scene("web", f"{CANCEL}._cancel")
def cancels_what_is_paid(journey: Journey) -> End:
    journey.buy()
    with journey.fatal():
        journey.cancel("the same key")
    journey.let_time_pass()
    assert journey.cancel("the same key").json()["status"] == "cancelled"
    return REFUNDED
