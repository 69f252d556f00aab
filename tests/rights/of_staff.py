"""What staff ask for: each step as it is taken in a browser, and each form as it would be taken."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin

from tests.admin.deciding import hidden_in
from tests.rights.addresses import filled_in
from tests.rights.matrix import Wish, Wishes
from tests.rights.of_travellers import NEW_PASSWORD
from tests.rights.people import PASSWORD
from tests.rights.world import World
from tests.world import in_days, make_place

About = Callable[[World], dict[str, Any]]
REASON = {"reason": "Looked at"}
NOTE = {"note": "Looked at"}


def thing(name: str, placeholder: str = "object_id") -> About:
    return lambda world: {placeholder: world.things[name].pk}


def decision(address: str, about: About, **typed: Any) -> Wishes:
    """A page that shows what will come of what is typed; what is sent is its confirmation."""

    def confirmed(world: World) -> Wish:
        shown = world.people["root"].ask("POST", filled_in(address, about(world)), typed or REASON)
        assert shown.status_code == 200, address
        return Wish(about(world), hidden_in(shown) | {"confirm": "1"})

    return {address: lambda world: Wish(about(world)), f"POST {address}": confirmed}


def dialog(address: str, about: About | None = None, **typed: str) -> Wishes:
    """A question on a page itself, with its answer."""
    body = {"_form_submitted": "on", **typed}
    return {address: lambda world: Wish(about(world) if about else {}, body)}


def list_action(address: str, action: str, name: str = "") -> Wishes:
    """An action on a row of a list, confirmed."""
    name = name or ".".join(address.split("/")[2:4])
    return {
        f"POST {address}": lambda world: Wish(
            body={"action": action, "_selected_action": [world.things[name].pk], "post": "yes"}
        )
    }


REFUND, SETTLEMENT = "/admin/payments/refund", "/admin/finance/settlement/<object_id>"
AMOUNT: dict[str, Any] = {"amount": "10", **REASON}
SEATS: dict[str, Any] = {"seats": ["1A"], **REASON}
STEPS: Wishes = {
    **decision(
        f"{REFUND}/of-booking/<booking_id>/", lambda world: {"booking_id": world.paid.booking_id},
        seats=["2A", "2B"], terms="policy", **REASON,
    ),
    **decision(f"{REFUND}/of-trip/<trip_id>/", lambda world: {"trip_id": world.trip.pk}),
    **decision(f"{REFUND}/after-departure/<booking_id>/", thing("journey", "booking_id"), **AMOUNT),
    **decision(f"{REFUND}/no-shows/<booking_id>/", thing("journey", "booking_id"), **SEATS),
    **decision(f"{REFUND}/travelled/<booking_id>/", thing("no show", "booking_id"), **SEATS),
    **decision(
        "/admin/payments/payment/<object_id>/give_courtesy/", lambda world: {"object_id": world.paid.pk}, **AMOUNT
    ),
    **decision(f"{REFUND}/<object_id>/try_again/", thing("failed")),
    **decision(f"{REFUND}/<object_id>/pay_by_hand/", thing("failed")),
    **decision(f"{REFUND}/<object_id>/went_back/", thing("failed")),
    **decision(f"{REFUND}/<object_id>/was_courtesy/", thing("made there")),
    **decision(f"{SETTLEMENT}/approve/", thing("draft")),
    **decision(f"{SETTLEMENT}/void/", thing("draft")),
    **decision(f"{SETTLEMENT}/pay/", thing("approved")),
    **decision(f"{SETTLEMENT}/give_back/", thing("paid")),
    **decision(
        "/admin/ledger/account/<object_id>/adjust/", thing("ledger.account"),
        side="credit", amount="12.50", other="platform:gateway_fees", **REASON,
    ),
    **decision("/admin/ledger/journalentry/<object_id>/reverse/", thing("ledger.journalentry")),
    **dialog("/admin/bookings/trip/<object_id>/close_sales/", **REASON),
    **dialog("/admin/bookings/trip/<object_id>/delay_trip/", minutes="30", **REASON),
    **dialog("/admin/bookings/trip/<object_id>/reopen_sales/", thing("closed"), **REASON),
    **dialog("/admin/payments/finding/<object_id>/repair/", thing("finding of a payment")),
    **dialog("/admin/payments/finding/<object_id>/explain/", **NOTE),
    **dialog("/admin/payments/balancetransaction/<object_id>/explain/", **NOTE),
    **dialog("/admin/payments/reconciliationrun/compare/"),
    **dialog("/admin/payments/reconciliationrun/mend/"),
    **dialog("/admin/ledger/period/close_month/", month="2027-02", **REASON),
    **dialog("/admin/finance/settlement/draft_month/"),
    **dialog(f"{SETTLEMENT}/draft_anew/"),
    **list_action("/admin/accounts/device/", "sign_out"),
    **list_action("/admin/accounts/user/", "delete_selected"),
    **list_action("/admin/auth/group/", "delete_selected"),
    **list_action("/admin/bookings/operator/", "delete_selected"),
    **list_action("/admin/bookings/place/", "delete_selected"),
    **list_action("/admin/bookings/route/", "delete_selected"),
    **list_action("/admin/bookings/seatmap/", "delete_selected"),
    **list_action("/admin/bookings/trip/", "close_selected"),
    **list_action("/admin/bookings/vehicle/", "delete_selected"),
    **list_action("/admin/core/outboxmessage/", "send_again"),
    **list_action("/admin/payments/finding/", "repair_selected", "finding of a payment"),
    **list_action("/admin/payments/gatewayevent/", "try_again"),
    "POST /admin/accounts/user/<id>/password/": lambda world: Wish(
        body={"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true", "set-password": "1"}
    ),
    "POST /admin/password_change/": lambda world: Wish(
        body={"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    ),
    "/admin/<app_label>/": lambda world: Wish({"app_label": "bookings"}),
    "/admin/<url>": lambda world: Wish({"url": "none"}),
    "GET /admin/autocomplete/": lambda world: Wish(query="?app_label=bookings&model_name=trip&field_name=route"),
    "GET /admin/search/": lambda world: Wish(query="?s=trip"),
    "/admin/r/<content_type_id>/<object_id>/": lambda world: Wish({"content_type_id": 1, "object_id": 1}),
    "/admin/finance/reports/<name>/": lambda world: Wish({"name": "trial_balance"}),
    "/admin/finance/reports/<name>/report.<form>": lambda world: Wish({"name": "trial_balance", "form": "csv"}),
}  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- forms
def _new(model: str, **typed: Any) -> Wishes:
    """The form of a new one as it is shown, with this typed into it."""

    def made(world: World) -> Wish:
        given = {name: value(world) if callable(value) else value for name, value in typed.items()}
        return Wish(body=world.people["root"].form_at(f"/en/admin/{model}/add/") | given)

    return {f"POST /admin/{model}/add/": made}


def _of(name: str, field: str) -> Callable[[World], Any]:
    return lambda world: getattr(world.things[name], field)


def _stop(position: int, code: str) -> dict[str, Any]:
    return {
        f"stops-{position}-position": str(position),
        f"stops-{position}-place": lambda _world: make_place(code).pk,
        f"stops-{position}-arrives_after": f"{position}:00:00",
        f"stops-{position}-departs_after": f"{position}:00:00",
    }


def _unchanged(world: World, model: str) -> Wish:
    """The form of the thing as it stands there, sent back."""
    path = f"/en/admin/{model}/{world.things[model.replace('/', '.')].pk}/change/"
    return Wish(body=world.people["root"].form_at(path))


CHANGED = (
    "accounts/user", "auth/group", "bookings/operator", "bookings/place", "bookings/route", "bookings/trip",
    "bookings/vehicle",
)  # fmt: skip
DELETED = Wish(body={"post": "yes"})
FORMS: Wishes = {
    **_new(
        "accounts/user", email="made@example.com", full_name="Made", usable_password="true",
        password1=NEW_PASSWORD, password2=NEW_PASSWORD,
    ),
    **_new("auth/group", name="day shift"),
    **_new(
        "bookings/operator", code="NEW", name="New Lines", currency="SAR", booking_fee="5",
        cancellation_policy="24 h: 80 %",
    ),
    **_new(
        "bookings/place", code="CAI", name="Cairo", city="Cairo", country="EG", timezone="Africa/Cairo", kind="station"
    ),
    **_new(
        "bookings/route", name="New", mode="bus", operator=_of("bookings.route", "operator_id"),
        **{"stops-TOTAL_FORMS": "2"}, **_stop(0, "RUH"), **_stop(1, "JED"),
    ),
    **_new("bookings/vehicle", name="New", mode="bus", operator=_of("bookings.route", "operator_id")),
    **_new("bookings/seatmap", vehicle=_of("bookings.seatmap", "vehicle_id"), columns="AB", cabin="1-2 standard"),
    **_new(
        "bookings/trip", route=_of("bookings.trip", "route_id"), seat_map=_of("bookings.trip", "seat_map_id"),
        number="T7", service_date=lambda _world: in_days(9).isoformat(), departs="21:15",
    ),
    **{
        f"POST /admin/{model._meta.app_label}/{model._meta.model_name}/<object_id>/delete/": lambda _world: DELETED
        for model in admin.site._registry
    },
    **{
        f"POST /admin/{model}/<object_id>/change/": partial(_unchanged, model=model)
        for model in CHANGED
    },
}  # fmt: skip
