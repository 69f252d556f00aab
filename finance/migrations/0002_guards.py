"""What PostgreSQL refuses about settlements, whoever asks."""

from django.db import migrations

from core.guards import function, install, no_truncate, refusal, transition_guard, trigger
from finance.models import SETTLEMENT_TRANSITIONS

SETTLEMENT, LINE = "finance_settlement", "finance_settlementline"
_FIXED = ("operator_id", "currency", "month")
_AMOUNTS = (
    "gross_amount", "commission_amount", "cancellation_commission_amount", "tax_amount", "correction_amount",
    "released_amount", "brought_amount", "total_amount", "reserve_amount",
)  # fmt: skip


def _row(of: str, columns: tuple[str, ...]) -> str:
    return f"({', '.join(f'{of}.{column}' for column in columns)})"


SETTLEMENT_STAYS = function(
    "guard_settlement_stays",
    f"""
IF TG_OP = 'DELETE' THEN
  IF OLD.status <> 'draft' THEN
    {refusal("settlement_stays", "settlement % stays", "OLD.id")}
  END IF;
  RETURN OLD;
END IF;
IF {_row("OLD", _FIXED)} IS DISTINCT FROM {_row("NEW", _FIXED)} THEN
  {refusal("settlement_stays", "whose settlement % is, and of which month, stays", "OLD.id")}
ELSIF OLD.status <> 'draft' AND {_row("OLD", _AMOUNTS)} IS DISTINCT FROM {_row("NEW", _AMOUNTS)} THEN
  {refusal("settlement_stays", "what settlement % comes to is decided", "OLD.id")}
ELSIF OLD.status = 'draft' AND NEW.status = 'approved' AND NEW.total_amount <>
      (SELECT coalesce(sum(net), 0) FROM {LINE} WHERE settlement_id = NEW.id AND live) THEN
  {refusal("settlement_adds_up", "the lines of settlement % do not come to %", "NEW.id", "NEW.total_amount")}
END IF;
RETURN NEW;
""",
)
LINE_STAYS = function(
    "guard_settlementline_stays",
    f"""
SELECT status INTO of_settlement FROM {SETTLEMENT} WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.settlement_id ELSE OLD.settlement_id END;
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
    dependencies = [("finance", "0001_initial"), ("core", "0002_guards")]

    operations = [
        transition_guard(SETTLEMENT, SETTLEMENT_TRANSITIONS),
        no_truncate(SETTLEMENT),
        no_truncate(LINE),
        install(
            SETTLEMENT_STAYS
            + LINE_STAYS
            + trigger("guard_settlement_stays", SETTLEMENT, "BEFORE UPDATE OR DELETE", "guard_settlement_stays")
            + trigger("guard_settlementline_stays", LINE, "BEFORE INSERT OR UPDATE OR DELETE", "guard_settlementline_stays"),
            functions=["guard_settlement_stays", "guard_settlementline_stays"],
        ),
    ]
