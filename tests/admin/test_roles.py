"""What each kind of staff may do, and that nobody may do more."""

import pytest

from accounts.models import User
from bookings import demo

CHANGES = {
    "traveller": set(),
    "staff": {"payments.request_refund", "payments.change_gatewayevent", "core.change_outboxmessage"},
    "finance": {
        "payments.request_refund",
        "payments.change_refund",
        "payments.reconcile",
        "finance.pay_settlement",
        "ledger.adjust",
        "ledger.reverse_entry",
    },
    "controller": {"finance.approve_settlement", "ledger.close_period"},
    "auditor": set(),
}


@pytest.mark.parametrize("sign_in", demo.SIGN_INS, ids=[sign_in.role for sign_in in demo.SIGN_INS])
def test_a_role_has_the_rights_of_its_work_and_no_others(sign_in, db):
    demo._user(sign_in)
    rights = User.objects.get(email=sign_in.email).get_all_permissions()
    changes = {right for right in rights if not right.partition(".")[2].startswith("view_")}
    of_trips = {right for right in changes if right.startswith("bookings.")}
    assert changes - of_trips == CHANGES[sign_in.role]
    assert bool(of_trips) == ("bookings.change_trip" in changes) == (sign_in.role == "staff")
    assert {right.partition(".")[0] for right in rights} == set(sign_in.apps)


def test_every_right_that_is_granted_by_name_exists(db):
    for sign_in in demo.SIGN_INS:
        demo._user(sign_in)
        user = User.objects.get(email=sign_in.email)
        assert all(user.has_perm(right) for right in sign_in.rights)
