"""Staff cancel a trip: nobody travels, and everybody gets everything back."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.actions.cancel_trip import cancel_trip
from bookings.admin.to_clear import to_clear
from bookings.models import Trip
from core.admin.decision import Decision, Outlook
from core.admin.display import link
from core.admin.sections import Facts, Section, Table
from core.errors import InvalidState, Problem
from core.money import Money
from payments.admin.words import explain
from payments.nudge import nudge_refunds
from payments.quotes import quote


class CancelTrip(Decision):
    """At once nothing is sold any more; a job clears the bookings one by one."""

    permission_required = "bookings.change_trip"
    title = _("Cancel the trip")
    explanation = _("Everybody gets everything back, whatever the terms say, and an e-mail. This cannot be undone.")
    button = _("Cancel the trip")
    is_as_shown = False  # it does not run, whatever is booked meanwhile

    @cached_property
    def subject(self) -> Trip:
        """The trip."""
        return get_object_or_404(Trip, pk=self.kwargs["trip_id"])

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """How many bookings it hits, how much money goes back, and what cannot go back yet."""
        trip = self.subject
        stake = _stake_of(trip)
        facts = (
            (_("bookings paid back"), stake.paid),
            (_("seats"), stake.seats),
            (_("goes back"), stake.refund),
            (_("holds given up"), stake.unpaid),
            (_("reason"), wish["reason"]),
        )
        sections: list[Section] = [Facts(_("what will come of it"), facts)]
        if stake.stuck:
            sections.append(Table(_("not yet"), (_("booking"), _("why not")), stake.stuck))
        return Outlook(sections)

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Cancel it, and have its bookings cleared."""
        trip = cancel_trip(self.subject.pk, reason=wish["reason"])
        nudge_refunds()
        count = to_clear(trip).count()
        clearing = ngettext("A worker clears %(count)d booking.", "A worker clears %(count)d bookings.", count)
        return gettext("The trip is cancelled.") + " " + clearing % {"count": count}

    def explain(self, error: Problem) -> str:
        """In words."""
        return explain(error, self.subject.currency)


@dataclass
class _Stake:
    """What hangs on a trip, as the job that clears it will find it."""

    refund: Money
    paid: int = 0
    seats: int = 0
    unpaid: int = 0
    stuck: list[tuple[object, str]] = field(default_factory=list)


def _stake_of(trip: Trip) -> _Stake:
    """Booking by booking, by the same quote as the job's: what went back before and what a bank holds count."""
    stake = _Stake(Money(0, trip.currency))
    bookings = to_clear(trip).select_related("trip__operator", "boarding__place", "alighting__place")
    for booking in bookings.prefetch_related("passengers__seat").order_by("pk"):
        try:
            offer = quote(booking, timezone.now(), in_full=True)
        except InvalidState as error:
            why_not = explain(error, trip.currency)
            stake.stuck.append((link("bookings_booking", booking.pk, booking.reference), why_not))
            continue
        if booking.is_unpaid:
            stake.unpaid += 1
            continue
        stake.paid += 1
        stake.seats += len(offer.seats)
        stake.refund += offer.refund
    return stake
