"""Staff pay money back that nobody owes: as much as is left, once, at the platform's expense."""

import pytest
from django.contrib.admin.models import LogEntry

from core.money import Money
from ledger.models import JournalEntry
from payments.actions.apply import apply
from payments.actions.give_back import give_courtesy, try_again
from payments.errors import RefundTooLarge
from payments.gateways.base import Paid
from payments.models import Payment, Refund
from tests.admin.deciding import address, confirm, decide, last_entry, lines_posted, lines_shown, preview
from tests.admin.scene import fresh, make_dispute, messages_of, page, pay, start, text_of, words
from tests.world import hold_seats, make_trip


@pytest.fixture
def payment() -> Payment:
    """Of SAR 105.00."""
    return pay(hold_seats(make_trip(), "1A"))


def courtesy(payment: Payment) -> str:
    return address("payments_payment_give_courtesy", payment)


def nothing_was_done() -> bool:
    kinds = JournalEntry.objects.values_list("kind", flat=True)
    return not Refund.objects.exists() and "goodwill" not in kinds and not LogEntry.objects.exists()


def test_what_was_shown_is_what_is_posted_and_paid_back(root, superuser, payment):
    shown, before = preview(root, courtesy(payment), amount="12.50", reason="Broken seat"), last_entry()
    text = words(shown)
    for part in ("Goes back SAR 12.50", "Can still go back after it SAR 92.50", "Through stripe", "Reason Broken seat"):
        assert part in text, part
    assert lines_shown(shown) == [
        ("goodwill", "platform:goodwill", "SAR 12.50", ""), ("", "refunds:payable", "", "SAR 12.50"),
    ]  # fmt: skip
    assert nothing_was_done()

    response = confirm(root, shown)
    assert messages_of(response) == ["SAR 12.50 goes back."]
    assert lines_posted(payment.booking, before) == lines_shown(shown)
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.note) == (1_250, "goodwill", "Broken seat")
    assert refund.requested_by == f"user:{superuser.pk}"
    assert fresh(payment.booking).status == "confirmed"
    log = LogEntry.objects.get()
    assert (log.object_id, log.change_message) == (str(payment.pk), "Pay back as a courtesy: Broken seat")
    assert "Broken seat" in text_of(root, page(payment, "change"))


def test_the_form_tells_how_much_is_left(root, payment):
    decide(root, courtesy(payment), amount="5", reason="Late")
    assert "SAR 100.00 of the payment can still go back." in text_of(root, courtesy(payment))


@pytest.mark.parametrize(("currency", "typed", "minor"), [("JPY", "10", 10), ("KWD", "0.010", 10), ("SAR", "0.01", 1)])
def test_the_amount_is_typed_in_major_units_of_the_payments_currency(root, currency, typed, minor):
    payment = pay(hold_seats(make_trip(currency=currency), "1A"))
    decide(root, courtesy(payment), amount=typed, reason="x")
    assert Refund.objects.get().amount == minor


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"amount": "105.01"}, "Only SAR 105.00 of the payment can still go back."),
        ({"amount": "0"}, "This amount cannot be sent."),
        ({"amount": "-1"}, "This amount cannot be sent."),
        ({"amount": "0.001"}, "This is no amount of SAR."),
        ({"amount": "ten"}, "Write digits and, if need be, a point: 1234.50."),
        ({"amount": "1,50"}, "Write digits and, if need be, a point: 1234.50."),
        ({"amount": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
        ({"reason": "  "}, "This field is required."),
        ({"reason": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_cannot_be_sent_goes_no_further(root, payment, typed, error):
    response = root.post(courtesy(payment), {"amount": "5", "reason": "Late"} | typed)
    assert "outlook" not in response.context
    assert error in words(response)
    assert nothing_was_done()


def test_a_step_that_three_decimal_currencies_do_not_take_is_refused(root):
    payment = pay(hold_seats(make_trip(currency="KWD"), "1A"))
    assert "This amount cannot be sent." in words(root.post(courtesy(payment), {"amount": "0.001", "reason": "x"}))
    assert nothing_was_done()


def test_the_second_click_of_two_pays_nothing(root, payment):
    shown = preview(root, courtesy(payment), amount="5", reason="Late")
    confirm(root, shown)
    response = confirm(root, shown)
    assert messages_of(response) == ["This was sent before. Here is what has become of it."]
    assert Refund.objects.count() == LogEntry.objects.count() == 1


def test_what_two_have_looked_at_is_done_once_until_somebody_looks_again(root, payment):
    shown, also = (preview(root, courtesy(payment), amount="5", reason="Late") for _ in range(2))
    confirm(root, shown)
    response = confirm(root, also)
    assert response.status_code == 409
    assert "It would come to something else by now: look at it again." in words(response)
    assert "Can still go back after it SAR 95.00" in words(response)
    assert Refund.objects.count() == 1
    confirm(root, response)
    assert Refund.objects.count() == 2


def test_money_that_went_meanwhile_is_not_paid_twice(root, payment):
    shown = preview(root, courtesy(payment), amount="60", reason="Late")
    decide(root, courtesy(payment), amount="60", reason="By a colleague")
    response = confirm(root, shown)
    assert response.status_code == 409
    assert "Only SAR 45.00 of the payment can still go back." in words(response)
    assert Refund.objects.get().note == "By a colleague"


def test_nothing_is_paid_back_of_what_the_bank_decides_about(root, payment):
    make_dispute(payment)
    for response in (
        root.get(courtesy(payment), follow=True),
        root.post(courtesy(payment), {"amount": "5", "reason": "x"}, follow=True),
    ):
        assert messages_of(response) == ["The payment is disputed: the bank decides who gets the money."]
    assert nothing_was_done()


def test_an_inquiry_may_be_answered_by_paying_back(root, payment):
    make_dispute(payment, status="warning_needs_response")
    decide(root, courtesy(payment), amount="105", reason="To avoid a dispute")
    assert Refund.objects.get().amount == 10_500


def test_nothing_is_paid_back_of_what_was_not_paid(root):
    payment = start(hold_seats(make_trip(), "1A"))
    assert courtesy(payment) not in root.get(page(payment, "change")).content.decode()
    assert messages_of(root.get(courtesy(payment), follow=True)) == ["Nothing was paid."]


@pytest.mark.parametrize("typed", ["5", "105", "105000"])
def test_nothing_is_paid_back_of_money_of_another_currency_but_itself(root, typed):
    payment = start(hold_seats(make_trip(), "1A"))
    apply(payment, (Paid("pi_1", "ch_1", Money(10_500_000, "JPY")),))
    refund = Refund.objects.get()
    refund.fail("The card is closed.")
    response = root.post(courtesy(payment), {"amount": typed, "reason": "x"}, follow=True)
    assert messages_of(response) == ["Only SAR 0.00 of the payment can still go back."]
    with pytest.raises(RefundTooLarge):
        give_courtesy(payment.pk, 10_500_000, note="x")
    assert not LogEntry.objects.exists()
    assert Refund.objects.get() == refund

    assert try_again(refund.pk, note="another account").status == "requested"


@pytest.mark.parametrize("wrong", ["0d1c2b3a-0000-4000-8000-000000000000", "not-an-id"])
def test_a_payment_that_is_not_there_is_not_found(root, payment, wrong):
    assert root.get(courtesy(payment).replace(str(payment.pk), wrong)).status_code == 404
    assert root.get(page(payment, "change").replace(str(payment.pk), wrong)).status_code == 302


def test_who_may_not_pay_back_does_not(as_role, root, payment):
    shown = preview(root, courtesy(payment), amount="5", reason="Late")
    browser = as_role("auditor")
    assert courtesy(payment) not in browser.get(page(payment, "change")).content.decode()
    assert browser.get(courtesy(payment)).status_code == 403
    assert confirm(browser, shown).status_code == 403
    assert nothing_was_done()


def test_finance_may(as_role, payment):
    browser = as_role("finance")
    assert courtesy(payment) in browser.get(page(payment, "change")).content.decode()
    decide(browser, courtesy(payment), amount="5", reason="Late")
    assert Refund.objects.get().requested_by.startswith("user:")
