"""The one clock: who may turn it, that all of us read it, and how tests turn it."""

import re
import statistics
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from psycopg import errors

from tests import clock as clocks
from tests.clock import turned_to
from tests.database import as_owner, as_runtime

ROOT = Path(__file__).resolve().parents[2]
NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
# Three ways in which a statement meets the function: alone, beside a table, and prepared long ago.
READINGS = {
    "alone": "SELECT berth_now()",
    "with a table": "SELECT coalesce(max(berth_now()), berth_now()) FROM core_jobrun",
    "prepared": "EXECUTE reading",
}


def of_postgresql(sql: str = READINGS["alone"]) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def is_about(moment: datetime, wanted: datetime) -> bool:
    return timedelta() <= moment - wanted < timedelta(seconds=10)


# ------------------------------------------------------------------------------------------------ whose clock it is
ATTACKS = [
    "CREATE OR REPLACE FUNCTION berth_now() RETURNS timestamptz LANGUAGE sql RETURN '2001-01-01'::timestamptz",
    "CREATE FUNCTION public.berth_now(int DEFAULT 1) RETURNS timestamptz LANGUAGE sql RETURN now()",
    "ALTER FUNCTION berth_now() RENAME TO other",
    "ALTER FUNCTION berth_now() OWNER TO CURRENT_USER",
    "DROP FUNCTION berth_now() CASCADE",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION pg_catalog.berth_now() RETURNS timestamptz LANGUAGE sql RETURN now()",
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", ATTACKS)
def test_the_runtime_role_cannot_turn_it(sql):
    with pytest.raises(errors.InsufficientPrivilege), as_runtime() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_a_temporary_function_is_not_taken_for_it():
    with as_runtime() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.berth_now() RETURNS timestamptz LANGUAGE sql RETURN '2001-01-01'::timestamptz"
        )
        cursor.execute("SET search_path = pg_temp, public")
        cursor.execute("SELECT pg_temp.berth_now(), berth_now()")
        ((false, true),) = cursor.fetchall()
    assert false.year == 2001
    assert is_about(datetime.now(UTC), true - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_it_belongs_to_the_owner_and_runs_as_whoever_asks():
    with as_owner() as cursor:
        cursor.execute(
            "SELECT proowner::regrole::text = current_user, prosecdef, proconfig, provolatile, proparallel"
            "  FROM pg_proc WHERE proname = 'berth_now'"
        )
        assert cursor.fetchall() == [(True, False, None, "v", "s")]


# ------------------------------------------------------------------------------------------------ who reads it: all
@pytest.mark.django_db
def test_postgresql_puts_its_body_in_the_place_of_each_call():
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN VERBOSE SELECT berth_now() FROM bookings_seatclaim WHERE expires_at <= berth_now()")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Output: clock_timestamp()" in plan
    assert re.search(r"Filter: .*expires_at <= clock_timestamp\(\)", plan)
    assert "berth_now" not in plan


@pytest.mark.django_db
def test_it_moves_within_a_transaction():
    assert of_postgresql() < of_postgresql()


def test_no_statement_of_ours_reads_another_clock():
    apps = ("accounts", "bookings", "config", "core", "finance", "ledger", "payments")
    others = re.compile(r"ClockTimestamp|clock_timestamp|statement_timestamp|CURRENT_TIMESTAMP|[^.\w]now\(\)[ ,]*[-+)]")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if path.parent.name != "migrations" and path != ROOT / "core/clock.py"
        for line in path.read_text().splitlines()
        if others.search(line)
    ]
    assert found == []


@pytest.mark.django_db
def test_no_default_and_no_function_reads_another_clock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT adrelid::regclass::text FROM pg_attrdef"
            " WHERE pg_get_expr(adbin, adrelid) ~ 'clock_timestamp|now\\(\\)|CURRENT_' AND"
            "       pg_get_expr(adbin, adrelid) !~ 'berth_now'"
            " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'"
            "    AND pg_get_functiondef(oid) ~ 'clock_timestamp|[^_]now\\(\\)|CURRENT_TIMESTAMP'"
        )
        assert cursor.fetchall() == [("berth_now",)]
        cursor.execute("SELECT count(*) FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) = 'berth_now()'")
        assert cursor.fetchone()[0] >= 4


# --------------------------------------------------------------------------------------------------- how it is turned
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    "commits",
    [
        pytest.param(True, marks=pytest.mark.django_db(transaction=True)),
        pytest.param(False, marks=pytest.mark.django_db),
    ],
)
def test_all_clocks_turn_and_tick_and_turn_back(reading, commits):
    sql = READINGS[reading]
    with connection.cursor() as cursor:
        cursor.execute("PREPARE reading AS SELECT berth_now()")
        try:
            of_postgresql(sql)
            with turned_to(NEW_YEAR) as clock:
                assert is_about(of_postgresql(sql), NEW_YEAR)
                assert is_about(datetime.now(UTC), NEW_YEAR)
                assert of_postgresql(sql) < of_postgresql(sql)
                clock.move_by(timedelta(days=40))
                assert is_about(of_postgresql(sql), NEW_YEAR + timedelta(days=40))
                assert is_about(datetime.now(UTC), NEW_YEAR + timedelta(days=40))
                clock.move_to(NEW_YEAR - timedelta(days=9))
                assert is_about(of_postgresql(sql), NEW_YEAR - timedelta(days=9))
            assert abs(of_postgresql(sql) - datetime.now(UTC)) < timedelta(seconds=5)
            assert not time_machine.escape_hatch.is_travelling()
        finally:
            cursor.execute("DEALLOCATE reading")


@pytest.mark.django_db
def test_without_another_look_an_open_transaction_goes_by_the_old_clock(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("PREPARE reading AS SELECT berth_now()")
        before = of_postgresql("EXECUTE reading")
        with monkeypatch.context() as patched:
            patched.setattr(clocks, "look_again", lambda: None)
            with turned_to(NEW_YEAR):
                assert is_about(of_postgresql("EXECUTE reading"), before)
        cursor.execute("DEALLOCATE reading")


@pytest.mark.django_db
def test_one_turn_within_another_ends_where_it_began():
    with turned_to(NEW_YEAR):
        with turned_to(NEW_YEAR.replace(year=2040)):
            assert of_postgresql().year == datetime.now(UTC).year == 2040
        assert is_about(of_postgresql(), NEW_YEAR)
        assert is_about(datetime.now(UTC), NEW_YEAR)


@pytest.mark.django_db
def test_it_stands_still_if_asked_to():
    moment = NEW_YEAR - timedelta(microseconds=1)
    with turned_to(moment, ticking=False) as clock:
        assert of_postgresql() == of_postgresql() == datetime.now(UTC) == moment
        clock.move_by(timedelta(microseconds=1))
        assert of_postgresql() == datetime.now(UTC) == NEW_YEAR


@pytest.mark.django_db
def test_it_is_put_back_whatever_happens():
    with as_owner() as cursor:
        cursor.execute("SELECT pg_get_functiondef('berth_now()'::regprocedure)")
        before = cursor.fetchall()
    with suppress(ZeroDivisionError), turned_to(NEW_YEAR):
        raise ZeroDivisionError
    with as_owner() as cursor:
        cursor.execute("SELECT pg_get_functiondef('berth_now()'::regprocedure)")
        assert cursor.fetchall() == before


@pytest.mark.django_db(transaction=True)
def test_it_is_put_back_though_the_connection_that_turned_it_is_lost():
    with suppress(errors.OperationalError), turned_to(NEW_YEAR) as clock:
        with as_owner() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [clock._owner.connection.info.backend_pid])
        clock.move_by(timedelta(days=1))
    assert abs(of_postgresql() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.django_db
def test_turned_it_costs_a_statement_no_more_than_before():
    with turned_to(NEW_YEAR), connection.cursor() as cursor:
        cursor.execute("EXPLAIN VERBOSE SELECT berth_now()")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search(r"clock_timestamp\(\) \+ '[\d:.]+'::interval", plan)


@pytest.mark.django_db
def test_the_sandbox_turns_with_the_others(sandbox):
    def of_sandbox() -> datetime:
        event = sandbox.control("sign", body="{}")["header"]
        return datetime.fromtimestamp(int(event.partition("t=")[2].partition(",")[0]), UTC)

    real = datetime.now(UTC)
    with turned_to(NEW_YEAR, sandbox) as clock:
        assert is_about(of_sandbox(), NEW_YEAR)
        with turned_to(NEW_YEAR.replace(year=2040), sandbox):
            assert of_sandbox().year == 2040
        assert is_about(of_sandbox(), NEW_YEAR)
        clock.move_by(timedelta(days=300))
        assert is_about(of_sandbox(), NEW_YEAR + timedelta(days=300))
    assert is_about(of_sandbox(), real.replace(microsecond=0))


@pytest.mark.django_db
def test_a_year_passes_in_hundreds_of_steps():
    took = []
    with turned_to(NEW_YEAR) as clock:
        for hours in range(0, 365 * 24, 24):
            began = time.perf_counter()
            clock.move_to(NEW_YEAR + timedelta(hours=hours))
            took.append(time.perf_counter() - began)
        assert is_about(of_postgresql(), NEW_YEAR + timedelta(days=364))
    assert statistics.median(took) < 0.005
