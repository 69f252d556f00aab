"""Every check sees what it is there for, names the row, and the command fails."""

from contextlib import nullcontext

import pytest

from finance.checks.registry import registered
from tests.finance.accidents import ACCIDENTS, Accident
from tests.finance.checking import accident, broken, later, without_unique

pytestmark = pytest.mark.django_db(transaction=True)
CASES = [(name, one) for name, accidents in ACCIDENTS.items() for one in accidents]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_a_check_sees_what_it_is_there_for(name: str, case: Accident):
    case.world()
    unique = without_unique("ledger_journalentry", "reference") if name == "references_unique" else nullcontext()
    with unique:
        with accident() as owner:
            owner.execute(case.statement)
        with later():
            found = broken("--no-gateways")
    assert set(found) == {name, *case.also}, found
    assert any(all(word in row for word in case.words) for row in found[name]), found


def test_no_check_is_without_such_a_test():
    elsewhere = {"clearing_is_the_gateways"}  # tests/finance/test_check_books_gateways.py
    assert {one.name for one in registered()} == ACCIDENTS.keys() | elsewhere
