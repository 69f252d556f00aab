"""What PostgreSQL refuses about the books, whoever asks.

An entry is checked once, when its transaction commits. Postings are checked by the statement that inserts them: an
entry that somebody else can see is complete, so that a posting too many shows at once. Both need one indexed query
per entry, however many postings it has.
"""

from django.db import migrations

from core.guards import (
    append_only,
    deferred_trigger,
    function,
    install,
    no_truncate,
    refusal,
    transition_guard,
    trigger,
)
from ledger.gate import KEY
from ledger.models import PERIOD_TRANSITIONS

# With an older snapshot the guards would not see what was committed before the gate opened: a period that was closed,
# a posting that a checkpoint must count.
READ_COMMITTED = f"""
IF current_setting('transaction_isolation') <> 'read committed' THEN
  {refusal("ledger_read_committed", "the ledger is written at READ COMMITTED, not at %", "current_setting('transaction_isolation')")}
END IF;
"""
# What the postings of an account up to an id sum to, from the newest checkpoint on that reaches no further. The body is
# parsed here and now: no search path can change what its names mean. Rows are compared whole, and scanning is off, so
# that only the index on (account, id) will do: with old statistics the planner prefers the primary key, and reads for a
# quiet account everything that the others did since (checkpoints after a large import took minutes in place of a second).
BALANCE = """
CREATE FUNCTION ledger_balance(account bigint, up_to bigint DEFAULT 9223372036854775807) RETURNS bigint
LANGUAGE sql STABLE SET enable_seqscan = off
BEGIN ATOMIC
  WITH newest AS (
    SELECT balance, up_to_id FROM ledger_checkpoint
     WHERE account_id = account AND up_to_id <= up_to ORDER BY up_to_id DESC LIMIT 1
  )
  SELECT coalesce((SELECT balance FROM newest), 0) + coalesce(sum(amount), 0)
    FROM ledger_posting
   WHERE (account_id, id) > (account, coalesce((SELECT up_to_id FROM newest), 0)) AND (account_id, id) <= (account, up_to);
END;
"""
GATE = function(
    "guard_ledger_gate_shared", f"{READ_COMMITTED}PERFORM pg_advisory_xact_lock_shared({KEY});\nRETURN NULL;"
) + function("guard_ledger_gate_alone", f"{READ_COMMITTED}PERFORM pg_advisory_xact_lock({KEY});\nRETURN NULL;")

ENTRY_PERIOD = function(
    "guard_entry_period",
    f"""
IF EXISTS (SELECT FROM ledger_period
            WHERE month = date_trunc('month', NEW.posted_at AT TIME ZONE 'UTC')::date AND status = 'closed') THEN
  {refusal("journalentry_period_open", "the month of % is closed", "NEW.posted_at")}
END IF;
RETURN NEW;
""",
)
ENTRY_BALANCES = function(
    "guard_entry_balances",
    f"""
SELECT count(*), coalesce(sum(posting.amount), 0), count(*) FILTER (WHERE account.currency <> NEW.currency)
  INTO found, total, strangers
  FROM ledger_posting posting JOIN ledger_account account ON account.id = posting.account_id
 WHERE posting.entry_id = NEW.id;
IF found <> NEW.posting_count THEN
  {refusal("journalentry_complete", "entry % has % postings, not %", "NEW.id", "found", "NEW.posting_count")}
ELSIF total <> 0 THEN
  {refusal("journalentry_balances", "entry % is out of balance by %", "NEW.id", "total")}
ELSIF strangers > 0 THEN
  {refusal("journalentry_one_currency", "entry % has postings in other currencies than %", "NEW.id", "NEW.currency")}
END IF;
RETURN NULL;
""",
    "found bigint;\ntotal numeric;\nstrangers bigint;",
)
# The second check: an id out of turn would slip below a checkpoint that does not count it, now or later.
POSTINGS_JOIN = function(
    "guard_postings_join",
    f"""
IF EXISTS (
  SELECT FROM (SELECT DISTINCT entry_id FROM added) touched
    LEFT JOIN ledger_journalentry entry ON entry.id = touched.entry_id
   WHERE entry.id IS NULL
      OR entry.posting_count < (SELECT count(*) FROM ledger_posting posting WHERE posting.entry_id = touched.entry_id)
) THEN
  {refusal("posting_joins_open_entry", "a posting joins only an entry that is being written and lacks it")}
END IF;
IF (SELECT max(id) FROM added) > (SELECT last_value FROM ledger_posting_id_seq)
   OR EXISTS (SELECT FROM added JOIN ledger_checkpoint checkpoint
                 ON checkpoint.account_id = added.account_id AND checkpoint.up_to_id >= added.id) THEN
  {refusal("posting_id_in_turn", "the id of a posting is drawn from its sequence")}
END IF;
RETURN NULL;
""",
)
CHECKPOINT_TRUE = function(
    "guard_checkpoint_true",
    f"""
IF NEW.balance <> ledger_balance(NEW.account_id, NEW.up_to_id) THEN
  {refusal("checkpoint_true", "the postings of account % do not sum to %", "NEW.account_id", "NEW.balance")}
END IF;
RETURN NEW;
""",
)
PERIOD_STAYS = function(
    "guard_period_stays",
    f"""
IF TG_OP = 'DELETE' OR NEW.month <> OLD.month THEN
  {refusal("period_stays", "period % stays", "OLD.month")}
ELSIF NEW.status = 'closed' AND NEW.month + interval '1 month' > clock_timestamp() AT TIME ZONE 'UTC' THEN
  {refusal("period_over", "period % has not ended", "OLD.month")}
END IF;
RETURN NEW;
""",
)

ENTRY, POSTING, CHECKPOINT, PERIOD = (
    "ledger_journalentry",
    "ledger_posting",
    "ledger_checkpoint",
    "ledger_period",
)
TRIGGERS = "".join(
    [
        trigger("guard_ledger_gate", ENTRY, "BEFORE INSERT", "guard_ledger_gate_shared", row=False),
        trigger("guard_ledger_gate", POSTING, "BEFORE INSERT", "guard_ledger_gate_shared", row=False),
        trigger("guard_ledger_gate", CHECKPOINT, "BEFORE INSERT", "guard_ledger_gate_alone", row=False),
        trigger("guard_ledger_gate", PERIOD, "BEFORE UPDATE", "guard_ledger_gate_alone", row=False),
        trigger("guard_entry_period", ENTRY, "BEFORE INSERT", "guard_entry_period"),
        deferred_trigger("guard_entry_balances", ENTRY, "AFTER INSERT", "guard_entry_balances"),
        trigger("guard_postings_join", POSTING, "AFTER INSERT", "guard_postings_join", row=False, new_rows="added"),
        trigger("guard_checkpoint_true", CHECKPOINT, "BEFORE INSERT", "guard_checkpoint_true"),
        trigger("guard_period_stays", PERIOD, "BEFORE UPDATE OR DELETE", "guard_period_stays"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("core", "0002_guards")]

    operations = [
        append_only("ledger_account"),
        append_only(ENTRY),
        append_only(POSTING),
        append_only(CHECKPOINT),
        no_truncate(PERIOD),
        transition_guard(PERIOD, PERIOD_TRANSITIONS),
        migrations.RunSQL(BALANCE, "DROP FUNCTION ledger_balance(bigint, bigint) CASCADE;"),
        install(
            GATE + ENTRY_PERIOD + ENTRY_BALANCES + POSTINGS_JOIN + CHECKPOINT_TRUE + PERIOD_STAYS + TRIGGERS,
            functions=[
                "guard_ledger_gate_shared",
                "guard_ledger_gate_alone",
                "guard_entry_period",
                "guard_entry_balances",
                "guard_postings_join",
                "guard_checkpoint_true",
                "guard_period_stays",
            ],
        ),
    ]
