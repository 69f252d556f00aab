"""An entry is dated by the clock, whoever writes it: nobody posts into yesterday, or past a month that is not over.

The clock is read in the row's trigger, so after the gate's, which is the statement's: no entry is dated into a month
that was closed while it waited. `period` is generated from the date after the trigger has set it.
"""

from importlib import import_module

from django.db import migrations

from core.guards import function, refusal

before = import_module("ledger.migrations.0002_guards")

ENTRY_PERIOD = function(
    "guard_entry_period",
    f"""
NEW.posted_at := berth_now();
NEW.effective_at := coalesce(NEW.effective_at, NEW.posted_at);
IF EXISTS (SELECT FROM ledger_period
            WHERE month = date_trunc('month', NEW.posted_at AT TIME ZONE 'UTC')::date AND status = 'closed') THEN
  {refusal("journalentry_period_open", "the month of % is closed", "NEW.posted_at")}
END IF;
RETURN NEW;
""",
)
PERIOD_STAYS = function(
    "guard_period_stays",
    f"""
IF TG_OP = 'DELETE' OR NEW.month <> OLD.month THEN
  {refusal("period_stays", "period % stays", "OLD.month")}
ELSIF NEW.status = 'closed' AND NEW.month + interval '1 month' > berth_now() AT TIME ZONE 'UTC' THEN
  {refusal("period_over", "period % has not ended", "OLD.month")}
END IF;
RETURN NEW;
""",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_posting_id_drawn"), ("core", "0003_berth_now")]

    operations = [migrations.RunSQL(ENTRY_PERIOD + PERIOD_STAYS, before.ENTRY_PERIOD + before.PERIOD_STAYS)]
