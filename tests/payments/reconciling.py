"""What tests of reconciliation begin with, run, and look at after."""

import json
from io import StringIO
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from payments.actions.start import start_payment
from payments.models import Payment
from tests.database import as_owner
from tests.payments.scene import charge_of
from tests.world import hold_seats, make_trip

OF_RUNS = {"core_jobrun", "payments_reconciliationrun", "payments_finding"}


def command(*arguments: str) -> dict[str, Any]:
    """The report of `reconcile`, as a program gets it."""
    out = StringIO()
    call_command("reconcile", "--json", *arguments, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def findings(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What was found, and what came of it."""
    return [(detail["finding"], detail["outcome"]) for detail in report["details"]]


def everything() -> dict[str, list[Any]]:
    """Every row of every table, but for the records of runs."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables - OF_RUNS):
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def start(seat: str = "1A", trip: Any = None) -> Payment:
    """A payment whose session is open at the gateway."""
    return start_payment(hold_seats(trip or make_trip(), seat).pk).payment


def paid_unheard(sandbox: Any, seat: str = "1A", trip: Any = None) -> Payment:
    """A payment that was paid at the gateway, and nobody told us."""
    payment = start(seat, trip)
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    return payment


def age_payments(interval: str) -> None:
    """Move the beginning of all payments into the past."""
    with as_owner() as cursor:
        cursor.execute("UPDATE payments_payment SET created_at = created_at - %s::interval", [interval])


def unguarded(*statements: str) -> None:
    """What neither the use cases nor the guards would do: an accident, or somebody with the owner's password."""
    tables = ("ledger_posting", "ledger_journalentry", "payments_payment", "payments_refund", "payments_dispute")
    with as_owner() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        for statement in (*statements, "SET CONSTRAINTS ALL IMMEDIATE"):
            cursor.execute(statement)
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(
                sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(table), sql.Identifier(name))
            )


def forget_entries(pattern: str) -> None:
    """Take the entries out of the ledger whose reference is like this."""
    unguarded(
        "DELETE FROM ledger_posting WHERE entry_id IN"
        f" (SELECT id FROM ledger_journalentry WHERE reference LIKE '{pattern}')",
        f"DELETE FROM ledger_journalentry WHERE reference LIKE '{pattern}'",
    )
