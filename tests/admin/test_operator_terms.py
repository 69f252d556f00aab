"""Who sets trips up says on which terms; where an operator's money goes is for finance alone."""

import pytest

from bookings.models import Operator
from tests.admin.scene import form_of, fresh, page, text_of
from tests.world import make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Operator:
    return make_trip().operator


def test_operations_change_terms_and_no_account(as_role, operator):
    staff = as_role("staff")
    form = form_of(staff.get(page(operator, "change")))
    assert not {"bank_account", "address", "tax_number", "reserve_bps", "reserve_months"} & set(form)
    typed = form | {"commission_bps": "700", "bank_account": "XX99 THIEF", "statement_email": "thief@example.com"}
    assert staff.post(page(operator, "change"), typed).status_code == 302
    changed = fresh(operator)
    assert (changed.commission_bps, changed.bank_account, changed.statement_email) == (700, "", "")


def test_finance_changes_the_account_and_no_terms(as_role, operator):
    finance = as_role("finance")
    form = form_of(finance.get(page(operator, "change")))
    assert set(form) >= {"bank_account", "address", "tax_number", "reserve_bps", "reserve_months"}
    assert not {"commission_bps", "booking_fee", "cancellation_policy", "name"} & set(form)
    typed = form | {"bank_account": "SA03 8000", "reserve_bps": "500", "commission_bps": "1", "booking_fee": "0"}
    assert finance.post(page(operator, "change"), typed).status_code == 302
    changed = fresh(operator)
    assert (changed.bank_account, changed.reserve_bps) == ("SA03 8000", 500)
    assert (changed.commission_bps, changed.booking_fee) == (operator.commission_bps, operator.booking_fee)


def test_others_look_and_change_nothing(as_role, operator):
    auditor = as_role("auditor")
    assert "Bank account" in text_of(auditor, page(operator, "change"))
    assert auditor.post(page(operator, "change"), {"bank_account": "XX99 THIEF"}).status_code == 403
    assert fresh(operator).bank_account == ""
