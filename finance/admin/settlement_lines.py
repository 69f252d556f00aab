"""The lines of a settlement on its page."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.display import link, utc
from core.admin.sections import Table
from core.money import Money
from finance.models import LineKind, Settlement
from finance.statement import StatementLine, statement_lines

_SHOWN = 200


def lines_of(settlement: Settlement) -> Table:
    """The first of them; the files have all."""
    count = settlement.lines.count()
    title = gettext("lines (%(count)s)") % {"count": count}
    if count > _SHOWN:
        title = gettext("the first %(shown)s of %(count)s lines; all are in the files") % {
            "shown": _SHOWN, "count": count,
        }  # fmt: skip

    def money(amount: int) -> Money | None:
        return Money(amount, settlement.currency) if amount else None

    return Table(
        title,
        (
            _("at"), _("kind"), _("booking"), _("trip"), _("stretch"),
            _("fare without tax"), _("commission"), _("tax on commission"), _("for the operator"),
        ),
        [
            (
                utc(line.at), LineKind(line.kind).label, _booking(line), line.trip or None, line.stretch or None,
                money(line.gross), money(-line.commission), money(-line.tax), Money(line.net, settlement.currency),
            )
            for line in statement_lines(settlement, _SHOWN)
        ],
    )  # fmt: skip


def _booking(line: StatementLine) -> object:
    return link("bookings_booking", line.booking_id, line.booking) if line.booking_id else line.booking or None
