"""Checkpoints that also know what was debited, and up to when: the books at any date, without reading all of them.

Two things make that exact. A checkpoint tells when the last entry that it counts was posted; and no entry that comes
after is dated before that. The clock may run backwards, and money must not be refused for it: an entry that would be
dated before any checkpoint is dated as late as that is.
"""

from importlib import import_module

from django.db import migrations, models

from core.guards import function, refusal

guards = import_module("ledger.migrations.0002_guards")
dated = import_module("ledger.migrations.0004_dated_by_the_clock")

# As with ledger_balance, only the index on (account, id) will do, and then an entry at a time: the planner does not know
# how few postings are left, and would read all entries beforehand.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
# Parsed here and now: no search path can change what the names mean.
COUNTED = f"""
CREATE FUNCTION ledger_counted(account bigint, up_to bigint, OUT balance bigint, OUT debits bigint,
                               OUT posted_to timestamptz)
LANGUAGE sql STABLE {BY_INDEX}
BEGIN ATOMIC
  WITH newest AS (
    SELECT checkpoint.balance, checkpoint.debits, checkpoint.posted_to, checkpoint.up_to_id
      FROM ledger_checkpoint checkpoint
     WHERE checkpoint.account_id = account AND checkpoint.up_to_id <= up_to ORDER BY checkpoint.up_to_id DESC LIMIT 1
  )
  SELECT coalesce((SELECT newest.balance FROM newest), 0) + coalesce(sum(posting.amount), 0),
         coalesce((SELECT newest.debits FROM newest), 0) + coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0), 0),
         greatest((SELECT newest.posted_to FROM newest), max(entry.posted_at))
    FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
   WHERE (posting.account_id, posting.id) > (account, coalesce((SELECT newest.up_to_id FROM newest), 0))
     AND (posting.account_id, posting.id) <= (account, up_to);
END;
"""
# What was posted to an account before a moment: from the newest checkpoint that counts nothing later, and the postings
# up to the oldest one that does; behind that one all are later. NULL if nothing was.
TURNOVER = f"""
CREATE FUNCTION ledger_turnover(account bigint, until timestamptz DEFAULT 'infinity', OUT debits bigint,
                                OUT credits bigint)
LANGUAGE sql STABLE {BY_INDEX}
BEGIN ATOMIC
  WITH newest AS (
    SELECT checkpoint.balance, checkpoint.debits, checkpoint.up_to_id
      FROM ledger_checkpoint checkpoint
     WHERE checkpoint.account_id = account AND checkpoint.posted_to < until
     ORDER BY checkpoint.posted_to DESC, checkpoint.up_to_id DESC LIMIT 1
  ), next AS (
    SELECT checkpoint.up_to_id
      FROM ledger_checkpoint checkpoint
     WHERE checkpoint.account_id = account AND checkpoint.posted_to >= until
     ORDER BY checkpoint.posted_to, checkpoint.up_to_id LIMIT 1
  ), rest AS (
    SELECT count(*) AS postings, coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0), 0) AS debits,
           coalesce(-sum(posting.amount) FILTER (WHERE posting.amount < 0), 0) AS credits
      FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
     WHERE (posting.account_id, posting.id) > (account, coalesce((SELECT newest.up_to_id FROM newest), 0))
       AND (posting.account_id, posting.id)
           <= (account, coalesce((SELECT next.up_to_id FROM next), 9223372036854775807))
       AND entry.posted_at < until
  )
  SELECT (coalesce(newest.debits, 0) + rest.debits)::bigint,
         (coalesce(newest.debits - newest.balance, 0) + rest.credits)::bigint
    FROM rest LEFT JOIN newest ON true
   WHERE rest.postings > 0 OR newest.up_to_id IS NOT NULL;
END;
"""
FILL = """
ALTER TABLE ledger_checkpoint DISABLE TRIGGER guard_ledger_checkpoint_append_only_row;
UPDATE ledger_checkpoint checkpoint
   SET debits = counted.debits, posted_to = counted.posted_to
  FROM (
    SELECT step.id, sum(coalesce(part.debits, 0)) OVER stairs AS debits, max(part.posted_to) OVER stairs AS posted_to
      FROM (SELECT id, account_id, up_to_id, coalesce(lag(up_to_id) OVER (PARTITION BY account_id ORDER BY up_to_id), 0)
                   AS above FROM ledger_checkpoint) step
     CROSS JOIN LATERAL (
       SELECT sum(posting.amount) FILTER (WHERE posting.amount > 0) AS debits, max(entry.posted_at) AS posted_to
         FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
        WHERE posting.account_id = step.account_id AND posting.id > step.above AND posting.id <= step.up_to_id
     ) part
    WINDOW stairs AS (PARTITION BY step.account_id ORDER BY step.up_to_id)
  ) counted
 WHERE counted.id = checkpoint.id;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER guard_ledger_checkpoint_append_only_row;
"""
# What is not said is filled in; what is said is true.
CHECKPOINT_TRUE = function(
    "guard_checkpoint_true",
    f"""
SELECT counted.balance, counted.debits, counted.posted_to INTO balance, debits, posted_to
  FROM ledger_counted(NEW.account_id, NEW.up_to_id) counted;
NEW.debits := coalesce(NEW.debits, debits);
NEW.posted_to := coalesce(NEW.posted_to, posted_to);
IF (NEW.balance, NEW.debits, NEW.posted_to) IS DISTINCT FROM (balance, debits, posted_to) THEN
  {refusal(
      "checkpoint_true",
      "the postings of account % do not come to %, % debited, up to %",
      "NEW.account_id", "NEW.balance", "NEW.debits", "NEW.posted_to",
  )}
END IF;
RETURN NEW;
""",
    "balance bigint;\ndebits bigint;\nposted_to timestamptz;",
)
# Either month may be closed: that of the clock, and that in which the entry would be dated after what is counted.
ENTRY_PERIOD = function(
    "guard_entry_period",
    f"""
clock := berth_now();
NEW.posted_at := greatest(clock, (SELECT max(posted_to) FROM ledger_checkpoint));
NEW.effective_at := coalesce(NEW.effective_at, NEW.posted_at);
IF EXISTS (SELECT FROM ledger_period
            WHERE month IN (date_trunc('month', clock AT TIME ZONE 'UTC')::date,
                            date_trunc('month', NEW.posted_at AT TIME ZONE 'UTC')::date) AND status = 'closed') THEN
  {refusal("journalentry_period_open", "the month of % is closed", "NEW.posted_at")}
END IF;
RETURN NEW;
""",
    "clock timestamptz;",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_reserve_entries")]

    operations = [
        migrations.AddField(
            model_name="checkpoint", name="debits", field=models.BigIntegerField(null=True, verbose_name="debits")
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="posted_to",
            field=models.DateTimeField(null=True, verbose_name="posted up to"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="checkpoint", name="debits", field=models.BigIntegerField(verbose_name="debits")
        ),
        migrations.AlterField(
            model_name="checkpoint", name="posted_to", field=models.DateTimeField(verbose_name="posted up to")
        ),
        migrations.AddIndex(
            model_name="checkpoint",
            index=models.Index(fields=["account", "posted_to", "up_to"], name="checkpoint_of_day"),
        ),
        migrations.AddIndex(
            model_name="checkpoint", index=models.Index(fields=["posted_to"], name="checkpoint_posted")
        ),
        migrations.RunSQL(
            COUNTED + TURNOVER,
            "DROP FUNCTION ledger_turnover(bigint, timestamptz); DROP FUNCTION ledger_counted(bigint, bigint);",
        ),
        migrations.RunSQL(CHECKPOINT_TRUE + ENTRY_PERIOD, guards.CHECKPOINT_TRUE + dated.ENTRY_PERIOD),
    ]
