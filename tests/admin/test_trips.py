"""Staff and trips: how full they are, what they cost, when they run, whether they are sold."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from bookings.actions.close_trip import close_trip
from bookings.actions.reopen_trip import reopen_trip
from bookings.errors import TripClosed
from bookings.models import Fare, SeatClaim, Trip, TripStop
from bookings.queries import search_trips
from core.errors import InvalidState
from core.models import StatusChange
from tests.admin.scene import errors_of, form_of, fresh, messages_of, page, pay, text_of
from tests.database import age_hold
from tests.world import hold_seats, make_trip


def gates_held(trip: Trip) -> list[str]:
    """The modes in which this transaction holds the trip's gate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = %s",
            [trip.pk],
        )
        return [mode for (mode,) in cursor.fetchall()]


def detail_action(trip: Trip, name: str) -> str:
    with override("en"):
        return reverse(f"admin:bookings_trip_{name}", args=[trip.pk])


def price(trip: Trip) -> int:
    """What a search says that the trip costs."""
    stops = [stop.place.code for stop in trip.stops.select_related("place")]
    return search_trips(stops[0], stops[-1], trip.service_date).trips[0].trip.price.amount


# --------------------------------------------------------------------------------------------------------------- load
def test_the_list_tells_how_many_seats_are_sold_on_the_fullest_leg(root):
    trip = make_trip("RUH", "JED", "CAI")
    pay(hold_seats(trip, "1A", "1B", destination="JED"))
    pay(hold_seats(trip, "1A", "1B", "1C", origin="JED"))
    hold_seats(trip, "2A", "2B", origin="JED")
    make_trip(rows=2, number="T2")
    text = text_of(root, page(Trip))
    assert "3 / 20" in text
    assert "0 / 8" in text


def test_the_page_tells_the_load_of_each_leg_as_it_is_right_now(root):
    trip = make_trip("RUH", "JED", "CAI")
    pay(hold_seats(trip, "1A", "1B", destination="JED"))
    hold_seats(trip, "2A", "2B", "2C", origin="JED")
    SeatClaim.objects.create(trip=trip, seat=trip.seat_map.seats.get(number="5D"), leg=1)
    text = text_of(root, page(trip, "change"))
    assert "RUH–JED 2 0 0 18 20 10%" in text
    assert "JED–CAI 0 3 1 16 20 0%" in text


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_has_ended_does_not_count(root):
    trip = make_trip()
    age_hold(hold_seats(trip, "2A"))
    assert "RUH–JED 0 0 0 20 20 0%" in text_of(root, page(trip, "change"))


def test_the_cabin_shows_each_seat_on_each_leg_and_leads_to_its_booking(root):
    trip = make_trip("RUH", "JED", "CAI")
    sold = pay(hold_seats(trip, "1A", destination="JED")).booking
    held = hold_seats(trip, "1A", origin="JED")
    content = root.get(page(trip, "change")).content.decode()
    assert (
        f'class="cabin-leg cabin-sold" href="{page(sold, "change")}" title="1A · RUH–JED: sold {sold.reference}"'
        in content
    )
    assert (
        f'class="cabin-leg cabin-held" href="{page(held, "change")}" title="1A · JED–CAI: held {held.reference}"'
        in content
    )
    assert 'class="cabin-leg cabin-free" title="5D · JED–CAI: free"' in content


def test_the_page_lists_who_travels_and_not_who_only_holds(root):
    trip = make_trip()
    pay(hold_seats(trip, "1A"))
    hold_seats(trip, "2B")
    text = text_of(root, page(trip, "change"))
    assert "1A Traveller 1A" in text
    assert "Traveller 2B" not in text


# ------------------------------------------------------------------------------------------------------------ filters
def test_trips_of_today_are_those_of_today_where_they_begin(root):
    now = timezone.now()
    zones = {"Pacific/Kiritimati": 14, "Asia/Riyadh": 3, "Pacific/Niue": -11}
    for number, (zone, hours) in enumerate(zones.items()):
        local_day = (now + timedelta(hours=hours)).date()
        for days in (-1, 0, 1):
            day = (local_day - now.date()).days + days
            trip = make_trip(f"X{number}", f"Y{number}", number=f"Z{number}{days:+}", days=day)
            place = trip.stops.first().place
            place.timezone = zone
            place.save()
    found = {}
    for when in ("today", "coming", "past"):
        trips = root.get(page(Trip), {"when": when}).context["cl"].result_list
        found[when] = sorted(trip.number for trip in trips)
    assert found["today"] == ["Z0+0", "Z1+0", "Z2+0"]
    assert found["past"] == ["Z0-1", "Z1-1", "Z2-1"]
    assert found["coming"] == sorted(found["today"] + ["Z0+1", "Z1+1", "Z2+1"])


@pytest.mark.parametrize(("words", "found"), [("T1", True), ("ruh", True), ("Operator SAR", True), ("T9", False)])
def test_trips_are_found_by_number_route_and_operator(root, words, found):
    make_trip()
    assert bool(root.get(page(Trip), {"q": words}).context["cl"].result_count) is found


# --------------------------------------------------------------------------------------------------- close and reopen
def test_closing_ends_the_sale_and_is_audited(root, superuser, django_capture_on_commit_callbacks):
    trip, other = make_trip(), make_trip(number="T2")
    assert price(trip)
    with django_capture_on_commit_callbacks(execute=True):
        response = root.post(page(Trip), {"action": "close_selected", "_selected_action": [trip.pk]}, follow=True)

    assert messages_of(response) == [f"{trip}: sales are closed."]
    assert (fresh(trip).status, fresh(other).status) == ("closed", "open")
    with pytest.raises(TripClosed):
        hold_seats(trip)
    assert [found.trip.number for found in search_trips("RUH", "JED", trip.service_date).trips] == ["T2"]
    change = StatusChange.objects.get(subject_type="bookings.trip")
    assert (change.actor, change.to_status, change.reason) == (f"user:{superuser.pk}", "closed", "Closed by staff.")
    assert LogEntry.objects.get().user == superuser
    assert "Closed by staff." in text_of(root, page(trip, "change"))


def test_reopening_sells_again(root, django_capture_on_commit_callbacks):
    trip = make_trip()
    close_trip(trip.pk, reason="")
    with django_capture_on_commit_callbacks(execute=True):
        root.post(page(Trip), {"action": "reopen_selected", "_selected_action": [trip.pk]})
    assert fresh(trip).status == "open"
    assert hold_seats(trip).status == "pending"


def test_what_a_trip_does_not_allow_is_told_and_the_others_are_done(root):
    cancelled, trip = make_trip(), make_trip(number="T2")
    cancelled.cancel(reason="Storm.")
    chosen = {"action": "close_selected", "_selected_action": [cancelled.pk, trip.pk]}
    response = root.post(page(Trip), chosen, follow=True)
    assert messages_of(response) == [
        f"{cancelled}: trip is cancelled; it cannot become closed.",
        f"{trip}: sales are closed.",
    ]
    assert (fresh(cancelled).status, fresh(trip).status) == ("cancelled", "closed")


def test_the_page_of_a_trip_offers_what_its_status_allows_and_asks_why(root, superuser):
    trip = make_trip()
    content = root.get(page(trip, "change")).content.decode()
    assert detail_action(trip, "close_sales") in content
    assert detail_action(trip, "reopen_sales") not in content

    assert root.get(detail_action(trip, "close_sales")).status_code == 200
    root.post(detail_action(trip, "close_sales"), {"_form_submitted": "on", "reason": ""})
    assert fresh(trip).status == "open"
    done = root.post(detail_action(trip, "close_sales"), {"_form_submitted": "on", "reason": "Smaller aircraft"})
    assert done["HX-Redirect"] == page(trip, "change")
    assert fresh(trip).status == "closed"
    assert StatusChange.objects.get(subject_type="bookings.trip").reason == "Smaller aircraft"

    content = root.get(page(trip, "change")).content.decode()
    assert detail_action(trip, "reopen_sales") in content
    assert detail_action(trip, "close_sales") not in content
    root.post(detail_action(trip, "reopen_sales"), {"_form_submitted": "on", "reason": "Larger again"})
    assert fresh(trip).status == "open"


def test_a_trip_is_delayed_from_its_page(root):
    trip = make_trip()
    pay(hold_seats(trip, "1A"))
    left_at = trip.stops.earliest("position").departs_at
    wanted = {"_form_submitted": "on", "minutes": "90", "reason": "A flat tyre"}
    for wrong in ({"minutes": "0"}, {"minutes": "1441"}, {"minutes": ""}, {"reason": ""}):
        root.post(detail_action(trip, "delay_trip"), wanted | wrong)
    assert trip.stops.earliest("position").departs_at == left_at

    done = root.post(detail_action(trip, "delay_trip"), wanted)
    assert done["HX-Redirect"] == page(trip, "change")
    assert trip.stops.earliest("position").departs_at == left_at + timedelta(minutes=90)
    assert LogEntry.objects.get().change_message == "Delayed by 90 min: A flat tyre"
    assert "The trip is delayed; 1 booking is written to." in root.get(page(trip, "change")).content.decode()
    trip.cancel(reason="x")
    root.post(detail_action(trip, "delay_trip"), wanted)
    assert trip.stops.earliest("position").departs_at == left_at + timedelta(minutes=90)


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_who_may_only_look_neither_closes_nor_changes(as_role, role):
    trip = make_trip()
    browser = as_role(role)
    assert browser.get(page(trip, "change")).status_code == 200
    browser.post(page(Trip), {"action": "close_selected", "_selected_action": [trip.pk]})
    assert browser.post(detail_action(trip, "close_sales"), {"_form_submitted": "on", "reason": "x"}).status_code == 403
    assert browser.post(page(trip, "change"), {"booking_fee": "0"}).status_code == 403
    assert browser.get(page(Trip, "add")).status_code == 403
    assert fresh(trip).status == "open"
    assert fresh(trip).booking_fee == trip.booking_fee
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("use_case", "status"), [(close_trip, "open"), (reopen_trip, "closed")])
def test_the_use_cases_hold_the_gate_alone(use_case, status):
    trip = make_trip()
    if status == "closed":
        trip.close(reason="")
    use_case(trip.pk, reason="x")
    assert gates_held(trip) == ["ExclusiveLock"]
    with pytest.raises(InvalidState):
        use_case(trip.pk, reason="again")


# ------------------------------------------------------------------------------------------------------ fares and fee
def test_staff_change_fares_in_major_units_and_the_next_search_knows(as_role, django_capture_on_commit_callbacks):
    trip = make_trip()
    staff = as_role("staff")
    assert price(trip) == 10_500
    form = form_of(staff.get(page(trip, "change")))
    assert str(form["fares-0-amount"]) == "100.00"
    with django_capture_on_commit_callbacks(execute=True):
        response = staff.post(page(trip, "change"), form | {"fares-0-amount": "123.45", "booking_fee": "7.5"})
    assert response.status_code == 302, errors_of(response)
    assert Fare.objects.get(trip=trip).amount == 12_345
    assert price(trip) == 12_345 + 750


def test_a_form_that_is_sent_unchanged_changes_nothing(root):
    trip = make_trip("RUH", "JED", "CAI")
    before = [list(model.objects.order_by("pk").values()) for model in (Trip, TripStop, Fare)]
    response = root.post(page(trip, "change"), form_of(root.get(page(trip, "change"))))
    assert response.status_code == 302, errors_of(response)
    assert [list(model.objects.order_by("pk").values()) for model in (Trip, TripStop, Fare)] == before
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"fares-0-amount": "1.234"}, "This is no amount of SAR."),
        ({"fares-0-amount": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"fares-0-from_position": "1", "fares-0-to_position": "1"}, "The trip comes here earlier."),
        ({"fares-0-fare_class": "royal"}, "Select a valid choice"),
    ],
)
def test_a_fare_that_makes_no_sense_is_refused(root, typed, error):
    trip = make_trip("RUH", "JED", "CAI")
    response = root.post(page(trip, "change"), form_of(root.get(page(trip, "change"))) | typed)
    assert error in str(errors_of(response))
    assert Fare.objects.filter(trip=trip).count() == 3
    assert not LogEntry.objects.exists()


def test_fares_of_a_sold_trip_change_and_what_was_sold_keeps_its_price(root):
    trip = make_trip()
    booking = hold_seats(trip)
    form = form_of(root.get(page(trip, "change"))) | {"fares-0-amount": "1.00"}
    assert root.post(page(trip, "change"), form).status_code == 302
    assert fresh(booking).total.amount == 10_500
    assert Fare.objects.get(trip=trip).amount == 100


def test_a_trip_that_is_over_is_changed_by_nobody(root):
    trip = make_trip()
    trip.cancel(reason="Storm.")
    response = root.get(page(trip, "change"))
    assert response.status_code == 200
    assert 'name="_save"' not in response.content.decode()
    assert "SAR 100.00" in text_of(root, page(trip, "change"))
    assert root.post(page(trip, "change"), {"booking_fee": "0"}).status_code == 403


def test_saving_a_trip_holds_its_gate_and_looking_does_not(root):
    trip = make_trip()
    form = form_of(root.get(page(trip, "change")))
    assert gates_held(trip) == []
    assert root.post(page(trip, "change"), form).status_code == 302
    assert gates_held(trip) == ["ExclusiveLock"]
