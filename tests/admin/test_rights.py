"""Each thing that staff can do needs its right: with all others it is refused, with it alone it is not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.translation import override

from accounts.models import User
from bookings.models import Booking, Trip
from core.models import StatusChange
from finance.actions.draft import draft
from finance.models import Settlement
from finance.reports.registry import REPORTS
from ledger.actions.adjust import adjust
from ledger.models import Account, JournalEntry, Period
from payments.models import BalanceTransaction, Finding, GatewayEvent, Payment, Refund
from tests.admin.conftest import signed_in
from tests.admin.scene import make_event, make_finding, make_line, pay
from tests.payments.scene import leave
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)

BACK, SEES_REPORTS = "payments.request_refund", "finance.view_reports"
# The right that each address needs, and what it is about. Addresses of lists and forms need those of their models.
NEEDS: dict[str, tuple[str, Any]] = {
    "bookings_booking_cancel_seats": (BACK, Booking),
    "bookings_booking_pay_back_after_departure": (BACK, Booking),
    "bookings_booking_mark_no_shows": (BACK, Booking),
    "bookings_booking_mark_travelled": (BACK, Booking),
    "bookings_trip_cancel_trip": ("bookings.change_trip", Trip),
    "bookings_trip_delay_trip": ("bookings.change_trip", Trip),
    "bookings_trip_close_sales": ("bookings.change_trip", Trip),
    "bookings_trip_reopen_sales": ("bookings.change_trip", Trip),
    "payments_cancel_seats": (BACK, Booking),
    "payments_cancel_trip": ("bookings.change_trip", Trip),
    "payments_pay_back_after_departure": (BACK, Booking),
    "payments_mark_no_shows": (BACK, Booking),
    "payments_mark_travelled": (BACK, Booking),
    "payments_payment_give_courtesy": (BACK, Payment),
    "payments_refund_try_again": ("payments.change_refund", Refund),
    "payments_refund_pay_by_hand": ("payments.change_refund", Refund),
    "payments_refund_went_back": ("payments.change_refund", Refund),
    "payments_refund_was_courtesy": ("payments.change_refund", Refund),
    "payments_finding_repair": ("payments.reconcile", Finding),
    "payments_finding_explain": ("payments.reconcile", Finding),
    "payments_balancetransaction_explain": ("payments.reconcile", BalanceTransaction),
    "payments_reconciliationrun_compare": ("payments.reconcile", None),
    "payments_reconciliationrun_mend": ("payments.reconcile", None),
    "ledger_account_adjust": ("ledger.adjust", Account),
    "ledger_account_statement": ("finance.view_reports", Account),
    "ledger_journalentry_reverse": ("ledger.reverse_entry", JournalEntry),
    "ledger_period_close_month": ("ledger.close_period", None),
    "finance_settlement_draft_month": ("finance.approve_settlement", None),
    "finance_settlement_draft_anew": ("finance.approve_settlement", Settlement),
    "finance_settlement_approve": ("finance.approve_settlement", Settlement),
    "finance_settlement_void": ("finance.approve_settlement", Settlement),
    "finance_settlement_pay": ("finance.pay_settlement", Settlement),
    "finance_settlement_give_back": ("finance.approve_settlement", Settlement),
    "finance_settlement_as_pdf": ("finance.view_settlement", Settlement),
    "finance_settlement_as_csv": ("finance.view_settlement", Settlement),
    "finance_settlement_as_xlsx": ("finance.view_settlement", Settlement),
    "finance-home": (SEES_REPORTS, None),
}
# Whoever is let in may come there; what they see is their own, or what they may see of each model.
OPEN = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n",
        "view_on_site", "app_list", "search"}  # fmt: skip
OF_MODELS = ("_add", "_change", "_changelist", "_delete", "_history")


def names_of_addresses(patterns: Any, path: str = "") -> Iterator[str]:
    """Of all that is below the staff site."""
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from names_of_addresses(pattern.url_patterns, here)
        elif "admin/" in here and pattern.name:
            yield pattern.name


def test_no_address_is_forgotten():
    with override("en"):
        names = set(names_of_addresses(get_resolver().url_patterns))
    own = {name for name in names if not name.endswith(OF_MODELS)} - OPEN - {"report", "report-file"}
    assert own == set(NEEDS)


@pytest.fixture
def world() -> dict[Any, Any]:
    """One of each, and a settlement of what has left."""
    payment = pay(hold_seats(make_trip(), "1A", "1B"))
    leave(payment.booking)
    trip = make_trip(number="T2")
    made = {Booking: payment.booking, Trip: trip, Payment: payment, Finding: make_finding(payment)}
    made[BalanceTransaction] = make_line(outcome="suspense")
    made[Refund] = Refund.objects.create(
        payment=payment, amount=100, currency="SAR", reason="cancelled", status="failed"
    )
    entry = adjust(currency="SAR", debit="tax:payable", credit="bank", amount=500, reason="x")
    made[JournalEntry] = JournalEntry.objects.get(pk=entry.entry_id)
    made[Account] = Account.objects.get(code="bank")
    make_event("evt_1")
    made[Settlement] = draft(trip.operator_id, JournalEntry.objects.get(kind="earning").period)
    return made


def somebody(rights: Q) -> Client:
    """A person of staff with these rights and no others."""
    user = User.objects.create_user(f"clerk{User.objects.count()}@example.com", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(rights))
    return signed_in(user)


def named(right: str) -> Q:
    app, _dot, codename = right.partition(".")
    return Q(content_type__app_label=app, codename=codename)


def address(name: str, subject: Any) -> str:
    prefix = "" if name == "finance-home" else "admin:"
    with override("en"):
        return reverse(f"{prefix}{name}", args=[subject.pk] if subject else [])


def everything() -> list[Any]:
    """What a refused wish must leave as it was."""
    models = (Booking, Trip, Payment, Refund, Finding, BalanceTransaction, GatewayEvent, JournalEntry, Settlement,
              Period, StatusChange, LogEntry)  # fmt: skip
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def test_with_every_other_right_it_is_refused_and_nothing_happens(world):
    before = everything()
    typed = {"reason": "x", "_form_submitted": "on", "confirm": "1", "key": "k"}
    for right, names in by_right().items():
        # Whoever may change a thing may look at it, too.
        clerk = somebody(~named(right) & ~named(right.replace(".view_", ".change_")))
        for name in names:
            page = address(name, world.get(NEEDS[name][1]))
            assert (clerk.get(page).status_code, clerk.post(page, typed).status_code) == (403, 403), name
    assert everything() == before


def test_with_that_right_alone_it_is_not_refused(world):
    for right, names in by_right().items():
        clerk = somebody(named(right) | Q(codename__startswith="view_"))
        for name in names:
            assert clerk.get(address(name, world.get(NEEDS[name][1]))).status_code != 403, name


def by_right() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, (right, _model) in NEEDS.items():
        found.setdefault(right, []).append(name)
    return found


def test_reports_and_their_files_need_theirs(db):
    others, reader = somebody(~named(SEES_REPORTS)), somebody(named(SEES_REPORTS))
    for report in REPORTS:
        with override("en"):
            page, file = reverse("report", args=[report]), reverse("report-file", args=[report, "csv"])
        assert (others.get(page).status_code, others.get(file).status_code) == (403, 403)
        assert reader.get(page).status_code == 200
