"""What the role that serves may do, all of it, and that nothing beyond that works."""

import psycopg
import pytest
from django.apps import apps
from django.db import connections
from psycopg import errors

from tests.database import as_owner, as_runtime
from tests.guards.catalog import ask, tables

pytestmark = pytest.mark.usefixtures("business")

ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
# A right that a table is not given, and what it would be good for.
USES = {
    "UPDATE": ("UPDATE {} SET {} = {}", "SELECT FROM {} FOR UPDATE", "LOCK TABLE {} IN EXCLUSIVE MODE"),
    "DELETE": ("DELETE FROM {}",),
}
TO_A_TABLE = (
    "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER USER",
    "ALTER TABLE {} ADD COLUMN mine int",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "ALTER TABLE {} SET SCHEMA pg_temp",
    "DROP TABLE {} CASCADE",
    "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE INDEX ON {} ((1))",
)
TO_ALL_OF_IT = (
    "SET session_replication_role = replica",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE {owner} PASSWORD 'mine'",
    "GRANT {owner} TO CURRENT_USER",
    "CREATE ROLE mine",
    "CREATE SCHEMA mine",
    "CREATE TABLE public.mine ()",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE OPERATOR public.<> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = int8ne)",
    "CREATE CAST (text AS bigint) WITH INOUT AS IMPLICIT",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE OR REPLACE FUNCTION berth_now() RETURNS timestamptz LANGUAGE sql RETURN '2001-01-01'::timestamptz",
    "ALTER FUNCTION guard_entry_balances() SET search_path = pg_temp",
    "ALTER FUNCTION ledger_balance(bigint, bigint) RENAME TO mine",
    "DROP FUNCTION guard_postings_join() CASCADE",
    "ALTER SEQUENCE ledger_posting_id_seq RESTART",
    "SELECT setval('ledger_posting_id_seq', 1)",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "COPY ledger_posting FROM '/dev/null'",
    "COPY ledger_posting FROM PROGRAM 'true'",
    "COPY ledger_posting TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/dev/null')",
    "DO LANGUAGE plpgsql $$ BEGIN DELETE FROM ledger_posting; END $$",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "DELETE FROM pg_constraint",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '0099_mine', berth_now())",
)
# Whoever owns the tables is no superuser either.
TO_THE_CATALOG = (
    "SET session_replication_role = replica",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "DELETE FROM pg_class",
)


# What would give rights, or change what statements mean, past all of these.
NOT_THERE = {
    "rights of everybody": "information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema = 'public'",
    "rights to columns": "pg_attribute WHERE attacl IS NOT NULL AND attrelid::regclass::text !~ '^pg_'",
    "rules": "pg_rules WHERE schemaname = 'public'",
    "views": "pg_views WHERE schemaname = 'public'",
    "functions with their owner's rights": "pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace",
}


def expected() -> dict[str, set[str]]:
    """The rights to each table, as the apps declare them."""
    rights = {table: set(ROWS) for table in tables()}
    for config in apps.get_app_configs():
        for table in getattr(config, "append_only", ()):
            rights[table] -= {"UPDATE", "DELETE"}
        for table in getattr(config, "never_deleted", ()):
            rights[table] -= {"DELETE"}
    return rights


def refused(statement: str) -> bool:
    """Whether the runtime role lacks the right; an error of any other kind would tell nothing."""
    try:
        with as_runtime() as cursor:
            try:
                cursor.execute(statement)
            finally:
                cursor.connection.rollback()
    except errors.InsufficientPrivilege:
        return True
    return False


def test_the_rights_to_every_table_are_those_that_the_apps_declare():
    runtime = connections["default"].settings_dict["USER"]
    given = "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = %s"
    rights: dict[str, set[str]] = {}
    for table, right in ask(given, runtime):
        rights.setdefault(table, set()).add(right)
    assert {table: rights[table] for table in tables()} == expected()
    assert rights["django_migrations"] == {"SELECT"}
    assert ask("SELECT has_schema_privilege(%s, 'public', 'CREATE')", runtime) == [(False,)]
    for what, where in NOT_THERE.items():
        assert (what, ask(f"SELECT count(*) FROM {where}")) == (what, [(0,)])


def test_a_right_that_is_not_given_is_refused_when_it_is_used(record_property):
    tried = 0
    for table, rights in expected().items():
        ((column,),) = ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum LIMIT 1",
            table,
        )
        for right in ROWS - rights:
            for use in USES[right]:
                assert refused(use.format(table, column, column)), use.format(table, column, column)
                tried += 1
        for statement in TO_A_TABLE:
            assert refused(statement.format(table)), statement.format(table)
            tried += 1
    record_property("statements refused to the runtime role", tried)


@pytest.mark.parametrize("statement", TO_ALL_OF_IT)
def test_the_runtime_role_cannot(statement, record_property):
    names = {
        "owner": connections["owner"].settings_dict["USER"],
        "database": connections["owner"].settings_dict["NAME"],
    }
    assert refused(statement.format(**names))
    record_property("statements refused to the runtime role", 1)


@pytest.mark.parametrize("statement", TO_THE_CATALOG)
def test_the_owner_cannot(statement):
    with pytest.raises(errors.InsufficientPrivilege), as_owner() as owner:
        owner.execute(statement)


COPIED = {
    "a posting of an old entry": ("ledger_posting (entry_id, account_id, amount)", "{entry}\t{account}\t5\n"),
    "half an entry": (
        "ledger_journalentry (kind, booking_reference, gateway, currency, memo, actor, correlation_id, posting_count)",
        "adjustment\t\t\tSAR\t\tattacker\t\t2\n",
    ),
    "a false checkpoint": ("ledger_checkpoint (account_id, balance, up_to_id)", "{account}\t77\t{posting}\n"),
    "a sold seat": (
        "bookings_seatclaim (trip_id, seat_id, leg, booking_id, expires_at)",
        "{trip}\t{seat}\t0\t\\N\t\\N\n",
    ),
}


@pytest.mark.parametrize("role", [as_runtime, as_owner])
@pytest.mark.parametrize("what", COPIED)
def test_what_is_copied_in_meets_the_same_guards(what, role):
    into, line = COPIED[what]
    ((entry, account, posting),) = ask("SELECT min(entry_id), min(account_id), max(id) FROM ledger_posting")
    ((trip, seat),) = ask("SELECT trip_id, seat_id FROM bookings_seatclaim WHERE expires_at IS NULL LIMIT 1")
    with pytest.raises(psycopg.IntegrityError), role() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        copy.write(line.format(entry=entry, account=account, posting=posting, trip=trip, seat=seat))


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE INTO ledger_posting USING (VALUES (1)) one ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO ledger_posting USING (VALUES (1)) one ON true WHEN MATCHED THEN UPDATE SET amount = 1",
        "WITH gone AS (DELETE FROM ledger_posting RETURNING *) SELECT count(*) FROM gone",
        "TRUNCATE ONLY ledger_checkpoint",
        "TRUNCATE bookings_operator CASCADE",  # and so all that was ever sold there
        "TRUNCATE accounts_user CASCADE",
    ],
)
def test_no_other_way_of_writing_it_gets_past_the_owners_guards(statement):
    with pytest.raises(errors.CheckViolation), as_owner() as owner:
        owner.execute(statement)
    assert refused(statement)
