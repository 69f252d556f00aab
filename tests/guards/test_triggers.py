"""Every trigger refuses what it is there for: raw SQL by the role that serves and by the owner changes nothing."""

from contextlib import nullcontext

import psycopg
import pytest
from psycopg import errors, sql

from tests.clock import turned_to
from tests.database import as_owner, as_runtime
from tests.guards.attacks import ATTACKS, Attack
from tests.guards.catalog import OURS, triggers

pytestmark = pytest.mark.usefixtures("business")

ROLES = {"runtime role": as_runtime, "owner": as_owner}


def test_every_trigger_has_an_attack(record_property):
    assert triggers() == set(ATTACKS)
    record_property("triggers attacked", len(ATTACKS))


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("role", ROLES)
def test_refused(name, role):
    attack = ATTACKS[name]
    forbidden = [errors.InsufficientPrivilege] if role == "runtime role" else []
    with (
        turned_to(attack.at) if attack.at else nullcontext(),
        pytest.raises((psycopg.IntegrityError, *forbidden)),
        ROLES[role]() as cursor,
    ):
        begin(cursor, attack)
        cursor.execute(attack.sql)


@pytest.mark.parametrize("name", ATTACKS)
def test_by_this_trigger_alone_and_by_nothing_without_it(name):
    """The attack meets the guard that it is made for, and not only one that stands before it."""
    attack, (table, trigger) = ATTACKS[name], name.split(".")
    with turned_to(attack.at) if attack.at else nullcontext():
        enable = sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(*map(sql.Identifier, (table, trigger)))
        assert constraint_that_refuses(attack, enable) == attack.refused_by
        assert constraint_that_refuses(attack, None) != attack.refused_by


def constraint_that_refuses(attack: Attack, enable: sql.Composed | None) -> str | None:
    """With all triggers of ours switched off by the owner, but for one; rolled back."""
    with as_owner() as cursor:
        begin(cursor, attack)
        cursor.execute(
            "DO $$ DECLARE guarded regclass; BEGIN FOR guarded IN SELECT DISTINCT tgrelid FROM pg_trigger"
            f" WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '{OURS}'"
            " LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', guarded); END LOOP; END $$"
        )
        if enable:
            cursor.execute(enable)
        try:
            cursor.execute(attack.sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.IntegrityError as error:
            return error.diag.constraint_name
        finally:
            cursor.connection.rollback()
    return None


def begin(cursor: psycopg.Cursor, attack: Attack) -> None:
    cursor.connection.isolation_level = psycopg.IsolationLevel[attack.isolation.replace(" ", "_")]
