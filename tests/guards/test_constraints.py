"""Every constraint refuses by itself what it is there for.

PostgreSQL exempts nobody from a constraint. So each is tried by the owner, who alone can put the triggers and the other
constraints of the table aside; all of it is rolled back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import psycopg
import pytest
from psycopg import errors

from tests.database import as_owner
from tests.guards.catalog import OURS, ask, tables

pytestmark = pytest.mark.usefixtures("business")

# What makes a row wrong, of each CHECK; those that Django makes of a column's type are `…_check`, and want no negative.
WRONG = {
    "account_currency_iso": "currency = 'sar'",
    "account_kind_known": "kind = 'gift'",
    "countrytax_rate": "tax_bps = 10001",
    "fare_of_something": "amount = 0",
    "fare_runs_forward": "to_position = from_position",
    "journalentry_currency_iso": "currency = 'S'",
    "journalentry_facts_not_empty": "event_id = ''",
    "journalentry_kind_known": "kind = 'gift'",
    "journalentry_reference_unless_manual": "kind = 'charge', reference = NULL",
    "journalentry_two_postings": "posting_count = 1",
    "operator_commission": "commission_bps = 10001",
    "operator_commission_tax": "commission_tax_bps = 10001",
    "operator_no_show_refund": "no_show_refund_percent = 101",
    "operator_reserve": "reserve_bps = 10001",
    "operator_tax": "tax_bps = 10001",
    "payment_breakdown_sums_up": "amount = amount + 1",
    "payment_of_something": "amount = 0",
    "period_first_of_month": "month = month + 1",
    "posting_id_drawn": "id = 0",
    "posting_moves_money": "amount = 0",
    "refund_of_something": "amount = 0",
    "route_commission": "commission_bps = 10001",
    "routestop_departs_after_arrival": "departs_after = arrives_after - interval '1 minute'",
    "seatclaim_block_has_no_end": "booking_id = NULL, expires_at = berth_now()",
    "settlement_first_of_month": "month = month + 1",
    "settlement_reserve_of_total": "reserve_amount = total_amount + 1",
    "settlement_two_people": "paid_by = approved_by",
    "settlementline_adds_up": "net = net + 1",
    "settlementline_of_one_thing": "posting_id = NULL, carried_from_id = NULL",
    "tripstop_departs_after_arrival": "departs_at = arrives_at - interval '1 minute'",
    "tripstop_sales_end_in_time": "sales_end_at = departs_at + interval '1 minute'",
}
# Where no row of the business is one that the unique index looks at: a row is made such.
LOOKED_AT = {
    "booking_one_per_key": "owner_id = 1, idempotency_key = 'key'",
    "idempotencyrecord_one_per_key": "owner = 'user:7'",
    "refund_one_automatic_per_payment": "reason = 'late'",
    "refund_one_sending_per_payment": "status = 'submitting'",
    "settlementline_carried_once": "carried_from_id = settlement_id, posting_id = NULL",
}


# What could refuse the attack on a constraint before that does.
ASIDE = {"n": "", "c": "c", "f": "cf", "p": "cfpui", "u": "cfpui", "i": "cfpui"}


@dataclass(frozen=True)
class Constraint:
    """One of a table: `kind` as in pg_constraint, or `i` for a unique index; the columns that it is about."""

    table: str
    name: str
    kind: str
    columns: list[str]
    predicate: str


@cache
def constraints() -> tuple[Constraint, ...]:
    """Every CHECK, foreign key, key, UNIQUE and NOT NULL, and every unique index that is no constraint."""
    found = ask(
        "SELECT conrelid::regclass::text, conname, contype::text, ARRAY(SELECT attname::text FROM pg_attribute"
        " WHERE attrelid = conrelid AND attnum = ANY (conkey)), '' FROM pg_constraint"
        " WHERE conrelid::regclass::text ~ %(ours)s AND contype <> 't'"  # constraint triggers are triggers
        " UNION ALL SELECT indrelid::regclass::text, indexrelid::regclass::text, 'i', ARRAY(SELECT attname::text"
        " FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey)),"
        " coalesce(pg_get_expr(indpred, indrelid), 'true') FROM pg_index"
        " WHERE indrelid::regclass::text ~ %(ours)s AND indisunique"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1, 2",
        ours=OURS,
    )
    return tuple(Constraint(*row) for row in found)


def of(kinds: str) -> list[Constraint]:
    """Those of these kinds."""
    return [constraint for constraint in constraints() if constraint.kind in kinds]


def refusal(
    owner: psycopg.Cursor, constraint: Constraint, attack: str, prepared: str = ""
) -> psycopg.IntegrityError | None:
    """With the triggers and all other constraints of the table put aside, for the length of a transaction."""
    drop = {"i": "DROP INDEX {name}"}
    aside = [
        drop.get(other.kind, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name} CASCADE").format(**vars(other))
        for other in of(ASIDE[constraint.kind])
        if other.table == constraint.table and other != constraint
    ]
    try:
        owner.execute(";".join([f"ALTER TABLE {constraint.table} DISABLE TRIGGER USER", *aside, prepared]))
        owner.execute(attack)
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.IntegrityError as error:
        return error
    finally:
        owner.connection.rollback()
    return None


def copy(constraint: Constraint, where: str) -> str:
    """The same row again; what PostgreSQL generates it generates anew."""
    columns = ", ".join(
        f'"{name}"'
        for (name,) in ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''",
            constraint.table,
        )
    )
    return f"INSERT INTO {constraint.table} ({columns}) SELECT {columns} FROM {constraint.table} WHERE {where} LIMIT 1"


def test_every_table_has_a_row_to_attack():
    assert [table for table in tables() if ask(f"SELECT count(*) FROM {table}") == [(0,)]] == []


def test_every_check_has_an_attack():
    named = {constraint.name for constraint in of("c") if not constraint.name.endswith("_check")}
    assert named == set(WRONG)


def each(kinds: str, error: type[Exception], attack: Callable[[Constraint], tuple[str, ...]]) -> int:
    """Attack every constraint of these kinds; how many there are. Each refuses by itself, with this error."""
    wrong = {}
    with as_owner() as owner:
        for constraint in of(kinds):
            refused = refusal(owner, constraint, *attack(constraint))
            about = refused and (refused.diag.constraint_name or refused.diag.column_name)
            if not isinstance(refused, error) or about not in (constraint.name, *constraint.columns):
                wrong[f"{constraint.table}.{constraint.name}"] = refused
    assert wrong == {}
    return len(of(kinds))


def update(constraint: Constraint, wrong: str) -> str:
    """One row is made so."""
    return f"UPDATE {constraint.table} SET {wrong} WHERE ctid = (SELECT min(ctid) FROM {constraint.table})"


def test_no_check_lets_a_wrong_row_through(record_property):
    def attack(constraint: Constraint) -> tuple[str, ...]:
        return (update(constraint, WRONG.get(constraint.name) or f"{constraint.columns[0]} = -1"),)

    record_property("checks attacked", each("c", errors.CheckViolation, attack))


def test_no_column_that_must_be_told_is_left_empty(record_property):
    def attack(constraint: Constraint) -> tuple[str, ...]:
        (column,) = constraint.columns
        return (update(constraint, f'"{column}" = NULL'),)

    record_property("mandatory columns attacked", each("n", errors.NotNullViolation, attack))


def test_nothing_refers_to_a_row_that_is_not_there(record_property):
    def attack(constraint: Constraint) -> tuple[str, ...]:
        (column,) = constraint.columns
        ((kind,),) = ask(
            "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            constraint.table,
            column,
        )
        return (update(constraint, f'"{column}" = {"gen_random_uuid()" if kind == "uuid" else "-1"}'),)

    record_property("foreign keys attacked", each("f", errors.ForeignKeyViolation, attack))


def test_nothing_unique_is_there_twice(record_property):
    def attack(constraint: Constraint) -> tuple[str, ...]:
        told = " AND ".join(f'"{column}" IS NOT NULL' for column in constraint.columns)
        made = LOOKED_AT.get(constraint.name)
        again = copy(constraint, f"{told} AND {constraint.predicate or 'true'}")
        return (again, update(constraint, made)) if made else (again,)

    record_property("keys and unique indexes attacked", each("pui", errors.UniqueViolation, attack))
