"""Raw SQL against the books, by the role that serves and by the owner. Each is refused, and nothing has changed."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from ledger.actions.checkpoint import checkpoint
from ledger.actions.close_period import close_period
from ledger.models import JournalEntry
from tests.clock import turned_to
from tests.database import as_owner
from tests.ledger.books import CLEARING, UNEARNED, as_runtime_role, entry_sql, everything, last_month, noon_of, sell

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = {"runtime role": as_runtime_role, "owner": as_owner}
BALANCED = [(CLEARING, 5), (UNEARNED, -5)]
CLOSED_MONTH = noon_of(last_month())


@dataclass(frozen=True)
class Attack:
    """`refused_by` is the constraint that both meet. `forbidden`: the runtime role has not even the right to try.
    `at`: if it takes another time than now.
    """

    sql: str
    refused_by: str
    forbidden: bool = False
    at: datetime | None = None


def joins(count: int, *, entry: str = "(SELECT min(id) FROM ledger_journalentry)") -> str:
    values = ", ".join(
        f"({entry}, (SELECT id FROM ledger_account WHERE code = '{code}' AND currency = 'SAR'), {amount})"
        for code, amount in BALANCED[:count]
    )
    return f"INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES {values}"


def twice(kind: str, other_kind: str = "", **facts: str | int) -> str:
    """Two entries by hand about the same."""
    first = entry_sql(BALANCED, kind=kind, **{"reference": "one", **facts})
    return first + ";" + entry_sql(BALANCED, kind=other_kind or kind, **{"reference": "other", **facts})


def with_chosen_id(chosen: str) -> str:
    return f"""
        WITH entry AS ({entry_sql([], posting_count=2)} RETURNING id)
        INSERT INTO ledger_posting (id, entry_id, account_id, amount)
        SELECT line.id, entry.id, account.id, line.amount
          FROM entry, (VALUES ({chosen}, '{CLEARING}', 5), ({chosen} + 1, '{UNEARNED}', -5)) AS line (id, code, amount)
          JOIN ledger_account account ON account.code = line.code AND account.currency = 'SAR'"""


CHECKPOINT = """
    INSERT INTO ledger_checkpoint (account_id, balance, up_to_id)
    SELECT account_id, sum(amount) + {error}, max(id) FROM ledger_posting GROUP BY account_id"""


def told(columns: str) -> str:
    """An entry, and checkpoints that tell more than a balance."""
    named = "debits, posted_to" if "posted_to" in columns else "debits"
    return (
        entry_sql(BALANCED)
        + f"; INSERT INTO ledger_checkpoint (account_id, balance, up_to_id, {named})"
        + f" SELECT account_id, balance, up_to, {columns} FROM (SELECT account_id, max(id) AS up_to FROM ledger_posting"
        + " GROUP BY account_id) moved, ledger_counted(account_id, up_to) counted"
    )


ATTACKS = {
    "unbalanced entry": Attack(entry_sql([(CLEARING, 5), (UNEARNED, -4)]), "journalentry_balances"),
    "two unbalanced entries that balance each other": Attack(
        entry_sql([(CLEARING, 5), (UNEARNED, -4)]) + ";" + entry_sql([(CLEARING, -5), (UNEARNED, 4)]),
        "journalentry_balances",
    ),
    "entry of one posting": Attack(entry_sql([(CLEARING, 5)]), "journalentry_two_postings"),
    "entry of one posting that claims two": Attack(
        entry_sql([(CLEARING, 5)], posting_count=2), "journalentry_complete"
    ),
    "entry with a posting too many": Attack(
        entry_sql([*BALANCED, *BALANCED], posting_count=2), "posting_joins_open_entry"
    ),
    "entry without postings": Attack(entry_sql([], posting_count=2), "journalentry_complete"),
    "entry without postings that claims none": Attack(entry_sql([]), "journalentry_two_postings"),
    "posting of nothing": Attack(entry_sql([*BALANCED, (CLEARING, 0)]), "posting_moves_money"),
    "entry in another currency than its accounts": Attack(
        entry_sql(BALANCED, currency="USD"), "journalentry_one_currency"
    ),
    "entry in two currencies": Attack(
        f"WITH entry AS ({entry_sql([], posting_count=2)} RETURNING id)"
        " INSERT INTO ledger_posting (entry_id, account_id, amount)"
        " SELECT entry.id, account.id, CASE account.currency WHEN 'SAR' THEN 5 ELSE -5 END"
        f" FROM entry, ledger_account account WHERE account.code = '{CLEARING}'",
        "journalentry_one_currency",
    ),
    "entry of no kind": Attack(entry_sql(BALANCED, kind="gift", reference="x"), "journalentry_kind_known"),
    "entry of no currency": Attack(entry_sql(BALANCED, currency="sar"), "journalentry_currency_iso"),
    "charge without a reference": Attack(entry_sql(BALANCED, kind="charge"), "journalentry_reference_unless_manual"),
    "two entries of one reference": Attack(twice("fee", reference="same"), "journalentry_one_per_reference"),
    "two charges of one intent": Attack(twice("charge", payment_intent_id="pi"), "journalentry_one_charge_per_intent"),
    "two charges of one charge": Attack(twice("charge", charge_id="ch"), "journalentry_one_charge_per_charge"),
    "two refunds of one refund": Attack(
        twice("refund", "partial_refund", refund_id="re"), "journalentry_one_refund_per_refund"
    ),
    "two reversals of one entry": Attack(twice("reversal", reverses_id=1), "journalentry_reversed_once"),
    **{
        f"entry with an empty {fact}": Attack(
            entry_sql(BALANCED, kind="fee", **{"reference": "x", fact: ""}), "journalentry_facts_not_empty"
        )
        for fact in ("reference", "payment_intent_id", "charge_id", "refund_id", "event_id")
    },
    "entry into a closed period": Attack(entry_sql(BALANCED), "journalentry_period_open", at=CLOSED_MONTH),
    "posting added to an old entry": Attack(joins(1), "posting_joins_open_entry"),
    "balanced postings added to an old entry": Attack(joins(2), "posting_joins_open_entry"),
    "posting for an entry to come": Attack(joins(2, entry="1000000"), "posting_joins_open_entry"),
    "posting under a checkpoint": Attack(with_chosen_id("-10"), "posting_id_drawn"),
    "posting above its sequence": Attack(with_chosen_id("1000000"), "posting_id_in_turn"),
    "posting moved to another account": Attack(
        f"UPDATE ledger_posting SET account_id = (SELECT id FROM ledger_account WHERE code = '{CLEARING}'"
        " AND currency = 'SAR')",
        "ledger_posting_append_only",
        forbidden=True,
    ),
    "posting moved to another entry": Attack(
        "UPDATE ledger_posting SET entry_id = (SELECT max(id) FROM ledger_journalentry)",
        "ledger_posting_append_only",
        forbidden=True,
    ),
    "postings edited in balance": Attack(
        "UPDATE ledger_posting SET amount = amount * 2", "ledger_posting_append_only", forbidden=True
    ),
    "postings edited by upsert": Attack(
        "INSERT INTO ledger_posting (id, entry_id, account_id, amount) SELECT id, entry_id, account_id, amount"
        " FROM ledger_posting ON CONFLICT (id) DO UPDATE SET amount = ledger_posting.amount * 2",
        "ledger_posting_append_only",
        forbidden=True,
    ),
    "postings deleted": Attack("DELETE FROM ledger_posting", "ledger_posting_append_only", forbidden=True),
    "postings truncated": Attack("TRUNCATE ledger_posting CASCADE", "ledger_posting_append_only", forbidden=True),
    "entry edited": Attack(
        "UPDATE ledger_journalentry SET memo = 'x'", "ledger_journalentry_append_only", forbidden=True
    ),
    "entry enlarged to take postings": Attack(
        "UPDATE ledger_journalentry SET posting_count = 4;" + joins(2),
        "ledger_journalentry_append_only",
        forbidden=True,
    ),
    "entries deleted": Attack("DELETE FROM ledger_journalentry", "ledger_journalentry_append_only", forbidden=True),
    "entries truncated": Attack(
        "TRUNCATE ledger_journalentry CASCADE", "ledger_journalentry_append_only", forbidden=True
    ),
    "account renamed": Attack("UPDATE ledger_account SET code = 'x'", "ledger_account_append_only", forbidden=True),
    "account of another kind": Attack(
        "UPDATE ledger_account SET kind = 'income'", "ledger_account_append_only", forbidden=True
    ),
    "account of another currency": Attack(
        "UPDATE ledger_account SET currency = 'EUR'", "ledger_account_append_only", forbidden=True
    ),
    "accounts deleted": Attack("DELETE FROM ledger_account", "ledger_account_append_only", forbidden=True),
    "accounts truncated": Attack("TRUNCATE ledger_account CASCADE", "ledger_account_append_only", forbidden=True),
    "account of no kind": Attack(
        "INSERT INTO ledger_account (code, kind, currency) VALUES ('x', 'x', 'SAR')", "account_kind_known"
    ),
    "account of no currency": Attack(
        "INSERT INTO ledger_account (code, kind, currency) VALUES ('x', 'asset', 'sar')", "account_currency_iso"
    ),
    "account opened twice": Attack(
        "INSERT INTO ledger_account (code, kind, currency) SELECT code, kind, currency FROM ledger_account",
        "account_one_per_code_and_currency",
    ),
    "checkpoint twice": Attack(
        "INSERT INTO ledger_checkpoint (account_id, balance, up_to_id)"
        " SELECT account_id, balance, up_to_id FROM ledger_checkpoint",
        "checkpoint_one_per_posting",
    ),
    "false checkpoint": Attack(entry_sql(BALANCED) + ";" + CHECKPOINT.format(error=1), "checkpoint_true"),
    "checkpoint of false debits": Attack(told("debits + 1"), "checkpoint_true"),
    "checkpoint of an earlier time": Attack(told("debits, posted_to - interval '1 microsecond'"), "checkpoint_true"),
    "checkpoint of a later time": Attack(told("debits, posted_to + interval '1 microsecond'"), "checkpoint_true"),
    "checkpoint edited": Attack(
        "UPDATE ledger_checkpoint SET balance = 0", "ledger_checkpoint_append_only", forbidden=True
    ),
    "checkpoints deleted": Attack("DELETE FROM ledger_checkpoint", "ledger_checkpoint_append_only", forbidden=True),
    "checkpoints truncated": Attack("TRUNCATE ledger_checkpoint", "ledger_checkpoint_append_only", forbidden=True),
    "period opened again": Attack("UPDATE ledger_period SET status = 'open'", "ledger_period_status_transition"),
    "closed period moved": Attack("UPDATE ledger_period SET month = '2001-01-01'", "period_stays"),
    "closed period deleted": Attack("DELETE FROM ledger_period", "period_stays"),
    "periods truncated": Attack("TRUNCATE ledger_period", "ledger_period_no_truncate", forbidden=True),
    "period born closed": Attack(
        "INSERT INTO ledger_period (month, status) VALUES ('2001-01-01', 'closed')", "ledger_period_initial_status"
    ),
    "period in the middle of a month": Attack(
        "INSERT INTO ledger_period (month, status) VALUES ('2001-01-02', 'open')", "period_first_of_month"
    ),
    "month twice": Attack(
        "INSERT INTO ledger_period (month, status) SELECT month, 'open' FROM ledger_period", "period_one_per_month"
    ),
    "month closed before its end": Attack(
        "INSERT INTO ledger_period (month, status)"
        " VALUES (date_trunc('month', berth_now() AT TIME ZONE 'UTC'), 'open');"
        "UPDATE ledger_period SET status = 'closed' WHERE status = 'open'",
        "period_over",
    ),
    "entry with an older snapshot": Attack(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;" + entry_sql(BALANCED), "ledger_read_committed"
    ),
    "checkpoint with an older snapshot": Attack(
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;" + CHECKPOINT.format(error=0), "ledger_read_committed"
    ),
    "temporary accounts in front of the real ones": Attack(
        "SET search_path = pg_temp, public;"
        "CREATE TEMPORARY TABLE ledger_account AS"
        " SELECT id, code, kind, 'USD'::text AS currency FROM public.ledger_account WHERE currency = 'SAR';"
        + entry_sql(BALANCED, currency="USD", account_currency="USD"),
        "journalentry_one_currency",
    ),
    "temporary postings in front of the real ones": Attack(
        "SET search_path = pg_temp, public;"
        "CREATE TEMPORARY TABLE ledger_posting (entry_id bigint, account_id bigint, amount bigint);"
        + entry_sql([(CLEARING, 5), (UNEARNED, -5)]),
        "journalentry_complete",
    ),
    "temporary periods in front of the real ones": Attack(
        "SET search_path = pg_temp, public;"
        "CREATE TEMPORARY TABLE ledger_period (month date, status text);" + entry_sql(BALANCED),
        "journalentry_period_open",
        at=CLOSED_MONTH,
    ),
    "temporary checkpoints and postings that make a false one true": Attack(
        entry_sql(BALANCED) + ";"
        "CREATE TEMPORARY TABLE ledger_posting AS"
        " SELECT id, account_id, amount + 1 AS amount FROM public.ledger_posting;"
        "SET search_path = pg_temp, public;"
        "INSERT INTO public.ledger_checkpoint (account_id, balance, up_to_id)"
        " SELECT account_id, sum(amount), max(id) FROM ledger_posting GROUP BY account_id",
        "checkpoint_true",
    ),
}


@pytest.fixture
def books() -> None:
    """Entries in two currencies, checkpoints, and a closed month."""
    sell(1000, name="1")
    sell(2000, name="2")
    sell(2000, name="3", currency="USD")
    checkpoint()
    close_period(last_month())


@pytest.fixture(params=ROLES)
def role(request) -> str:
    return request.param


def connect_as(role: str) -> AbstractContextManager[psycopg.Cursor]:
    return ROLES[role]()


@pytest.mark.parametrize("name", ATTACKS)
def test_refused(name, role, books):
    attack, before = ATTACKS[name], everything()
    clock = turned_to(attack.at) if attack.at else nullcontext()
    with clock, pytest.raises(psycopg.Error) as refused, connect_as(role) as cursor:
        cursor.execute(attack.sql)
    if attack.forbidden and role == "runtime role":
        assert isinstance(refused.value, errors.InsufficientPrivilege)
    else:
        assert isinstance(refused.value, psycopg.IntegrityError), refused.value
        assert refused.value.diag.constraint_name == attack.refused_by
    assert everything() == before


def test_the_same_by_hand_without_a_fault_is_accepted(role, books):
    """The attacks fail for what is wrong with them, not because nothing can be written by hand."""
    before = everything()
    with connect_as(role) as cursor:
        cursor.execute(entry_sql(BALANCED))
    with connect_as(role) as cursor:
        cursor.execute(
            "INSERT INTO ledger_checkpoint (account_id, balance, up_to_id)"
            " SELECT account_id, sum(amount), max(id) FROM ledger_posting posting"
            "  WHERE account_id IN (SELECT id FROM ledger_account WHERE currency = 'SAR') GROUP BY account_id"
        )
    after = everything()
    assert [len(now) - len(then) for now, then in zip(after, before, strict=True)] == [0, 1, 2, 2, 0]


def test_nobody_says_that_this_is_a_replica(role):
    with pytest.raises(errors.InsufficientPrivilege), connect_as(role) as cursor:
        cursor.execute("SET session_replication_role = replica")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE ledger_posting DISABLE TRIGGER USER",
        "ALTER TABLE ledger_posting DROP CONSTRAINT posting_moves_money",
        "DROP FUNCTION guard_entry_balances() CASCADE",
        "CREATE OR REPLACE FUNCTION ledger_balance(account bigint, up_to bigint) RETURNS bigint LANGUAGE sql RETURN 0",
        "DROP FUNCTION ledger_turnover(bigint, timestamptz)",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_posting EXECUTE FUNCTION guard_postings_join()",
        "SELECT setval('ledger_posting_id_seq', 1)",
        "CREATE TABLE public.ledger (id int)",
    ],
)
def test_the_runtime_role_cannot_take_a_guard_away(sql):
    with pytest.raises(errors.InsufficientPrivilege), as_runtime_role() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("told", ["2001-01-01 12:00+00", str(CLOSED_MONTH), "2999-01-01 12:00+00"])
def test_an_entry_is_dated_now_whatever_it_says(told, role, books):
    before = datetime.now(UTC)
    with connect_as(role) as cursor:
        cursor.execute(entry_sql(BALANCED, posted_at=told, effective_at="2001-01-01 12:00+00"))
    entry = JournalEntry.objects.latest("id")
    assert abs(entry.posted_at - before) < timedelta(seconds=10)
    assert entry.period == entry.posted_at.astimezone(UTC).date().replace(day=1)
    assert entry.effective_at == datetime(2001, 1, 1, 12, tzinfo=UTC)  # when it happened may be told


def test_the_period_of_an_entry_cannot_be_told_otherwise(role):
    with pytest.raises(errors.GeneratedAlways), connect_as(role) as cursor:
        cursor.execute("INSERT INTO ledger_journalentry (period) VALUES ('2001-01-01')")


def test_no_setting_switches_a_guard_off_and_ids_are_drawn_one_by_one():
    with as_owner() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*), bool_and(tgenabled = 'A') FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'ledger\\_%' GROUP BY 1 ORDER BY 1"
        )
        assert cursor.fetchall() == [
            ("ledger_account", 2, True),
            ("ledger_checkpoint", 4, True),
            ("ledger_journalentry", 5, True),
            ("ledger_period", 5, True),
            ("ledger_posting", 4, True),
        ]
        cursor.execute("SELECT cache_size FROM pg_sequences WHERE sequencename = 'ledger_posting_id_seq'")
        assert cursor.fetchall() == [(1,)]
