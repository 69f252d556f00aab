"""Guards in PostgreSQL: triggers that hold whatever the application does, installed by migrations.

They are ENABLE ALWAYS, so `session_replication_role` does not switch them off, and their functions pin `search_path`
with pg_temp last, so that a temporary table cannot stand in for a real one. Violations are raised as
`check_violation` with a constraint name, which Django turns into IntegrityError.
"""

import hashlib
import json
from collections.abc import Sequence
from textwrap import indent

from django.db import migrations

from core.transitions import Transitions


def fingerprint(transitions: Transitions) -> str:
    """A digest of a transition table; the guard's function carries it as its comment, and a test compares."""
    canonical = json.dumps([transitions.initial, transitions.allowed], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def function(name: str, body: str, declare: str = "") -> str:
    """A trigger function with a pinned search path."""
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql\n"
        "SET search_path = public, pg_catalog, pg_temp AS $guard$\n"
        + (f"DECLARE\n{indent(declare.strip(), '  ')}\n" if declare else "")
        + f"BEGIN\n{indent(body.strip(), '  ')}\nEND $guard$;\n"
    )


def refusal(constraint: str, message: str, *arguments: str) -> str:
    """A statement that raises a check violation; `%` in the message takes the arguments, SQL expressions."""
    values = "".join(f", {argument}" for argument in arguments)
    return f"RAISE EXCEPTION '{message}'{values} USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';"


def trigger(
    name: str,
    table: str,
    when: str,
    function_name: str,
    *,
    condition: str = "",
    row: bool = True,
    new_rows: str = "",
) -> str:
    """A plain trigger, always enabled; `new_rows` names the table in which its function finds the rows inserted."""
    return (
        f"CREATE OR REPLACE TRIGGER {name} {when} ON {table}"
        f"{f' REFERENCING NEW TABLE AS {new_rows}' if new_rows else ''}"
        f" FOR EACH {'ROW' if row else 'STATEMENT'}"
        f"{f' WHEN ({condition})' if condition else ''} EXECUTE FUNCTION {function_name}();\n"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n"
    )


def deferred_trigger(name: str, table: str, when: str, function_name: str, *, condition: str = "") -> str:
    """A trigger that fires for each row when the transaction commits, always enabled."""
    return (
        f"CREATE CONSTRAINT TRIGGER {name} {when} ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        f"{f' WHEN ({condition})' if condition else ''} EXECUTE FUNCTION {function_name}();\n"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n"
    )


def install(sql: str, *, functions: Sequence[str], elidable: bool = False) -> migrations.RunSQL:
    """A migration step that installs guards; reversing it drops their functions and with them the triggers."""
    reverse = "".join(f"DROP FUNCTION IF EXISTS {name}() CASCADE;\n" for name in functions)
    return migrations.RunSQL(sql, reverse, elidable=elidable)


def transition_guard(table: str, transitions: Transitions) -> migrations.RunSQL:
    """Refuse rows that begin in a late status and updates that skip one."""
    name = f"guard_{table}_status"
    initial = ", ".join(f"'{status}'" for status in transitions.initial)
    pairs = ", ".join(f"('{old}', '{new}')" for old, news in transitions.allowed.items() for new in news)
    late = refusal(f"{table}_initial_status", f"{table} cannot begin as %", "NEW.status")
    skip = refusal(f"{table}_status_transition", f"{table} cannot go from % to %", "OLD.status", "NEW.status")
    body = f"""
IF TG_OP = 'INSERT' THEN
  IF NEW.status NOT IN ({initial}) THEN
    {late}
  END IF;
ELSIF (OLD.status, NEW.status) NOT IN ({pairs}) THEN
  {skip}
END IF;
RETURN NEW;
"""
    sql = (
        function(name, body)
        + f"COMMENT ON FUNCTION {name}() IS '{fingerprint(transitions)}';\n"
        + trigger(f"{name}_insert", table, "BEFORE INSERT", name)
        + trigger(f"{name}_update", table, "BEFORE UPDATE", name, condition="OLD.status IS DISTINCT FROM NEW.status")
    )
    return install(sql, functions=[name])


def append_only(table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE: what is written stays."""
    name = f"guard_{table}_append_only"
    sql = (
        function(name, refusal(f"{table}_append_only", f"{table} is append-only: % refused", "TG_OP"))
        + trigger(f"{name}_row", table, "BEFORE UPDATE OR DELETE", name)
        + trigger(f"{name}_truncate", table, "BEFORE TRUNCATE", name, row=False)
    )
    return install(sql, functions=[name])


def no_truncate(table: str) -> migrations.RunSQL:
    """Refuse TRUNCATE, which row triggers do not see."""
    name = f"guard_{table}_truncate"
    sql = function(name, refusal(f"{table}_no_truncate", f"{table} cannot be truncated")) + trigger(
        name, table, "BEFORE TRUNCATE", name, row=False
    )
    return install(sql, functions=[name])
