"""What PostgreSQL refuses about seats and bookings, whoever asks."""

from django.db import migrations

from bookings.models import BOOKING_TRANSITIONS, PASSENGER_TRANSITIONS, TRIP_TRANSITIONS
from core.guards import deferred_trigger, function, install, no_truncate, refusal, transition_guard, trigger

SOLD = "expires_at IS NULL AND {row}.booking_id IS NOT NULL"

CLAIM_FITS = function(
    "guard_claim_fits",
    f"""
IF NOT EXISTS (
  SELECT FROM bookings_trip trip
    JOIN bookings_seat seat ON seat.id = NEW.seat_id AND seat.seat_map_id = trip.seat_map_id
    JOIN bookings_tripstop boarding ON boarding.trip_id = trip.id AND boarding.position = NEW.leg
    JOIN bookings_tripstop next ON next.trip_id = trip.id AND next.position = NEW.leg + 1
   WHERE trip.id = NEW.trip_id
     AND (NEW.booking_id IS NULL
          OR EXISTS (SELECT FROM bookings_booking booking WHERE booking.id = NEW.booking_id
                                                            AND booking.trip_id = trip.id))
) THEN
  {refusal("seatclaim_fits_its_trip", "seat % on leg % does not belong to trip %", "NEW.seat_id", "NEW.leg", "NEW.trip_id")}
END IF;
RETURN NEW;
""",
)

# A sold claim goes, or changes hands, only once its passenger has given up the seat.
CLAIM_SOLD = function(
    "guard_claim_sold",
    f"""
IF (TG_OP = 'DELETE'
    OR (NEW.trip_id, NEW.seat_id, NEW.leg, NEW.booking_id) IS DISTINCT FROM
       (OLD.trip_id, OLD.seat_id, OLD.leg, OLD.booking_id)
    OR NEW.expires_at IS NOT NULL)
   AND EXISTS (SELECT FROM bookings_passenger
                WHERE booking_id = OLD.booking_id AND seat_id = OLD.seat_id AND status <> 'cancelled') THEN
  {refusal("seatclaim_sold_stays", "seat % of booking % is sold", "OLD.seat_id", "OLD.booking_id")}
END IF;
RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
""",
)

# At commit: a sold booking owns exactly the claims of its live passengers, all permanent; any other owns no sold one.
# The row lock makes two transactions that change one booking take turns here.
OWNS_ITS_SEATS = f"""
SELECT booking.status, booking.trip_id, boarding.position, alighting.position
  INTO sold_status, its_trip, first_leg, end_leg
  FROM bookings_booking booking
  JOIN bookings_tripstop boarding ON boarding.id = booking.boarding_id AND boarding.trip_id = booking.trip_id
  JOIN bookings_tripstop alighting ON alighting.id = booking.alighting_id AND alighting.trip_id = booking.trip_id
 WHERE booking.id = subject FOR NO KEY UPDATE OF booking;
IF NOT FOUND THEN
  IF EXISTS (SELECT FROM bookings_booking WHERE id = subject) THEN
    {refusal("booking_runs_on_its_trip", "booking % boards or alights on another trip", "subject")}
  END IF;
  RETURN NULL;
END IF;
IF sold_status IN ('confirmed', 'completed', 'no_show') THEN
  SELECT count(*) * (end_leg - first_leg) INTO expected
    FROM bookings_passenger WHERE booking_id = subject AND status <> 'cancelled';
  SELECT count(*), count(*) FILTER (
           WHERE claim.expires_at IS NULL AND claim.trip_id = its_trip
             AND claim.leg >= first_leg AND claim.leg < end_leg
             AND EXISTS (SELECT FROM bookings_passenger passenger
                          WHERE passenger.booking_id = subject AND passenger.seat_id = claim.seat_id
                            AND passenger.status <> 'cancelled'))
    INTO owned, fitting
    FROM bookings_seatclaim claim WHERE claim.booking_id = subject;
  IF owned <> expected OR fitting <> expected THEN
    {refusal("booking_owns_its_seats", "booking % owns % claims, % fitting, its passengers need %", "subject", "owned", "fitting", "expected")}
  END IF;
ELSIF EXISTS (SELECT FROM bookings_seatclaim WHERE booking_id = subject AND expires_at IS NULL) THEN
  {refusal("booking_unsold_owns_nothing", "booking % is % and owns a sold seat", "subject", "sold_status")}
END IF;
RETURN NULL;
"""
DECLARE = """
subject bigint := {subject};
sold_status text;
its_trip bigint;
first_leg int;
end_leg int;
expected bigint;
owned bigint;
fitting bigint;
"""
CHECKS = "".join(
    function(f"guard_seats_of_{name}", OWNS_ITS_SEATS, DECLARE.format(subject=subject))
    for name, subject in (
        ("booking", "NEW.id"),
        ("new_booking_id", "NEW.booking_id"),
        ("old_booking_id", "OLD.booking_id"),
    )
)

# A trip keeps its stops and its seats: moving them under a claim would sell a seat twice under another name.
FROZEN_STOP = function(
    "guard_stop_frozen",
    f"""
IF EXISTS (SELECT FROM bookings_seatclaim WHERE trip_id = OLD.trip_id) THEN
  {refusal("tripstop_frozen", "trip % has seats taken: its stops stay", "OLD.trip_id")}
END IF;
RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
""",
)
FROZEN_SEAT = function(
    "guard_seat_frozen",
    f"""
IF EXISTS (SELECT FROM bookings_trip WHERE seat_map_id = OLD.seat_map_id) THEN
  {refusal("seat_frozen", "seat map % is on trips: make a new version", "OLD.seat_map_id")}
END IF;
RETURN NEW;
""",
)
TRIP_SEATS = function(
    "guard_trip_seats",
    f"""
IF EXISTS (SELECT FROM bookings_seatclaim claim JOIN bookings_seat seat ON seat.id = claim.seat_id
            WHERE claim.trip_id = NEW.id AND seat.seat_map_id <> NEW.seat_map_id) THEN
  {refusal("trip_claims_fit_its_seats", "trip % has claims on seats of another seat map", "NEW.id")}
END IF;
RETURN NULL;
""",
)

TRIGGERS = "".join(
    [
        trigger("guard_stop_frozen_delete", "bookings_tripstop", "BEFORE DELETE", "guard_stop_frozen"),
        trigger(
            "guard_stop_frozen_update",
            "bookings_tripstop",
            "BEFORE UPDATE",
            "guard_stop_frozen",
            condition="(OLD.trip_id, OLD.position) IS DISTINCT FROM (NEW.trip_id, NEW.position)",
        ),
        trigger(
            "guard_seat_frozen",
            "bookings_seat",
            "BEFORE UPDATE",
            "guard_seat_frozen",
            condition="(OLD.seat_map_id, OLD.number, OLD.row, OLD.column) IS DISTINCT FROM"
            " (NEW.seat_map_id, NEW.number, NEW.row, NEW.column)",
        ),
        deferred_trigger(
            "guard_trip_seats",
            "bookings_trip",
            "AFTER UPDATE",
            "guard_trip_seats",
            condition="OLD.seat_map_id <> NEW.seat_map_id",
        ),
        trigger("guard_claim_fits", "bookings_seatclaim", "BEFORE INSERT", "guard_claim_fits"),
        trigger(
            "guard_claim_fits_still",
            "bookings_seatclaim",
            "BEFORE UPDATE",
            "guard_claim_fits",
            condition="(NEW.trip_id, NEW.seat_id, NEW.leg, NEW.booking_id) IS DISTINCT FROM"
            " (OLD.trip_id, OLD.seat_id, OLD.leg, OLD.booking_id)",
        ),
        trigger(
            "guard_claim_sold",
            "bookings_seatclaim",
            "BEFORE UPDATE OR DELETE",
            "guard_claim_sold",
            condition="OLD." + SOLD.format(row="OLD"),
        ),
        deferred_trigger(
            "guard_seats_claim_insert",
            "bookings_seatclaim",
            "AFTER INSERT",
            "guard_seats_of_new_booking_id",
            condition="NEW." + SOLD.format(row="NEW"),
        ),
        deferred_trigger(
            "guard_seats_claim_update_new",
            "bookings_seatclaim",
            "AFTER UPDATE",
            "guard_seats_of_new_booking_id",
            condition="NEW." + SOLD.format(row="NEW"),
        ),
        deferred_trigger(
            "guard_seats_claim_update_old",
            "bookings_seatclaim",
            "AFTER UPDATE",
            "guard_seats_of_old_booking_id",
            condition="OLD." + SOLD.format(row="OLD"),
        ),
        deferred_trigger(
            "guard_seats_claim_delete",
            "bookings_seatclaim",
            "AFTER DELETE",
            "guard_seats_of_old_booking_id",
            condition="OLD." + SOLD.format(row="OLD"),
        ),
        deferred_trigger("guard_seats_booking_insert", "bookings_booking", "AFTER INSERT", "guard_seats_of_booking"),
        deferred_trigger(
            "guard_seats_booking_update",
            "bookings_booking",
            "AFTER UPDATE",
            "guard_seats_of_booking",
            condition="(OLD.status, OLD.trip_id, OLD.boarding_id, OLD.alighting_id) IS DISTINCT FROM"
            " (NEW.status, NEW.trip_id, NEW.boarding_id, NEW.alighting_id)",
        ),
        deferred_trigger(
            "guard_seats_passenger_insert", "bookings_passenger", "AFTER INSERT", "guard_seats_of_new_booking_id"
        ),
        deferred_trigger(
            "guard_seats_passenger_update_new",
            "bookings_passenger",
            "AFTER UPDATE",
            "guard_seats_of_new_booking_id",
            condition="(OLD.status, OLD.seat_id, OLD.booking_id) IS DISTINCT FROM"
            " (NEW.status, NEW.seat_id, NEW.booking_id)",
        ),
        deferred_trigger(
            "guard_seats_passenger_update_old",
            "bookings_passenger",
            "AFTER UPDATE",
            "guard_seats_of_old_booking_id",
            condition="OLD.booking_id <> NEW.booking_id",
        ),
        deferred_trigger(
            "guard_seats_passenger_delete", "bookings_passenger", "AFTER DELETE", "guard_seats_of_old_booking_id"
        ),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial"), ("core", "0002_guards")]

    operations = [
        transition_guard("bookings_trip", TRIP_TRANSITIONS),
        transition_guard("bookings_booking", BOOKING_TRANSITIONS),
        transition_guard("bookings_passenger", PASSENGER_TRANSITIONS),
        install(
            CLAIM_FITS + CLAIM_SOLD + CHECKS + FROZEN_STOP + FROZEN_SEAT + TRIP_SEATS + TRIGGERS,
            functions=[
                "guard_claim_fits",
                "guard_claim_sold",
                "guard_seats_of_booking",
                "guard_seats_of_new_booking_id",
                "guard_seats_of_old_booking_id",
                "guard_stop_frozen",
                "guard_seat_frozen",
                "guard_trip_seats",
            ],
        ),
        no_truncate("bookings_trip"),
        no_truncate("bookings_booking"),
        no_truncate("bookings_passenger"),
        no_truncate("bookings_seatclaim"),
    ]
