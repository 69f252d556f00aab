"""E-mails to operators; handlers of the outbox."""

from functools import partial

from core import mail
from core.mail import Attachment
from core.outbox import Message, handles
from finance.models import Settlement, SettlementStatus
from finance.pdf import statement
from finance.reports import spreadsheet
from finance.statement import statement_report


@handles("settlement.approved")
def settlement_approved(message: Message) -> None:
    """What an operator is to be paid is approved: its statement, to whoever gets statements."""
    settlement = Settlement.objects.select_related("operator").get(pk=message.payload["settlement"])
    operator = settlement.operator
    stands = settlement.status in (SettlementStatus.APPROVED, SettlementStatus.PAID)
    if not operator.statement_email or not stands:
        return
    name = str(settlement).replace(" ", "-")
    mail.send(
        message,
        to=operator.statement_email,
        language=operator.statement_language,
        template="settlement_ready",
        context={"settlement": settlement},
        attachments=[
            Attachment(f"{name}.pdf", "application/pdf", partial(statement, settlement)),
            Attachment(f"{name}.csv", "text/csv", partial(_csv, settlement)),
        ],
    )


def _csv(settlement: Settlement) -> bytes:
    return "".join(spreadsheet.csv(statement_report(settlement))).encode()
