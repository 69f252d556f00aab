"""What an operator is told of a settlement: each line with the booking and the trip that it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from finance.models import LineKind, Settlement, SettlementLine
from finance.reports.report import Column, Kind, Part, Report, Total
from finance.settlement_sum import adding_up

_BATCH = 500
COLUMNS = (
    Column("at", _("at"), Kind.TIME),
    Column("kind", _("kind"), words=dict(LineKind.choices)),
    Column("booking", _("booking"), Kind.BOOKING),
    Column("trip", _("trip")),
    Column("stretch", _("stretch")),
    Column("gross", _("fare without tax"), Kind.MONEY, is_sparse=True),
    Column("commission", _("commission"), Kind.MONEY, is_sparse=True),
    Column("tax", _("tax on commission"), Kind.MONEY, is_sparse=True),
    Column("net", _("for the operator"), Kind.MONEY),
)


@dataclass(frozen=True)
class StatementLine:
    """A line of a settlement. Amounts are minor units of its currency; `at` is when it happened, UTC.

    `trip` and `stretch` name what the booking is for; both are empty for lines about no booking.
    """

    at: datetime
    kind: str
    booking: str
    booking_id: int | None
    trip: str
    stretch: str
    gross: int
    commission: int
    tax: int
    net: int


def statement_lines(settlement: Settlement, limit: int | None = None) -> Iterator[StatementLine]:
    """The lines of a settlement in the order of the postings, in batches: bounded memory, however many there are."""
    last, left = 0, limit
    while True:
        size = _BATCH if left is None else min(_BATCH, left)
        lines = list(
            settlement.lines.filter(pk__gt=last).select_related("posting__entry", "carried_from").order_by("pk")[:size]
        )
        if not lines:
            return
        bookings = _bookings(lines)
        for line in lines:
            yield _told(line, bookings)
        last = lines[-1].pk
        left = None if left is None else left - len(lines)


def _bookings(lines: Sequence[SettlementLine]) -> dict[str, Booking]:
    references = {line.posting.entry.booking_reference for line in lines if line.posting}
    of_lines = Booking.objects.filter(reference__in=references - {""})
    return {one.reference: one for one in of_lines.select_related("trip", "boarding__place", "alighting__place")}


def _told(line: SettlementLine, bookings: dict[str, Booking]) -> StatementLine:
    amounts = (line.gross, line.commission, line.tax, line.net)
    if line.posting is None:
        assert line.carried_from is not None
        carried_at = line.carried_from.approved_at or line.carried_from.created_at
        return StatementLine(carried_at, line.kind, "", None, "", "", *amounts)
    entry = line.posting.entry
    booking = bookings.get(entry.booking_reference)
    if booking is None:
        return StatementLine(entry.effective_at, line.kind, entry.booking_reference, None, "", entry.memo, *amounts)
    stretch = f"{booking.boarding.place.code}–{booking.alighting.place.code}"
    return StatementLine(
        entry.effective_at, line.kind, booking.reference, booking.pk, str(booking.trip), stretch, *amounts
    )


def statement_report(settlement: Settlement) -> Report:
    """The whole of it as a report, for files: all lines, and below them how it adds up. Commission and tax are signed
    as they count for the operator.
    """
    sums = [Total(name, name, {"net": money.amount}) for name, money, _is_sum in adding_up(settlement)]
    rows = (
        {
            "at": line.at,
            "kind": line.kind,
            "booking": line.booking,
            "trip": line.trip,
            "stretch": line.stretch,
            "gross": line.gross,
            "commission": -line.commission,
            "tax": -line.tax,
            "net": line.net,
        }
        for line in statement_lines(settlement)
    )
    period = {"at": f"{settlement.month:%Y-%m}"}
    return Report("settlement", str(settlement), period, COLUMNS, [Part(settlement.currency, rows, after=sums)])
