"""Guards can be made anew, as a later migration does with a changed table."""

import pytest
from django.db import IntegrityError, connection, transaction

from core.guards import transition_guard
from core.transitions import Transitions
from tests.database import as_owner

FIRST = Transitions(initial=["new"], allowed={"new": ["old"]})
SECOND = Transitions(initial=["new"], allowed={"new": ["old", "gone"]})


@pytest.mark.django_db(transaction=True)
def test_a_guard_is_replaced_by_one_of_another_table():
    try:
        with as_owner() as cursor:
            cursor.execute("CREATE TABLE thing (id int, status text)")
            cursor.execute("GRANT SELECT, INSERT, UPDATE ON thing TO PUBLIC")
            cursor.execute(transition_guard("thing", FIRST).sql)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO thing VALUES (1, 'new')")
            with pytest.raises(IntegrityError, match="cannot go from new to gone"), transaction.atomic():
                cursor.execute("UPDATE thing SET status = 'gone'")
        with as_owner() as cursor:
            cursor.execute(transition_guard("thing", SECOND).sql)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE thing SET status = 'gone'")
            with pytest.raises(IntegrityError, match="cannot begin as gone"), transaction.atomic():
                cursor.execute("INSERT INTO thing VALUES (2, 'gone')")
    finally:
        with as_owner() as cursor:
            cursor.execute("DROP TABLE IF EXISTS thing; DROP FUNCTION IF EXISTS guard_thing_status")
