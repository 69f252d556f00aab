"""The lines of a settlement on its page."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.display import link, utc_on_two_lines
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
            _("at"), _("kind"), _("booking"), _("trip"),
            _("fare without tax"), _("commission"), _("tax on commission"), _("for the operator"),
        ),
        [
            (
                utc_on_two_lines(line.at), LineKind(line.kind).label, _booking(line), _trip(line),
                money(line.gross), money(-line.commission), money(-line.tax), Money(line.net, settlement.currency),
            )
            for line in statement_lines(settlement, _SHOWN)
        ],
    )  # fmt: skip


def _trip(line: StatementLine) -> SafeString | None:
    return format_html('<bdi dir="ltr">{}<br>{}</bdi>', line.trip, line.stretch) if line.trip else None


def _booking(line: StatementLine) -> object:
    return link("bookings_booking", line.booking_id, line.booking) if line.booking_id else line.booking or None
