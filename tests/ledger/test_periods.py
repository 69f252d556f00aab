"""Months are closed once, after their end, and then stay as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidState
from core.models import StatusChange
from ledger.actions.close_period import close_period
from ledger.errors import PeriodNotOverError
from ledger.models import Period, PeriodStatus
from tests.ledger.books import last_month

pytestmark = pytest.mark.django_db


def test_a_month_that_has_ended_is_closed_by_any_of_its_days():
    period = close_period(last_month().replace(day=17), reason="audited")
    assert (period.month, period.status) == (last_month(), PeriodStatus.CLOSED)
    step = StatusChange.objects.get(subject_type="ledger.period", subject_id=str(period.pk))
    assert (step.from_status, step.to_status, step.reason) == ("open", "closed", "audited")


def test_a_month_is_closed_once():
    close_period(last_month())
    with pytest.raises(InvalidState):
        close_period(last_month())
    assert Period.objects.count() == 1


@pytest.mark.parametrize("days_ahead", [0, 40])
def test_a_month_that_has_not_ended_stays_open(days_ahead):
    with pytest.raises(PeriodNotOverError):
        close_period((datetime.now(UTC) + timedelta(days=days_ahead)).date())
    assert not Period.objects.exists()
