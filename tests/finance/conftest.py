"""People at the staff site, as in tests/admin; a year that begins, and the sales of a small business."""

from typing import Any

import pytest

from payments.actions.cancel import Wish, cancel
from tests.admin.conftest import as_role, root, superuser  # noqa: F401 - fixtures
from tests.clock import turned_to
from tests.finance.year import day
from tests.payments.scene import buy, charge_of, send_refunds, tell_all
from tests.world import make_trip


@pytest.fixture
def clock():
    """The new year begins."""
    with turned_to(day(1, 1)) as turned:
        yield turned


@pytest.fixture
def sales(sandbox) -> dict[str, Any]:
    """Four bookings: one kept, one given up and paid back, one given up and owed, one that a bank looks at."""
    trip, later = make_trip(), make_trip(number="T2", days=40)
    kept, _ = buy(sandbox, "1A", "1B", trip=trip)
    returned, _ = buy(sandbox, "2A", trip=later)
    cancel(returned.pk, Wish(in_full=True))
    send_refunds()
    owed, _ = buy(sandbox, "2B", trip=later)
    cancel(owed.pk, Wish(in_full=True))
    disputed, payment = buy(sandbox, "3A", trip=later)
    sandbox.dispute(charge_of(sandbox, payment)["id"])
    tell_all(sandbox)
    return {"kept": kept, "returned": returned, "owed": owed, "disputed": disputed}
