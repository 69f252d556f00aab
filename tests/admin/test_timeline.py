"""A payment's page tells all that happened, from both sides of the gateway, in the order of time."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from payments.actions.give_back import give_courtesy
from payments.gateways.calls import Change, Operation
from payments.models import GatewayCall, Payment
from tests.admin.conftest import signed_in
from tests.admin.scene import make_dispute, make_event, page, pay, text_of, words
from tests.payments.scene import buy, send_refunds, tell_all
from tests.world import hold_seats, make_trip


def moments(client, payment: Payment) -> list[tuple[str, str]]:
    """Kind and words of each, in the order of the page."""
    (timeline,) = [
        section for section in client.get(page(payment, "change")).context["sections"] if hasattr(section, "moments")
    ]
    assert [one.at for one in timeline.moments] == sorted(one.at for one in timeline.moments)
    return [(str(one.kind), str(one.what)) for one in timeline.moments]


@pytest.mark.django_db(transaction=True)
def test_a_payment_and_its_refund_from_both_sides(root, sandbox):
    _booking, payment = buy(sandbox, "1A")
    refund = give_courtesy(payment.pk, 1_000, note="Broken seat")
    send_refunds()
    tell_all(sandbox)
    told = moments(root, payment)
    kinds = [kind for kind, _what in told]
    assert set(kinds) == {"call", "event", "refund", "attempt", "state", "posted"}
    text = text_of(root, page(payment, "change"))
    for part in (
        "stripe was asked: start", "stripe was asked: refund", "payment: pending → succeeded",
        f"refund {refund.pk} of SAR 10.00", "As a courtesy. · Broken seat", f"refund {refund.pk}, attempt 1",
        f"refund {refund.pk}: submitting → succeeded", "checkout.session.completed evt_", "refund.created evt_",
        "charge SAR 105.00", "goodwill SAR 10.00", "partial refund SAR 10.00",
    ):  # fmt: skip
        assert part in text, part
    steps = [what for kind, what in told if kind == "state"]
    assert steps.index("payment: pending → succeeded") < steps.index(f"refund {refund.pk}: requested → submitting")
    assert kinds.index("call") < kinds.index("posted") < kinds.index("refund") < kinds.index("attempt")


def test_what_became_of_a_dispute_is_part_of_it(root):
    payment = pay(hold_seats(make_trip(), "1A"))
    dispute = make_dispute(payment)
    dispute.become("under_review")
    assert ("state", "dispute dp_1: needs_response → under_review") in moments(root, payment)


def test_nothing_of_other_payments_is_shown(root):
    payment, other = (pay(hold_seats(make_trip(number=number), "1A")) for number in ("T1", "T2"))
    give_courtesy(other.pk, 100, note="x")
    make_dispute(other).become("lost")
    make_event("evt_other", payment=other)
    other.calls.create(gateway="stripe", operation="refund", actor="x")
    assert {kind for kind, _what in moments(root, payment)} == {"state", "posted"}


@pytest.mark.parametrize(
    ("right", "kind"),
    [
        ("view_gatewaycall", "call"), ("view_gatewayevent", "event"), ("view_refund", "refund"),
        ("view_statuschange", "state"), ("view_journalentry", "posted"),
    ],
)  # fmt: skip
def test_everybody_sees_what_they_may_see(right, kind):
    payment = pay(hold_seats(make_trip(), "1A"))
    give_courtesy(payment.pk, 100, note="x")
    make_event("evt_1", payment=payment)
    payment.calls.create(gateway="stripe", operation="start", actor="x")
    user = User.objects.create_user("new@example.com", "a-long-password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_payment", right]))
    assert {found for found, _what in moments(signed_in(user), payment)} == {kind}


# -------------------------------------------------------------------------------------------------------------- calls
@pytest.mark.django_db(transaction=True)
def test_a_call_shows_what_was_asked_and_answered_without_secrets(root):
    payment = pay(hold_seats(make_trip(), "1A"))
    refund = give_courtesy(payment.pk, 100, note="x")
    refund.lease(refund.created_at)
    request = {"amount": 100, "client_secret": "very-secret"}
    change = Change("stripe", Operation.REFUND, payment, request, "refund-1-1", refund)
    change.send(lambda: {"id": "re_1", "receipt_email": "layla@example.com", "card": {"last4": "4242"}})
    call = GatewayCall.objects.get()
    text = text_of(root, page(call, "change"))
    for part in ("stripe", "refund", "done", "refund-1-1", '"amount": 100', '"id": "re_1"', "system"):
        assert part in text.replace("&quot;", '"'), part
    for secret in ("very-secret", "layla@", "4242"):
        assert secret not in text
    assert page(payment, "change") in root.get(page(call, "change")).content.decode()


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ("answered", "done"), ("", "no answer noted"), ("GatewayError", "refused"), ("OutcomeUnknown", "unclear"),
        ("GatewayUnavailable", "not reached"), ("SomethingNew", "SomethingNew"),
    ],
)  # fmt: skip
def test_calls_tell_what_came_of_them_and_are_filtered(root, outcome, shown):
    payment = pay(hold_seats(make_trip(), "1A"))
    payment.calls.create(gateway="stripe", operation="refund", outcome=outcome, actor="x")
    response = root.get(page(GatewayCall), {"operation": "refund"} | ({"outcome": outcome} if outcome else {}))
    assert response.context["cl"].result_count == 1
    assert shown in words(response)
    assert root.get(page(GatewayCall), {"operation": "start"}).context["cl"].result_count == 0
