"""What PostgreSQL itself tells of the tables that are guarded."""

from typing import Any

from psycopg import sql

from tests.database import as_owner

OURS = r"^(core|ledger|bookings|payments|finance)_"


def ask(statement: str, *positional: Any, **named: Any) -> list[tuple]:
    """Rows, as the owner reads them."""
    with as_owner() as owner:
        owner.execute(statement, named or positional or None)
        return owner.fetchall()


def tables() -> list[str]:
    """Every table of ours."""
    return [
        name
        for (name,) in ask(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ %s ORDER BY 1", OURS
        )
    ]


def triggers() -> set[str]:
    """Every trigger on a table of ours, as `table.trigger`."""
    found = ask(
        "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgrelid::regclass::text ~ %s",
        OURS,
    )
    return {name for (name,) in found}


def all_rows() -> dict[str, list[str]]:
    """Every row of every table of ours."""
    found = {}
    with as_owner() as owner:
        for table in tables():
            owner.execute(sql.SQL("SELECT one::text FROM {} one ORDER BY 1").format(sql.Identifier(table)))
            found[table] = [row for (row,) in owner.fetchall()]
    return found
