"""Disputes in the order in which they press, each with all that belongs to it; and nothing to change."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.money import Money
from payments.actions.apply import apply
from payments.gateways.base import BalanceLine, DisputeTold, Settled
from payments.models import Dispute, Payment
from tests.admin.scene import count_queries, fresh, make_dispute, page, pay, text_of
from tests.world import hold_seats, make_trip


@pytest.fixture
def payment() -> Payment:
    return pay(hold_seats(make_trip(), "1A"))


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def listed(client, **chosen: str) -> list[str]:
    return [one.dispute_id for one in client.get(page(Dispute), chosen).context["cl"].result_list]


def told(payment: Payment, status: str, *, withheld: int = 10_500) -> None:
    """What the gateway says of a dispute for whose sake it withheld this much, with a fee of SAR 1.50."""
    money = Money(-withheld, "SAR")
    line = BalanceLine("txn_dp", "adjustment", money, fee=Money(150, "SAR"))
    fact = DisputeTold("dp_1", status, "fraudulent", payment.money, in_days(7), (Settled(line, money),))
    apply(payment, (fact,))


def test_what_presses_most_is_on_top_and_stands_out(root, payment):
    for name, status, days in (
        ("dp_won", "won", -30), ("dp_review", "under_review", 1), ("dp_later", "needs_response", 9),
        ("dp_inquiry", "warning_needs_response", 2), ("dp_overdue", "needs_response", -1),
    ):  # fmt: skip
        make_dispute(payment, name, status=status, respond_by=in_days(days))
    make_dispute(payment, "dp_no_date")
    assert listed(root) == ["dp_overdue", "dp_inquiry", "dp_later", "dp_no_date", "dp_review", "dp_won"]
    assert listed(root, state="open") == ["dp_overdue", "dp_inquiry", "dp_later", "dp_no_date", "dp_review"]
    assert listed(root, state="soon") == ["dp_overdue", "dp_inquiry"]
    assert listed(root, state="decided") == ["dp_won"]
    text = text_of(root, page(Dispute))
    assert f"{in_days(-1):%Y-%m-%d}" in text.split("UTC late")[0]
    assert text.count("UTC late") == text.count("UTC soon") == 1


def test_the_menu_counts_those_to_answer_soon(root, payment):
    make_dispute(payment, "dp_soon", respond_by=in_days(2))
    make_dispute(payment, "dp_later", respond_by=in_days(4))
    make_dispute(payment, "dp_done", status="lost", respond_by=in_days(1))
    groups = root.get("/en/admin/").context["sidebar_navigation"]
    assert [item["badge"] for group in groups for item in group["items"] if str(item["title"]) == "Disputes"] == [1]


def test_the_page_has_everything_that_belongs_to_it(root, payment):
    told(payment, "needs_response")
    told(payment, "under_review")
    told(payment, "lost")
    dispute = Dispute.objects.get()
    text = text_of(root, page(dispute, "change"))
    for part in (
        "Status lost", "Amount SAR 105.00", "Withheld SAR 105.00", "Reason fraudulent",
        "gateway:stripe:disputed SAR 105.00", "platform:dispute_fees SAR 1.50", "travellers:unearned SAR 86.96",
        "stripe:txn_dp:lost", "dispute needs_response under_review", "dispute under_review lost",
        "Evidence is handed in at the payment service's dashboard.",
    ):  # fmt: skip
        assert part in text.replace("&#x27;", "'"), part
    assert ":charge" not in text  # an entry of the payment's, and not of the dispute's
    content = root.get(page(dispute, "change")).content.decode()
    for linked in (payment, payment.booking):
        assert page(linked, "change") in content
    assert "https://dashboard.stripe.com/test/disputes/dp_1" in content


@pytest.mark.parametrize(
    ("key", "address"),
    [("sk_live_1", "https://dashboard.stripe.com/disputes/dp_1"), ("rk_test_1", ".com/test/disputes/dp_1")],
)
def test_the_way_to_the_dashboard_is_that_of_the_keys(root, payment, settings, key, address):
    settings.STRIPE_SECRET_KEY = key
    assert address in root.get(page(make_dispute(payment), "change")).content.decode()


def test_another_gateways_dashboard_is_named_without_a_way(root, payment):
    dispute = make_dispute(payment)
    Dispute.objects.filter(pk=dispute.pk).update(gateway="flutterwave")
    content = root.get(page(dispute, "change")).content.decode()
    assert "Evidence is handed in" in content
    assert "dashboard.stripe.com" not in content


def test_the_payment_and_the_booking_lead_to_it(root, as_role, payment):
    for row in (payment, payment.booking):
        assert "Answer by" not in text_of(root, page(row, "change"))
    dispute = make_dispute(payment, respond_by=in_days(2))
    for browser in (root, as_role("finance"), as_role("auditor")):
        for row in (payment, payment.booking):
            assert page(dispute, "change") in browser.get(page(row, "change")).content.decode()


@pytest.mark.parametrize("words", ["dp_1", "booking", "charge"])
def test_a_dispute_is_found(root, payment, words):
    make_dispute(payment)
    make_dispute(pay(hold_seats(make_trip(number="T2"), "1A")), "dp_2")
    known = {"dp_1": "dp_1", "booking": payment.booking.reference, "charge": payment.charge_id}
    assert listed(root, q=known[words]) == ["dp_1"]


def test_the_list_asks_as_much_for_many_as_for_one(root, payment):
    make_dispute(payment)
    few = count_queries(root, page(Dispute))
    for number in range(2, 12):
        make_dispute(pay(hold_seats(make_trip(number=f"T{number}"), "1A")), f"dp_{number}")
    assert count_queries(root, page(Dispute)) == few <= 11


def test_nobody_changes_one(root, payment):
    dispute = make_dispute(payment)
    assert root.post(page(dispute, "change"), {"status": "won"}).status_code == 403
    assert fresh(dispute).status == "needs_response"
