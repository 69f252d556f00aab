"""The staff site's own pages, and every step that staff can take, tried by everybody."""

import pytest

from tests.rights.matrix import everybody_gets_what_is_theirs, of_pages, other_methods, read
from tests.rights.of_staff import STEPS
from tests.rights.tables import staff
from tests.rights.test_staff_models import OF_MODELS

pytestmark = pytest.mark.timeout(300)
OWN = [*read(staff.SITE), *read(staff.STEPS)]
ACTIONS = read(staff.ACTIONS)
READERS = ("another", "clerk", "auditor")  # a traveller, who may least of staff, and who may read everything


def test_steps(business, record_property):
    everybody_gets_what_is_theirs(business, STEPS, [*OWN, *ACTIONS], record_property)


def test_methods_that_there_are_not(business, record_property):
    """PUT, for one. Of the pages of models, which are long and all of one make, staff try those of trips."""
    of_trips = [row for row in (*OF_MODELS, *ACTIONS) if row.address.startswith("/admin/bookings/trip/")]
    rows = [
        *other_methods([*OF_MODELS, *ACTIONS], of_pages, ("another",)),
        *other_methods([*OWN, *of_trips], of_pages, READERS),
    ]
    wishes = {address: wish for address, wish in STEPS.items() if address.startswith("/")}
    everybody_gets_what_is_theirs(business, wishes, rows, record_property)
