"""The trip leaves: the booking is completed and its money earned, and some of it goes back all the same."""

from bookings.actions.cancel_trip import cancel_trip
from bookings.actions.complete import complete_departed_bookings
from tests.races.journey import Journey
from tests.races.scenes.scene import End, scene

STAFF = "payments.actions.after_departure"
COMPLETED = End("completed")


@scene("worker", "bookings.actions.move_on._move_on", "bookings.actions.complete._complete_one")
def travels(journey: Journey) -> End:
    journey.buy()
    with journey.departed():
        with journey.fatal():
            journey.machines.send_jobs("earn_departed")
        journey.machines.run_jobs("earn_departed")
        journey.trip.refresh_from_db()
        assert journey.trip.status == "departed"
    return COMPLETED


@scene("web", f"{STAFF}.give_back_earned")
def gets_money_back_after_a_late_arrival(journey: Journey) -> End:
    journey.buy()
    typed = {"amount": "12.50", "reason": "Two hours late"}
    with journey.departed():
        journey.machines.run_jobs("earn_departed")
        shown = journey.desk.look("payments_pay_back_after_departure", journey.booking, **typed)
        with journey.fatal():
            journey.desk.confirm(shown)
        if not journey.payment.refunds.exists():
            journey.desk.confirm(journey.desk.look("payments_pay_back_after_departure", journey.booking, **typed))
    return End("completed", "partially_refunded", ("succeeded",))


@scene("web", f"{STAFF}.mark_no_shows")
def does_not_show_up(journey: Journey) -> End:
    journey.buy()
    with journey.departed():
        journey.machines.run_jobs("earn_departed")
        decide_about_both(journey, "payments_mark_no_shows", "no_show")
    return End("no_show")


@scene("web", f"{STAFF}.mark_travelled")
def was_taken_for_a_no_show(journey: Journey) -> End:
    journey.buy()
    with journey.departed():
        journey.machines.run_jobs("earn_departed")
        typed = {"seats": ["1A", "1B"], "reason": "Seen by nobody"}
        journey.desk.confirm(journey.desk.look("payments_mark_no_shows", journey.booking, **typed))
        decide_about_both(journey, "payments_mark_travelled", "completed")
    return COMPLETED


def decide_about_both(journey: Journey, decision: str, status: str) -> None:
    """What staff say, and say again if it was not noted down."""
    typed = {"seats": ["1A", "1B"], "reason": "The driver says so"}
    shown = journey.desk.look(decision, journey.booking, **typed)
    with journey.fatal():
        journey.desk.confirm(shown)
    if journey.booking.status != status:
        journey.desk.confirm(journey.desk.look(decision, journey.booking, **typed))


@scene("worker", f"{STAFF}.give_back_cancelled")
def is_on_board_when_the_trip_is_cancelled(journey: Journey) -> End:
    journey.buy()
    with journey.departed():
        complete_departed_bookings()
        cancel_trip(journey.trip.pk, reason="Engine")  # by the clock it has not departed yet: no job has looked
        with journey.fatal():
            journey.machines.send_jobs("process_refunds")
        journey.let_time_pass()
        journey.machines.run_jobs("process_refunds", "drain_outbox")
        journey.hear_everything()
        journey.machines.run_jobs("process_refunds", "drain_outbox")
    return End("completed", "refunded", ("succeeded",))
