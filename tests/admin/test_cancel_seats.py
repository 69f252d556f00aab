"""Staff cancel seats: they see what goes back, what is kept and what is posted, and that is what happens, once."""

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from bookings.models import Booking, Passenger, SeatClaim
from core.models import IdempotencyRecord, OutboxMessage, StatusChange
from core.money import Money
from ledger.models import JournalEntry
from payments.actions.apply import apply
from payments.actions.start import start_payment
from payments.effects import standing
from payments.gateways.base import RefundTold
from payments.models import Payment, Refund
from tests.admin.deciding import (
    address,
    confirm,
    decide,
    hidden_in,
    last_entry,
    lines_posted,
    lines_shown,
    preview,
)  # fmt: skip
from tests.admin.scene import fresh, make_dispute, messages_of, page, pay, text_of, words
from tests.world import hold_seats, make_trip


@pytest.fixture
def payment() -> Payment:
    """Of two seats at SAR 105.00 each, whose terms give 80 % back."""
    return pay(hold_seats(make_trip(), "1A", "2B"))


@pytest.fixture
def booking(payment) -> Booking:
    return payment.booking


def cancelling(booking: Booking) -> str:
    return address("payments_cancel_seats", booking)


def written() -> tuple[int, ...]:
    """How much there is of everything that cancelling writes."""
    tables = (Refund, JournalEntry, StatusChange, OutboxMessage, LogEntry, IdempotencyRecord)
    return tuple(table.objects.count() for table in tables)


WISH = {"seats": ["1A", "2B"], "terms": "policy", "reason": "Missed connection"}


# ------------------------------------------------------------------------------------------------------------ the way
def test_the_form_offers_the_live_seats_and_tells_what_each_choice_brings(root, booking):
    Passenger.objects.get(seat__number="2B").cancel(reason="x")
    SeatClaim.objects.filter(seat__number="2B").delete()
    response = root.get(cancelling(booking))
    assert response.context["form"]["seats"].initial == ["1A"]
    text = words(response)
    assert "1A · Traveller 1A" in text
    assert "Traveller 2B" not in text
    assert "By the terms: SAR 84.00" in text
    assert "Everything: SAR 105.00" in text


def test_the_button_on_the_bookings_page_leads_there(root, booking):
    button = address("bookings_booking_cancel_seats", booking)
    assert button in root.get(page(booking, "change")).content.decode()
    assert root.get(button)["Location"] == cancelling(booking)


def test_the_preview_tells_what_will_come_of_it_and_changes_nothing(root, booking):
    before = written()
    shown = preview(root, cancelling(booking), **WISH)
    text = words(shown)
    for part in (
        "Seats 1A, 2B", "Goes back SAR 168.00", "Is kept SAR 42.00", "Through stripe", "Reason Missed connection",
        "1A Traveller 1A SAR 105.00 SAR 84.00 SAR 21.00", "refunds:payable SAR 168.00",
    ):  # fmt: skip
        assert part in text, part
    assert lines_shown(shown)
    assert written() == before
    assert fresh(booking).status == "confirmed"
    assert SeatClaim.objects.filter(booking=booking).count() == 2


@pytest.mark.parametrize(
    ("wish", "refund"),
    [
        (WISH, 16_800),
        (WISH | {"terms": "full"}, 21_000),
        (WISH | {"seats": ["2B"]}, 8_400),
        (WISH | {"seats": ["2B"], "terms": "full"}, 10_500),
    ],
)
def test_what_was_shown_is_what_is_posted_and_paid_back(root, superuser, booking, wish, refund):
    shown, before = preview(root, cancelling(booking), **wish), last_entry()
    response = confirm(root, shown)

    assert lines_posted(booking, before) == lines_shown(shown)
    assert messages_of(response) == [f"The seats are cancelled. SAR {refund / 100:.2f} goes back."]
    made = Refund.objects.get()
    assert (made.amount, made.reason, made.note) == (refund, "cancelled", "Missed connection")
    assert made.requested_by == f"user:{superuser.pk}"
    assert set(SeatClaim.objects.values_list("seat__number", flat=True)) == {"1A", "2B"} - set(wish["seats"])
    assert fresh(booking).status == ("cancelled" if len(wish["seats"]) == 2 else "confirmed")
    log = LogEntry.objects.get()
    assert (log.user, log.object_id, log.change_message) == (
        superuser, str(booking.pk), "Cancel seats: Missed connection",
    )  # fmt: skip
    assert "Missed connection" in text_of(root, page(booking, "change"))


def test_seats_that_bring_nothing_back_can_be_cancelled_too(root, booking):
    Booking.objects.filter(pk=booking.pk).update(cancellation_policy=[{"hours_before": 0, "refund_percent": 0}])
    response = decide(root, cancelling(booking), **WISH)
    assert messages_of(response) == ["The seats are cancelled. Nothing goes back."]
    assert not Refund.objects.exists()
    assert fresh(booking).status == "cancelled"


def test_what_was_typed_can_be_changed_after_the_preview(root, booking):
    shown = preview(root, cancelling(booking), **WISH)
    response = root.post(cancelling(booking), hidden_in(shown) | {"change": "1"})
    form = response.context["form"]
    assert (form["reason"].value(), form["seats"].value()) == ("Missed connection", ["1A", "2B"])
    assert 'type="radio"' in response.content.decode()
    assert fresh(booking).status == "confirmed"


def test_an_unpaid_booking_is_given_up_as_a_whole_and_its_session_is_ended(root, sandbox):
    booking = hold_seats(make_trip(), "1A", "2B")
    session = start_payment(booking.pk).payment.session_id
    assert list(root.get(cancelling(booking)).context["form"].fields) == ["reason"]
    shown = preview(root, cancelling(booking), reason="Asked on the phone")
    assert "Goes back SAR 0.00" in words(shown)
    assert [one["status"] for one in sandbox.state["sessions"] if one["id"] == session] == ["open"]
    confirm(root, shown)
    assert fresh(booking).status == "cancelled"
    assert [one["status"] for one in sandbox.state["sessions"] if one["id"] == session] == ["expired"]
    assert not SeatClaim.objects.exists()


def test_refunds_that_the_gateway_made_itself_are_told(root, payment, booking):
    apply(payment, (RefundTold("re_there", "succeeded", Money(2_000, "SAR"), moved=True),))
    told = words(preview(root, cancelling(booking), **WISH | {"seats": ["1A"]}))
    assert "Goes back SAR 64.00" in told
    assert "Went back before, or is on its way SAR 20.00" in told
    told = words(preview(root, cancelling(booking), **WISH | {"terms": "full"}))
    assert "Goes back SAR 190.00" in told
    assert "Went back before, or is on its way SAR 20.00" in told
    assert "not explained" not in told


def test_a_traveller_whom_the_bank_gave_the_money_gets_none_and_nothing_is_kept(root, payment, booking):
    make_dispute(payment).become("lost")
    standing.show(payment, booking)
    shown, before = preview(root, cancelling(booking), **WISH), last_entry()
    told = words(shown)
    assert "Goes back SAR 0.00" in told
    assert "The payer got by a lost dispute SAR 210.00" in told
    assert "Is kept SAR 0.00" in told
    confirm(root, shown)
    assert lines_posted(booking, before) == lines_shown(shown)
    assert not Refund.objects.exists()


# ----------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"reason": ""}, "This field is required."),
        ({"seats": []}, "This field is required."),
        ({"seats": ["9D"]}, "9D is not one of the available choices"),
        ({"terms": "half"}, "half is not one of the available choices"),
    ],
)
def test_what_does_not_make_sense_goes_no_further(root, booking, typed, error):
    before = written()
    response = root.post(cancelling(booking), WISH | typed)
    assert "outlook" not in response.context
    assert error in words(response)
    assert written() == before


def test_nothing_is_done_that_was_not_shown(root, booking):
    response = root.post(cancelling(booking), WISH | {"confirm": "1"})
    assert "outlook" in response.context
    assert fresh(booking).status == "confirmed"


@pytest.mark.parametrize("agreed", ["16801", "", "-1", "many", "9" * 5_000])
def test_a_refund_that_is_not_the_one_shown_is_shown_again(root, booking, agreed):
    shown = preview(root, cancelling(booking), **WISH)
    response = root.post(cancelling(booking), hidden_in(shown) | {"confirm": "1", "agreed": agreed})
    assert response.status_code == 409
    assert "changed meanwhile" in words(response)
    assert "Goes back SAR 168.00" in words(response)
    assert fresh(booking).status == "confirmed"
    assert not Refund.objects.exists()
    assert not LogEntry.objects.exists()


def test_what_changed_meanwhile_is_shown_again_and_then_done(root, booking):
    shown = preview(root, cancelling(booking), **WISH)
    Booking.objects.filter(pk=booking.pk).update(cancellation_policy=[{"hours_before": 0, "refund_percent": 10}])
    again = confirm(root, shown)
    assert again.status_code == 409
    assert "Goes back SAR 21.00" in words(again)
    assert not Refund.objects.exists()
    confirm(root, again)
    assert Refund.objects.get().amount == 2_100


def test_the_second_click_of_two_does_nothing_and_finds_what_the_first_did(root, booking):
    shown = preview(root, cancelling(booking), **WISH)
    confirm(root, shown)
    before = written()
    response = confirm(root, shown)
    assert messages_of(response) == ["This was sent before. Here is what has become of it."]
    assert response.redirect_chain[-1][0] == page(booking, "change")
    assert written() == before


def test_two_people_with_the_same_page_cancel_once(root, as_role, booking):
    mine = preview(root, cancelling(booking), **WISH)
    colleague = as_role("staff")
    theirs = preview(colleague, cancelling(booking), **WISH)
    confirm(root, mine)
    before = written()
    response = confirm(colleague, theirs)
    assert messages_of(response) == ["The booking is over."]
    assert written()[:-1] == before[:-1]  # but for the record of the second one's key


def test_a_try_whose_process_died_is_not_repeated(root, booking, monkeypatch):
    shown = preview(root, cancelling(booking), **WISH)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("payments.admin.cancel_seats.cancel", lambda *_args: (_ for _ in ()).throw(SystemExit))
        confirm(root, shown)
    IdempotencyRecord.objects.update(locked_until=timezone.now())
    response = confirm(root, shown)
    assert messages_of(response) == ["This was sent before. Here is what has become of it."]
    assert fresh(booking).status == "confirmed"
    decide(root, cancelling(booking), **WISH)
    assert fresh(booking).status == "cancelled"


def test_a_key_is_no_other_pages(root, booking):
    other = pay(hold_seats(make_trip(number="T2"), "1A")).booking
    shown = preview(root, cancelling(booking), **WISH)
    confirm(root, shown)
    taken = hidden_in(preview(root, cancelling(other), **WISH | {"seats": ["1A"]}))
    taken["key"] = hidden_in(shown)["key"]
    root.post(cancelling(other), taken | {"confirm": "1"})
    assert fresh(other).status == "confirmed"


def test_a_key_that_is_no_key_is_refused(root, booking):
    shown = preview(root, cancelling(booking), **WISH)
    response = root.post(cancelling(booking), hidden_in(shown) | {"confirm": "1", "key": "ключ"}, follow=True)
    assert messages_of(response)[0].startswith("This operation needs")
    assert fresh(booking).status == "confirmed"


@pytest.mark.parametrize("status", ["needs_response", "under_review"])
def test_while_the_bank_decides_nothing_is_cancelled(root, payment, booking, status):
    make_dispute(payment, status=status)
    response = root.get(cancelling(booking), follow=True)
    assert messages_of(response) == ["The payment is disputed: the bank decides who gets the money."]
    root.post(cancelling(booking), WISH)
    assert fresh(booking).status == "confirmed"


def test_a_booking_that_is_over_offers_no_cancelling(root, booking):
    decide(root, cancelling(booking), **WISH)
    assert address("bookings_booking_cancel_seats", booking) not in root.get(page(booking, "change")).content.decode()
    response = root.get(cancelling(booking), follow=True)
    assert messages_of(response) == ["The booking is over."]


def test_a_booking_that_is_not_there_is_not_found(root, booking):
    assert root.get(cancelling(booking).replace(str(booking.pk), "0")).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "traveller"])
def test_who_may_not_pay_back_does_not_cancel(as_role, root, booking, role):
    shown = preview(root, cancelling(booking), **WISH)
    browser, before = as_role(role), written()
    for response in (browser.get(cancelling(booking)), browser.post(cancelling(booking), WISH)):
        assert response.status_code == (403 if role == "auditor" else 302)
    browser.post(cancelling(booking), hidden_in(shown) | {"confirm": "1"})
    assert written() == before
    assert fresh(booking).status == "confirmed"


def test_who_may_only_look_sees_no_button(as_role, booking):
    content = as_role("auditor").get(page(booking, "change")).content.decode()
    assert address("bookings_booking_cancel_seats", booking) not in content


@pytest.mark.parametrize("role", ["staff", "finance"])
def test_operations_and_finance_may(as_role, booking, role):
    decide(as_role(role), cancelling(booking), **WISH)
    assert fresh(booking).status == "cancelled"
