"""The refunds that somebody should see to, and what staff do about each."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from core.models import StatusChange
from core.money import Money
from ledger.models import JournalEntry
from payments.actions.apply import apply
from payments.actions.give_back import give_courtesy, pay_by_hand
from payments.gateways.base import RefundTold
from payments.models import Payment, Refund, RefundAttempt
from tests.admin.deciding import address, confirm, decide, last_entry, lines_posted, lines_shown, preview
from tests.admin.scene import count_queries, fresh, messages_of, page, pay, text_of, words
from tests.world import hold_seats, make_trip

STEPS = ("try_again", "pay_by_hand", "went_back", "was_courtesy")
REASON = {"reason": "Transfer 4711"}


@pytest.fixture
def payment() -> Payment:
    return pay(hold_seats(make_trip(), "1A"))


@pytest.fixture
def failed(payment) -> Refund:
    """A courtesy of SAR 10.00 that the gateway refused."""
    refund = give_courtesy(payment.pk, 1_000, note="Late")
    refund.fail("The card is closed.")
    RefundAttempt.objects.create(refund=refund, number=1, gateway="stripe", is_over=True, error="The card is closed.")
    return refund


@pytest.fixture
def made_there(payment) -> Refund:
    """SAR 20.00 that somebody paid back in the gateway's dashboard."""
    fact = RefundTold("re_there", "succeeded", Money(2_000, "SAR"), moved=True)
    apply(payment, (fact,))
    return Refund.objects.get(reason="gateway")


def step(refund: Refund, name: str) -> str:
    return address(f"payments_refund_{name}", refund)


def offered(client, refund: Refund) -> list[str]:
    content = client.get(page(refund, "change")).content.decode()
    return [name for name in STEPS if step(refund, name) in content]


# --------------------------------------------------------------------------------------------------------------- list
def test_the_list_of_what_needs_attention(root, failed, made_there):
    payment = made_there.payment
    slow, new = (give_courtesy(payment.pk, amount, note="x") for amount in (300, 400))
    Refund.objects.filter(pk=slow.pk).update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    by_hand = give_courtesy(payment.pk, 500, note="x")
    by_hand.fail("no")
    by_hand.succeed(timezone.now(), by_hand=True)
    failed_there = Refund.objects.create(
        payment=payment, amount=1, currency="SAR", reason="gateway", status="requested", accounted=False
    )
    failed_there.fail("no")

    def listed(needs: str) -> set[int]:
        return {refund.pk for refund in root.get(page(Refund), {"needs": needs}).context["cl"].result_list}

    assert listed("settling") == {failed.pk}
    assert listed("patience") == {slow.pk}
    assert listed("explaining") == {made_there.pk}
    assert listed("attention") == {failed.pk, slow.pk, made_there.pk}
    assert len(listed("")) == Refund.objects.count() == 6
    assert new.pk in listed("")


def badge_of(client, title: str) -> object:
    groups = client.get("/en/admin/").context["sidebar_navigation"]
    (item,) = [item for group in groups for item in group["items"] if str(item["title"]) == title]
    return item.get("badge")


def test_the_menu_leads_there_and_counts(root, as_role, failed):
    assert badge_of(root, "Refunds to see to") == badge_of(as_role("staff"), "Refunds to see to") == 1
    pay_by_hand(failed.pk, note="Transfer 4711")
    assert badge_of(root, "Refunds to see to") == 0
    groups = root.get(page(Refund), {"needs": "attention"}).context["sidebar_navigation"]
    active = [str(item["title"]) for group in groups for item in group["items"] if item["active"]]
    assert active == ["Refunds to see to"]


def test_the_menu_does_not_count_to_the_end(root, payment):
    Refund.objects.bulk_create(
        Refund(payment=payment, amount=1, currency="SAR", reason="gateway", status="requested", accounted=False)
        for _ in range(101)
    )
    assert badge_of(root, "Refunds to see to") == "99+"


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"status__exact": "failed"}, 1), ({"status__exact": "succeeded"}, 1), ({"reason__exact": "gateway"}, 1),
        ({"q": "re_there"}, 1), ({"q": "re_elsewhere"}, 0),
    ],
)  # fmt: skip
def test_refunds_are_filtered_and_found(root, failed, made_there, chosen, count):
    assert root.get(page(Refund), chosen).context["cl"].result_count == count


def test_a_refund_shows_its_attempts_and_all_that_is_known(root, failed):
    text = text_of(root, page(failed, "change"))
    for part in (
        "Note Late", "Last error The card is closed.", "1 stripe – came to nothing The card is closed.",
        "Reason As a courtesy.", "refund requested failed",
    ):  # fmt: skip
        assert part in text, part


def test_the_page_of_a_refund_asks_as_much_for_many_attempts_as_for_one(root, failed):
    few = count_queries(root, page(failed, "change"))
    RefundAttempt.objects.bulk_create(
        RefundAttempt(refund=failed, number=number, gateway="stripe") for number in range(2, 12)
    )
    assert count_queries(root, page(failed, "change")) == few <= 13


# -------------------------------------------------------------------------------------------------------------- steps
def test_each_refund_offers_what_its_state_allows(root, failed, made_there):
    assert offered(root, failed) == ["try_again", "pay_by_hand", "went_back"]
    assert offered(root, made_there) == ["was_courtesy"]
    decide(root, step(failed, "try_again"), **REASON)
    decide(root, step(made_there, "was_courtesy"), **REASON)
    assert offered(root, failed) == offered(root, made_there) == []


def test_a_failed_refund_is_tried_again(root, failed):
    before = last_entry()
    shown = preview(root, step(failed, "try_again"), **REASON)
    assert lines_shown(shown) == []
    assert "Last error The card is closed." in words(shown)
    assert fresh(failed).status == "failed"
    assert messages_of(confirm(root, shown)) == ["The refund is sent again."]
    assert fresh(failed).status == "requested"
    assert lines_posted(failed.payment.booking, before) == []
    change = StatusChange.objects.filter(subject_type="payments.refund").last()
    assert (change.to_status, change.reason) == ("requested", "Transfer 4711")
    assert LogEntry.objects.get().change_message == "Try again: Transfer 4711"


def test_a_failed_refund_was_paid_by_hand(root, failed):
    before = last_entry()
    shown = preview(root, step(failed, "pay_by_hand"), **REASON)
    assert lines_shown(shown) == [
        ("refund", "refunds:payable", "SAR 10.00", ""), ("", "bank", "", "SAR 10.00"),
    ]  # fmt: skip
    confirm(root, shown)
    assert lines_posted(failed.payment.booking, before) == lines_shown(shown)
    assert (fresh(failed).status, fresh(failed).paid_by_hand) == ("succeeded", True)
    assert LogEntry.objects.get().change_message == "Paid by hand: Transfer 4711"


def test_a_failed_refund_went_back_another_way(root, failed, made_there):
    before = last_entry()
    shown = preview(root, step(failed, "went_back"), **REASON)
    assert lines_shown(shown) == [
        ("adjustment", "refunds:payable", "SAR 10.00", ""), ("", "suspense", "", "SAR 10.00"),
    ]  # fmt: skip
    assert fresh(made_there).explained_amount == 0
    confirm(root, shown)
    assert lines_posted(failed.payment.booking, before) == lines_shown(shown)
    assert (fresh(failed).status, fresh(made_there).explained_amount) == ("replaced", 1_000)
    assert offered(root, failed) == []


def test_a_failed_refund_that_went_back_no_other_way_is_still_owed(root, failed):
    response = root.post(step(failed, "went_back"), REASON)
    assert "Nothing has gone back another way." in words(response)
    assert fresh(failed).status == "failed"


def test_the_rest_of_a_failed_refund_that_went_back_in_part_another_way_is_owed_still(root, failed):
    apply(failed.payment, (RefundTold("re_there", "succeeded", Money(400, "SAR"), moved=True),))
    shown = preview(root, step(failed, "went_back"), **REASON)
    assert lines_shown(shown) == [
        ("adjustment", "refunds:payable", "SAR 4.00", ""), ("", "suspense", "", "SAR 4.00"),
    ]  # fmt: skip
    assert "Went back another way SAR 4.00" in words(shown)
    assert "Is owed still, as another refund SAR 6.00" in words(shown)
    confirm(root, shown)
    rest = Refund.objects.exclude(pk=failed.pk).get(reason="goodwill")
    assert (fresh(failed).status, rest.status, rest.amount) == ("replaced", "failed", 600)
    assert offered(root, rest) == ["try_again", "pay_by_hand", "went_back"]


def test_a_refund_made_at_the_gateway_was_a_courtesy(root, made_there):
    before = last_entry()
    shown = preview(root, step(made_there, "was_courtesy"), **REASON)
    assert lines_shown(shown) == [
        ("goodwill", "platform:goodwill", "SAR 20.00", ""), ("", "suspense", "", "SAR 20.00"),
    ]  # fmt: skip
    assert not fresh(made_there).accounted
    confirm(root, shown)
    assert lines_posted(made_there.payment.booking, before) == lines_shown(shown)
    assert (fresh(made_there).accounted, fresh(made_there).note) == (True, "Transfer 4711")
    assert LogEntry.objects.get().change_message == "Was a courtesy: Transfer 4711"


@pytest.mark.parametrize("name", STEPS)
def test_each_step_needs_a_reason(root, failed, made_there, name):
    refund = made_there if name == "was_courtesy" else failed
    before = list(Refund.objects.order_by("pk").values())
    response = root.post(step(refund, name), {"reason": " "})
    assert "This field is required." in words(response)
    assert list(Refund.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("name", STEPS)
def test_the_second_click_of_two_does_nothing(root, failed, made_there, name):
    shown = preview(root, step(made_there if name == "was_courtesy" else failed, name), **REASON)
    confirm(root, shown)
    after = JournalEntry.objects.count(), StatusChange.objects.count(), LogEntry.objects.count()
    assert messages_of(confirm(root, shown)) == ["This was sent before. Here is what has become of it."]
    assert (JournalEntry.objects.count(), StatusChange.objects.count(), LogEntry.objects.count()) == after


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("try_again", "Only a failed refund."),
        ("pay_by_hand", "Only a failed refund."),
        ("went_back", "Only a failed refund."),
        ("was_courtesy", "It is accounted for."),
    ],
)
def test_what_the_state_does_not_allow_is_refused_in_words(root, payment, name, why):
    refund = give_courtesy(payment.pk, 100, note="x")
    response = root.post(step(refund, name), REASON)
    assert response.status_code == 409
    assert why in words(response)
    assert fresh(refund).status == "requested"
    assert not LogEntry.objects.exists()


def test_there_is_not_enough_left_to_try_again(root, failed):
    apply(failed.payment, (RefundTold("re_there", "succeeded", Money(10_000, "SAR"), moved=True),))
    response = root.post(step(failed, "try_again"), REASON)
    assert "Only SAR 5.00 of the payment can still go back." in words(response)
    assert fresh(failed).status == "failed"


@pytest.mark.parametrize("role", ["staff", "auditor"])
@pytest.mark.parametrize("name", STEPS)
def test_who_may_not_settle_refunds_does_not(as_role, root, failed, made_there, role, name):
    refund = made_there if name == "was_courtesy" else failed
    shown, browser = preview(root, step(refund, name), **REASON), as_role(role)
    before = list(Refund.objects.order_by("pk").values())
    assert offered(browser, refund) == []
    assert browser.get(step(refund, name)).status_code == 403
    assert browser.post(step(refund, name), REASON).status_code == 403
    assert confirm(browser, shown).status_code == 403
    assert list(Refund.objects.order_by("pk").values()) == before
    assert not LogEntry.objects.exists()


def test_finance_settles_refunds(as_role, failed):
    decide(as_role("finance"), step(failed, "pay_by_hand"), **REASON)
    assert fresh(failed).paid_by_hand
