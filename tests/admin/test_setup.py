"""What trips are made of: operators and their terms, places, routes, vehicles and their seats."""

import pytest
from django.core import checks

from bookings.models import Operator, Place, Route, Seat, SeatMap, Vehicle
from bookings.queries import search_trips
from tests.admin.scene import errors_of, form_of, fresh, page, text_of
from tests.world import POLICY, make_place, make_seat_map, make_trip


# ------------------------------------------------------------------------------------------------------------ operators
def operator_form(**other) -> dict:
    return {
        "code": "NEW", "name": "New Lines", "currency": "kwd", "commission_bps": "750", "tax_bps": "0",
        "booking_fee": "0.120", "cancellation_policy": "48h:100%\n\n0 25", "commission_tax_bps": "500",
        "no_show_refund_percent": "20", "bears_disputes": "on", "reserve_bps": "500", "reserve_months": "6",
        "address": "1 Pier\nKuwait", "tax_number": "T 1", "bank_account": "KW81",
        "statement_email": "books@new.example", "statement_language": "ar", "country_taxes-TOTAL_FORMS": "1",
        "country_taxes-INITIAL_FORMS": "0", "country_taxes-0-country": "EG", "country_taxes-0-tax_bps": "1400", **other,
    }  # fmt: skip


def test_an_operator_is_added_with_fee_and_policy_as_people_write_them(root):
    response = root.post(page(Operator, "add"), operator_form())
    assert response.status_code == 302, errors_of(response)
    operator = Operator.objects.get()
    assert (operator.currency, operator.booking_fee) == ("KWD", 120)
    assert (operator.commission_tax_bps, operator.no_show_refund_percent, operator.bears_disputes) == (500, 20, True)
    assert (operator.reserve_bps, operator.reserve_months, operator.bank_account) == (500, 6, "KW81")
    assert (operator.statement_email, operator.statement_language) == ("books@new.example", "ar")
    assert list(operator.country_taxes.values_list("country", "tax_bps")) == [("EG", 1_400)]
    assert operator.cancellation_policy == [
        {"hours_before": 48, "refund_percent": 100}, {"hours_before": 0, "refund_percent": 25},
    ]  # fmt: skip
    text = text_of(root, page(Operator))
    assert "KWD 0.120" in text
    assert "7.5 %" in text


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"code": "AIS 1."}, "Only Latin letters, digits, “-” and “_”."),
        ({"code": "سفر"}, "Only Latin letters, digits, “-” and “_”."),
        ({"currency": "XXY"}, "There is no such currency."),
        ({"booking_fee": "0.1234"}, "This is no amount of KWD."),
        ({"booking_fee": "0.125"}, "Cards are charged in steps of ten"),
        ({"cancellation_policy": "never"}, "is no tier like"),
        ({"cancellation_policy": "0 h: 50 %\n24 h: 80 %"}, "Order the tiers"),
        ({"cancellation_policy": "24 h: 101 %"}, "between 0 and 100 percent"),
        ({"commission_bps": "10001"}, "less than or equal to 10000"),
        ({"commission_tax_bps": "10001"}, "less than or equal to 10000"),
        ({"no_show_refund_percent": "101"}, "less than or equal to 100"),
        ({"country_taxes-0-country": "eg"}, "Two capital letters"),
    ],
)
def test_terms_that_make_no_sense_are_refused(root, typed, error):
    assert error in str(errors_of(root.post(page(Operator, "add"), operator_form(**typed))))
    assert not Operator.objects.exists()


@pytest.mark.parametrize(("currency", "fee", "minor"), [("KWD", "0", 0), ("SAR", "1.25", 125), ("JPY", "5", 5)])
def test_a_fee_of_nothing_or_in_any_step_of_other_currencies_is_taken(root, currency, fee, minor):
    response = root.post(page(Operator, "add"), operator_form(currency=currency, booking_fee=fee))
    assert response.status_code == 302, errors_of(response)
    assert Operator.objects.get().booking_fee == minor


def test_the_fee_of_a_trip_is_one_that_cards_can_be_charged_as_well(root):
    trip = make_trip(currency="KWD")
    form = form_of(root.get(page(trip, "change")))
    response = root.post(page(trip, "change"), form | {"booking_fee": "0.505"})
    assert "Cards are charged in steps of ten" in str(errors_of(response))
    assert root.post(page(trip, "change"), form | {"booking_fee": "0.510"}).status_code == 302
    assert fresh(trip).booking_fee == 510


def test_code_and_currency_of_an_operator_stay_because_the_ledger_names_them(root):
    operator = make_trip().operator
    form = form_of(root.get(page(operator, "change")))
    assert not {"code", "currency"} & set(form)
    response = root.post(page(operator, "change"), form | {"code": "X", "currency": "NGN", "booking_fee": "1.5"})
    assert response.status_code == 302, errors_of(response)
    changed = fresh(operator)
    assert (changed.code, changed.currency, changed.booking_fee) == (operator.code, "SAR", 150)
    assert changed.cancellation_policy == operator.cancellation_policy


def test_the_terms_of_an_operator_whose_code_no_account_takes_can_still_be_changed(root):
    operator = Operator.objects.create(code="AIS 1.", name="AIS", currency="SAR", cancellation_policy=POLICY)
    response = root.post(page(operator, "change"), form_of(root.get(page(operator, "change"))) | {"booking_fee": "1.5"})
    assert response.status_code == 302, errors_of(response)
    assert fresh(operator).booking_fee == 150


def test_a_new_name_is_in_the_next_search(root, django_capture_on_commit_callbacks):
    trip = make_trip()

    def operator_found() -> str:
        return search_trips("RUH", "JED", trip.service_date).trips[0].trip.operator_name

    assert operator_found() == "Operator SAR"
    with django_capture_on_commit_callbacks(execute=True):
        form = form_of(root.get(page(trip.operator, "change")))
        root.post(page(trip.operator, "change"), form | {"name": "New Lines"})
    assert operator_found() == "New Lines"


# ------------------------------------------------------------------------------------------------- places and routes
def test_a_place_needs_a_real_time_zone(root):
    form = form_of(root.get(page(make_place("RUH"), "change")))
    response = root.post(page(Place, "add"), form | {"code": "JED", "timezone": "Asia/Jeddah"})
    assert "There is no such time zone." in str(errors_of(response))


def route_form(**other) -> dict:
    operator, _ = Operator.objects.get_or_create(code="NEW", name="New Lines", currency="SAR")
    stops = [("RUH", "0:00:00", "0:00:00"), ("JED", "1:45:00", "2:10:00"), ("CAI", "5:00:00", "5:00:00")]
    form = {
        "name": "RUH – JED – CAI", "operator": operator.pk, "mode": "flight",
        "stops-TOTAL_FORMS": "3", "stops-INITIAL_FORMS": "0", "stops-MIN_NUM_FORMS": "2", "stops-MAX_NUM_FORMS": "1000",
    }  # fmt: skip
    for position, (code, arrives, departs) in enumerate(stops):
        form |= {
            f"stops-{position}-position": str(position), f"stops-{position}-place": make_place(code).pk,
            f"stops-{position}-arrives_after": arrives, f"stops-{position}-departs_after": departs,
        }  # fmt: skip
    return form | other


def test_a_route_is_added_with_its_stops(root):
    response = root.post(page(Route, "add"), route_form())
    assert response.status_code == 302, errors_of(response)
    assert [stop.place.code for stop in Route.objects.get().stops.all()] == ["RUH", "JED", "CAI"]
    assert "RUH – JED – CAI New Lines flight 3" in text_of(root, page(Route))


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"stops-2-position": "3"}, "without a gap"),
        ({"stops-TOTAL_FORMS": "1"}, "at least two"),
        ({"stops-2-arrives_after": "2:00:00", "stops-2-departs_after": "2:00:00"}, "after the one before it was left"),
        ({"stops-2-DELETE": "on", "stops-1-DELETE": "on"}, "at least two"),
    ],
)
def test_stops_that_make_no_line_are_refused(root, typed, error):
    assert error in str(errors_of(root.post(page(Route, "add"), route_form(**typed))))
    assert not Route.objects.exists()


def test_a_stop_is_taken_out_of_a_route(root):
    root.post(page(Route, "add"), route_form())
    route = Route.objects.get()
    form = form_of(root.get(page(route, "change"))) | {"stops-2-DELETE": "on"}
    response = root.post(page(route, "change"), form)
    assert response.status_code == 302, errors_of(response)
    assert [stop.place.code for stop in route.stops.all()] == ["RUH", "JED"]


# ---------------------------------------------------------------------------------------------------------- seat maps
@pytest.fixture
def vehicle() -> Vehicle:
    operator = Operator.objects.create(code="NEW", name="New Lines", currency="SAR")
    return Vehicle.objects.create(operator=operator, name="Airbus", mode="flight")


CABIN = "1-2 business\n3 economy accessible\n4-5: economy exit_row wide"


def test_a_seat_map_is_made_from_a_description_of_its_rows(root, vehicle):
    chosen = {"vehicle": vehicle.pk, "columns": "abc de", "cabin": CABIN}
    for version in (1, 2):
        response = root.post(page(SeatMap, "add"), chosen)
        assert response.status_code == 302, errors_of(response)
        assert SeatMap.objects.order_by("pk").last().version == version
    seats = SeatMap.objects.get(version=2).seats
    assert seats.count() == 25
    assert dict(seats.filter(row=3).values_list("number", "features")) == {
        "3A": ["window", "accessible"], "3B": ["accessible"], "3C": ["aisle", "accessible"],
        "3D": ["aisle", "accessible"], "3E": ["window", "accessible"],
    }  # fmt: skip
    assert set(seats.values_list("row", "fare_class")) == {
        (1, "business"), (2, "business"), (3, "economy"), (4, "economy"), (5, "economy"),
    }  # fmt: skip
    assert seats.get(number="5B").features == ["exit_row", "wide"]


def test_one_column_is_at_both_windows(root, vehicle):
    root.post(page(SeatMap, "add"), {"vehicle": vehicle.pk, "columns": "A", "cabin": "1 first"})
    assert Seat.objects.get().features == ["window"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"columns": "AA BB"}, "each letter once"),
        ({"columns": "A  B"}, "each letter once"),
        ({"columns": "12"}, "each letter once"),
        ({"cabin": "economy 1-3"}, "is no line like"),
        ({"cabin": "3-1 economy"}, "does not count upwards"),
        ({"cabin": "0-3 economy"}, "does not count upwards"),
        ({"cabin": "1-3 economy\n3-4 economy"}, "described once"),
        ({"cabin": "1-900 economy"}, "at most 200"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(root, vehicle, typed, error):
    chosen = {"vehicle": vehicle.pk, "columns": "ABC DEF", "cabin": CABIN, **typed}
    assert error in str(errors_of(root.post(page(SeatMap, "add"), chosen)))
    assert not SeatMap.objects.exists()


def test_a_seat_map_is_drawn_counted_and_never_changed(root):
    trip = make_trip()
    seat_map = trip.seat_map
    content = root.get(page(seat_map, "change")).content.decode()
    assert content.count('class="cabin-seat') == 20
    assert "Seats 20 Trips 1" in text_of(root, page(seat_map, "change"))
    assert root.post(page(seat_map, "change"), {"columns": "A"}).status_code == 403
    assert root.post(page(seat_map, "delete"), {"post": "yes"}).status_code == 403
    assert fresh(seat_map).seats.count() == 20


def test_a_seat_map_that_no_trip_has_is_deleted(root):
    seat_map = make_seat_map(make_trip().operator, 3)
    assert root.post(page(seat_map, "delete"), {"post": "yes"}).status_code == 302
    assert not SeatMap.objects.filter(pk=seat_map.pk).exists()


# -------------------------------------------------------------------------------------------------------------- menu
def menu_of(client) -> dict[str, list[str]]:
    groups = client.get("/en/admin/").context["sidebar_navigation"]
    return {
        str(group.get("title", "")): [str(item["title"]) for item in group["items"] if item["has_permission"]]
        for group in groups
    }


def test_a_role_is_led_only_to_what_it_may_see(root, as_role):
    full, staff, auditor = menu_of(root), menu_of(as_role("staff")), menu_of(as_role("auditor"))
    assert full[""] == staff[""] == ["Today", "Trips", "Bookings"]
    assert staff["Money"] == ["Payments", "Refunds", "Refunds to see to", "Disputes"]
    books = ["Settlements", "Ledger entries", "Ledger accounts", "Closed months"]
    assert auditor["Money"] == full["Money"] == ["Finance", *staff["Money"], *books]
    assert staff["People"] == []
    assert auditor["People"] == ["Users", "Groups", "Devices"]


def test_every_link_of_the_menu_opens(root):
    for group in root.get("/en/admin/").context["sidebar_navigation"]:
        for item in group["items"]:
            assert root.get(str(item["link"])).status_code == 200, item["title"]


def test_one_link_is_marked_on_the_way_to_trips(root):
    for query, expected in [({"when": "today"}, ["Today"]), ({}, ["Trips"]), ({"when": "past"}, ["Trips"])]:
        groups = root.get("/en/admin/bookings/trip/", query).context["sidebar_navigation"]
        assert [str(item["title"]) for group in groups for item in group["items"] if item["active"]] == expected


def test_the_checks_need_no_database(django_db_blocker):
    """They run before `migrate`, when there is none yet."""
    with django_db_blocker.block():
        assert checks.run_checks() == []
