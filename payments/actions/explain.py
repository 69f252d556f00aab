"""Staff explain what no program can: findings of a reconciliation, and lines of a balance."""

from core.actors import current_actor
from core.clock import BerthNow
from core.errors import InvalidState, NotFound, invalid
from core.transactions import in_one_transaction
from payments.actions.match_payouts import judge
from payments.models import BalanceTransaction, Finding, LineOutcome


@in_one_transaction
def explain_finding(finding_id: int, *, note: str) -> Finding:
    """What was found is understood. What was told, and stays as it is, later runs do not tell again.

    Raises InvalidState for one that is mended, can be, or was settled before; FieldsInvalid without a note.
    """
    note = _required(note)
    finding = Finding.objects.select_for_update(no_key=True).filter(pk=finding_id).first()
    if finding is None:
        raise NotFound
    if not finding.can_be_explained:
        raise InvalidState("Only what nobody has explained, and no comparison can mend.", state=finding.outcome)
    Finding.objects.filter(pk=finding.pk).update(note=note, settled_at=BerthNow(), settled_by=current_actor())
    finding.refresh_from_db()
    return finding


def explain_line(line_id: int, *, note: str) -> BalanceTransaction:
    """A line in suspense is understood; the books stay as they are. Its payout may match now.

    Raises InvalidState for one that was matched to something of ours, FieldsInvalid without a note.
    """
    line = _explain_line(line_id, _required(note))
    if line.payout_id:
        judge(line.payout_id)
    return line


@in_one_transaction
def _explain_line(line_id: int, note: str) -> BalanceTransaction:
    line = BalanceTransaction.objects.select_for_update(no_key=True).filter(pk=line_id).first()
    if line is None:
        raise NotFound
    if line.outcome != LineOutcome.SUSPENSE:
        raise InvalidState("The ledger knows what this line is.", state=line.outcome)
    line.explanation = note
    line.save(update_fields=["explanation"])
    return line


def _required(note: str) -> str:
    if not note.strip():
        raise invalid("note", "required", "Say what it is.")
    return note.strip()[:300]
