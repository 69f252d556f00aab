"""Everything that belongs to a booking, in tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.admin import money_sections
from bookings.admin.passengers import seats_of
from bookings.models import Booking, Passenger
from core.admin.display import Text, link, prose, utc
from core.admin.history import history
from core.admin.sections import Section, Table
from core.models import OutboxMessage
from core.transitions import Stateful
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry


def sections_of(booking: Booking, request: HttpRequest) -> Iterator[Section]:
    """The tables that this user may see."""
    may = request.user.has_perm
    passengers = list(booking.passengers.select_related("seat").order_by("seat__row", "seat__column"))
    paid = list(booking.payments.prefetch_related("refunds", "disputes").order_by("created_at"))
    yield seats_of(booking, passengers)
    if may("payments.view_payment"):
        yield money_sections.payments(paid)
    if may("payments.view_refund"):
        yield money_sections.refunds(refund for payment in paid for refund in payment.refunds.all())
    disputes = [dispute for payment in paid for dispute in payment.disputes.all()]
    if disputes and may("payments.view_dispute"):
        yield money_sections.disputes(disputes)
    if may("ledger.view_journalentry"):
        yield ledger_entries(with_lines(JournalEntry.objects.filter(booking_reference=booking.reference)))
    if may("core.view_statuschange"):
        yield history(_names(booking, passengers))
    if may("core.view_outboxmessage"):
        yield _outbox(booking, paid)


def _outbox(booking: Booking, payments: Sequence[Any]) -> Table:
    """Messages about the booking, its payments and their refunds, each found by what its subject is or begins with."""
    about = Q(subject=booking.reference) | Q(subject__startswith=f"{booking.reference}:")
    for payment in payments:
        about |= Q(kind__startswith="payment.", subject__startswith=str(payment.pk))
    for refund in (refund for payment in payments for refund in payment.refunds.all()):
        of_refund = Q(subject=str(refund.pk)) | Q(subject__startswith=f"{refund.pk}:")
        about |= Q(kind__startswith="refund.") & of_refund
    return Table(
        _("outbox"),
        (_("created at"), _("message"), _("status"), _("attempts"), _("sent at"), _("last error")),
        [
            (
                utc(message.created_at),
                link("core_outboxmessage", message.pk, message.kind),
                message.get_status_display(),
                message.attempts,
                utc(message.sent_at),
                prose(message.last_error),
            )
            for message in OutboxMessage.objects.filter(about).order_by("pk")
        ],
    )


def _names(booking: Booking, passengers: Sequence[Passenger]) -> dict[Stateful, Text]:
    names: dict[Stateful, Text] = {booking: _("booking")}
    for passenger in passengers:
        names[passenger] = f"{passenger.seat.number} {passenger.full_name}"
    return names
