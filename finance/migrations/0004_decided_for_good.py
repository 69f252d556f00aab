"""A line cannot slip into a settlement that is being approved, and who approved or paid one is told and stays."""

from importlib import import_module

from django.db import migrations

from core.guards import function, refusal

before = import_module("finance.migrations.0002_guards")

_APPROVAL, _PAYMENT = ("approved_by", "approved_at"), ("paid_by", "paid_at", "transfer")


def _changed(columns: tuple[str, ...]) -> str:
    return f"{before._row('OLD', columns)} IS DISTINCT FROM {before._row('NEW', columns)}"


SETTLEMENT_STAYS = function(
    "guard_settlement_stays",
    f"""
IF TG_OP = 'DELETE' THEN
  IF OLD.status <> 'draft' THEN
    {refusal("settlement_stays", "settlement % stays", "OLD.id")}
  END IF;
  RETURN OLD;
END IF;
IF {_changed(before._FIXED)} THEN
  {refusal("settlement_stays", "whose settlement % is, and of which month, stays", "OLD.id")}
ELSIF OLD.status <> 'draft' AND {_changed(before._AMOUNTS)} THEN
  {refusal("settlement_stays", "what settlement % comes to is decided", "OLD.id")}
ELSIF OLD.status = 'draft' AND NEW.status = 'approved' AND NEW.total_amount <>
      (SELECT coalesce(sum(net), 0) FROM finance_settlementline WHERE settlement_id = NEW.id AND live) THEN
  {refusal("settlement_adds_up", "the lines of settlement % do not come to %", "NEW.id", "NEW.total_amount")}
ELSIF (OLD.approved_by <> '' AND {_changed(_APPROVAL)}) OR (OLD.paid_by <> '' AND {_changed(_PAYMENT)}) THEN
  {refusal("settlement_stays", "who approved and who paid settlement % stays", "OLD.id")}
ELSIF (NEW.status = 'approved' AND NEW.approved_by = '') OR (NEW.status = 'paid' AND NEW.paid_by = '') THEN
  {refusal("settlement_two_people", "settlement % is % by nobody", "OLD.id", "NEW.status")}
END IF;
RETURN NEW;
""",
)
# The lock lets lines and a decision take turns: whoever comes second sees what the first has done.
LINE_STAYS = function(
    "guard_settlementline_stays",
    f"""
SELECT status INTO of_settlement FROM finance_settlement
 WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.settlement_id ELSE OLD.settlement_id END FOR SHARE;
IF TG_OP = 'UPDATE' THEN
  IF OLD.live AND NOT NEW.live AND of_settlement IN ('void', 'returned')
     AND to_jsonb(OLD) - 'live' = to_jsonb(NEW) - 'live' THEN
    RETURN NEW;
  END IF;
ELSIF of_settlement = 'draft' THEN
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END IF;
{refusal("settlementline_stays", "the lines of a settlement that is % stay", "of_settlement")}
""",
    "of_settlement text;",
)


class Migration(migrations.Migration):
    dependencies = [("finance", "0003_reports")]

    operations = [
        migrations.RunSQL(SETTLEMENT_STAYS + LINE_STAYS, before.SETTLEMENT_STAYS + before.LINE_STAYS),
    ]
