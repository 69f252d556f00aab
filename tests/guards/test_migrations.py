"""Migrations run while the release before them serves: none holds up traffic, and none takes away what that one needs.

The rules are django-migration-linter's, and what PostgreSQL adds to them; docs/developer-reference.md tells what to do
instead. Migrations of the first release made the tables and are no matter.
"""

import re

import pytest
from django.db import connections, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

FIRST_RELEASE = {"accounts": "0002", "bookings": "0004", "core": "0003", "finance": "0007", "ledger": "0007",
                 "payments": "0010"}  # fmt: skip
# Both read the whole table under a lock that lets nobody write.
SCANS = re.compile(r"ADD CONSTRAINT .*\b(CHECK|FOREIGN KEY)\b(?!.*NOT VALID)", re.DOTALL)


def complaints(statements: list[str]) -> list[str]:
    """What is wrong with the statements of one migration."""
    errors, _ignored, warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    made = {table for sql in statements for table in re.findall(r'^CREATE TABLE "(\w+)"', sql)}
    scanned = [
        f"{sql} reads the whole table"
        for sql in statements
        if SCANS.search(sql) and not made & set(re.findall(r'^ALTER TABLE "(\w+)"', sql))
    ]
    return [issue.code for issue in (*errors, *warnings)] + scanned


def statements_of(migration: migrations.Migration, state: ProjectState) -> list[str]:
    with connections["owner"].schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    return [sql for sql in editor.collected_sql if not sql.startswith("--")]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_no_migration_since_the_first_release_holds_up_traffic():
    loader = MigrationLoader(connections["owner"])
    later = [
        (app, name)
        for app, name in sorted(loader.disk_migrations)
        if app in FIRST_RELEASE and name[:4] > FIRST_RELEASE[app]
    ]
    assert ("core", "0004_outbox_given_up") in later
    for app, name in later:
        state = loader.project_state((app, name), at_end=False)
        statements = statements_of(loader.get_migration(app, name), state)
        assert statements, f"{app} {name} does nothing"
        assert complaints(statements) == [], f"{app} {name}"


BAD = {
    "ALTER_COLUMN": migrations.AlterField("outboxmessage", "kind", models.TextField()),
    "DROP_COLUMN": migrations.RemoveField("outboxmessage", "sent_at"),
    "RENAME_COLUMN": migrations.RenameField("outboxmessage", "kind", "sort"),
    "NOT_NULL": migrations.AddField("outboxmessage", "size", models.IntegerField(default=0)),
    "CREATE_INDEX": migrations.AddIndex("outboxmessage", models.Index(fields=["sent_at"], name="sent")),
    "reads the whole table": migrations.AddConstraint(
        "outboxmessage", models.CheckConstraint(condition=models.Q(attempts__gte=0), name="tries")
    ),
}


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("complaint", BAD)
def test_each_of_these_would_be_refused(complaint):
    bad = migrations.Migration("bad", "core")
    bad.operations = [BAD[complaint]]
    state = MigrationLoader(connections["owner"]).project_state()
    assert any(complaint in one for one in complaints(statements_of(bad, state)))


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_migration_that_does_not_get_its_lock_gives_up_instead_of_holding_up_everybody():
    """Whoever wants the table after a waiting ALTER TABLE waits behind it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("10s",)
