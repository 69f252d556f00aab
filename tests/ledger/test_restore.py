"""A backup, restored on another server as docs/setup-production.md says, is the same business with the same guards."""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from psycopg import errors

from ledger import queries
from ledger.actions.checkpoint import checkpoint
from ledger.models import Checkpoint, JournalEntry
from tests import scratch
from tests.another_server import Server, another_server
from tests.backups import BACKUP, NAME, back_up, check, libpq, restore, shell
from tests.business import in_business, post_by_hand
from tests.database import as_owner, as_runtime, every_row
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, last_month, plain_sums, wrong_checkpoints
from tests.services import database_url

SEQUENCES = "sequences"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with another_server() as server:
        yield server


@pytest.fixture(scope="module")
def business(django_db_setup, django_db_blocker, sandbox_process) -> Iterator[None]:
    """The business, and a server on which the ids of transactions are far ahead of those of a new one."""
    with in_business(django_db_blocker, sandbox_process):
        with as_owner() as owner:
            owner.connection.autocommit = True
            owner.execute("DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
        yield


@pytest.fixture(scope="module")
def backup(business, tmp_path_factory) -> Path:
    """The test database's backup."""
    folder = tmp_path_factory.mktemp("backup")
    file = back_up(database_url("owner"), folder)
    assert list(folder.iterdir()) == [file]
    assert file.stat().st_mode & 0o077 == 0, "others can read it"
    return file


@pytest.fixture(scope="module")
def restored(backup, server) -> Server:
    """The business, restored on the other server."""
    restore(backup, server)
    return server


@contextmanager
def as_superuser(server: Server, name: str = "postgres") -> Iterator[psycopg.Connection]:
    at = server.superuser
    with psycopg.connect(
        host=at["PGHOST"], port=at["PGPORT"], user=at["PGUSER"], password=at["PGPASSWORD"], dbname=name, autocommit=True
    ) as connection:
        yield connection


def all_rows() -> dict[str, list[str]]:
    """Every row of every table, and where every sequence stands, as the owner sees them."""
    with as_owner() as owner:
        owner.execute("SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences ORDER BY 1")
        return {**every_row(), SEQUENCES: [line for (line,) in owner.fetchall()]}


def definitions() -> str:
    """Every table, key, function, guard and right, as SQL; the roles have the same names on both servers.

    Casts and brackets left out: PostgreSQL writes `kind IN (…)` with others once it has read its own words.
    """
    dumped = scratch.run("pg_dump", "--schema-only")
    return re.sub(r"^\\(un)?restrict .*$|::character varying|::text(\[\])?|[()]", "", dumped, flags=re.MULTILINE)


def told(command: str, *options: str) -> dict:
    """What a management command prints as JSON."""
    out = StringIO()
    call_command(command, "--json", *options, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def transaction_id() -> int:
    with as_owner() as owner:
        owner.execute("SELECT pg_current_xact_id()::text::bigint")
        return owner.fetchone()[0]


def test_a_restored_backup_is_the_same_business(restored, record_property):
    rows, tables = all_rows(), definitions()
    balances, trial_balance = queries.balances(), queries.trial_balance(last_month())
    checked = told("check_books", "--no-gateways")
    assert checked["ok"]
    with scratch.served_by(restored.addresses(NAME)):
        assert all_rows() == rows  # the moment at which each entry was posted included
        assert definitions() == tables
        assert queries.balances() == balances == plain_sums()
        assert queries.trial_balance(last_month()) == trial_balance
        assert told("check_books", "--no-gateways") == checked
    count = sum(len(lines) for table, lines in rows.items() if table != SEQUENCES)
    record_property("restore", f"{count:,} rows of {len(rows) - 1} tables, {len(checked['checks'])} checks clean")


def test_the_commands_of_the_document_find_it_in_order(restored):
    reports = told("trial_balance")
    told_there = check(DATABASE_URL=restored.runtime_url(NAME), DATABASE_OWNER_URL=restored.owner_url(NAME))
    assert json.loads(told_there.splitlines()[-1]) == reports


def test_checkpoints_do_not_care_that_ids_of_transactions_begin_anew(restored):
    """The same is posted on both; it must agree with plain sums and with each other."""

    def post_on() -> tuple[dict, list]:
        for number in range(3):
            post_by_hand(100 + number)
            checkpoint()
        post_by_hand(1)
        assert wrong_checkpoints() == []
        assert queries.balances() == plain_sums()
        written = Checkpoint.objects.order_by("account__code", "account__currency", "up_to_id")
        return queries.balances(), list(written.values_list("account__code", "balance", "debits", "up_to_id"))

    old_id, on_the_old = transaction_id(), post_on()
    with scratch.served_by(restored.addresses(NAME)):
        assert transaction_id() < old_id
        assert post_on() == on_the_old


ATTACKS = {
    entry_sql([(CLEARING, 5), (UNEARNED, -4)]): "journalentry_balances",
    "UPDATE ledger_posting SET amount = amount * 2": "ledger_posting_append_only",
    "DELETE FROM ledger_checkpoint": "ledger_checkpoint_append_only",
    "UPDATE ledger_period SET status = 'open'": "ledger_period_status_transition",
    "TRUNCATE core_statuschange": "core_statuschange_append_only",
    "UPDATE payments_payment SET amount = amount + 1": "payment_frozen",
    "DELETE FROM finance_settlement": "settlement_stays",
    "DELETE FROM bookings_seatclaim WHERE expires_at IS NULL": "seatclaim_sold_stays",
}


def test_the_guards_are_in_force_there(restored):
    with scratch.served_by(restored.addresses(NAME)):
        before = all_rows()
        for statement, guard in ATTACKS.items():
            with pytest.raises(psycopg.IntegrityError) as refused, as_owner() as owner:
                owner.execute(statement)
            assert refused.value.diag.constraint_name == guard
            with pytest.raises((errors.CheckViolation, errors.InsufficientPrivilege)), as_runtime() as runtime:
                runtime.execute(statement)
        for statement in ("CREATE TEMPORARY TABLE mine ()", "ALTER TABLE ledger_posting DISABLE TRIGGER USER"):
            with pytest.raises(errors.InsufficientPrivilege), as_runtime() as runtime:
                runtime.execute(statement)
        after = all_rows()
        assert {**after, SEQUENCES: []} == {**before, SEQUENCES: []}
        assert weakened() == []


def weakened() -> list[str]:
    """The guards that a setting could switch off."""
    with as_owner() as owner:
        owner.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A'")
        return [name for (name,) in owner.fetchall()]


def test_data_alone_are_refused_and_forced_they_weaken_the_guards(backup, server):
    """Why the document warns of both."""
    name = "data_alone"
    with as_superuser(server) as superuser:
        superuser.execute(f"CREATE DATABASE {name} OWNER berth_owner")
    folder, dump = backup.parent, backup.name
    shell(f"pg_restore --schema-only --no-owner --dbname='{server.owner_url(name)}' {dump}", folder)
    data_alone = "pg_restore --data-only --single-transaction"
    with pytest.raises(AssertionError, match="cannot begin as"):
        shell(f"{data_alone} --dbname='{server.owner_url(name)}' {dump}", folder)
    with scratch.served_by(server.addresses(name)):
        assert not JournalEntry.objects.exists()
        assert weakened() == []
        shell(f"{data_alone} --disable-triggers --dbname={name} {dump}", folder, **server.superuser)
        assert JournalEntry.objects.exists()
        assert "guard_entry_period" in weakened()


def test_an_older_backup_goes_when_a_new_one_is_whole_and_not_before(backup, tmp_path):
    old, young = (tmp_path / f"berth-2026{day}T020000Z.dump" for day in ("0101", "1101"))
    for file, days in ((old, 31), (young, 29)):
        file.touch()
        os.utime(file, times=(time.time() - days * 86_400,) * 2)
    with pytest.raises(AssertionError):
        shell(BACKUP, tmp_path, **libpq(database_url("owner")) | {"PGPASSWORD": "wrong"})
    assert set(tmp_path.iterdir()) == {old, young}, "and no half of a new one"
    new = back_up(database_url("owner"), tmp_path)
    assert set(tmp_path.iterdir()) == {new, young}


def test_a_database_that_exists_is_never_restored_over(backup, restored):
    with scratch.served_by(restored.addresses(NAME)):
        before = all_rows()
        with pytest.raises(AssertionError, match="already exists"):
            shell(f"deploy/restore {backup} {NAME}", backup.parent, **restored.superuser)
        assert all_rows() == before
