"""The matrix has every address of the service."""

from tests.rights.addresses import every_address
from tests.rights.test_staff_models import OF_MODELS
from tests.rights.test_staff_steps import ACTIONS, OWN
from tests.rights.test_travellers import OF_PAGES, OF_PROGRAMS


def test_no_address_is_forgotten():
    rows = [*OF_PROGRAMS, *OF_PAGES, *OF_MODELS, *OWN, *ACTIONS]
    assert {row.address for row in rows} == every_address()
    assert len({row.name for row in rows}) == len(rows), "a row stands there twice"
