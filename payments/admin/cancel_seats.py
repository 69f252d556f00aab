"""Staff cancel seats of a booking, by its terms or with everything back."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Sum
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminRadioSelectWidget

from bookings.models import Booking
from core.admin.decision import Decision, Outlook, ReasonField
from core.admin.sections import Facts, Section, Table
from core.errors import InvalidState, Problem
from core.money import Money
from ledger.admin.rehearsal import watching
from payments.actions.cancel import Wish, cancel
from payments.admin.words import explain
from payments.attention import UNEXPLAINED
from payments.models import Refund
from payments.queries import paying
from payments.quotes import Quote, quote


class SeatsForm(forms.Form):
    """Which seats, on which terms, and why. An unpaid booking is given up as a whole: there is nothing to choose."""

    seats = forms.MultipleChoiceField(label=_("Seats"), widget=UnfoldAdminCheckboxSelectMultipleWidget())
    terms = forms.ChoiceField(label=_("What goes back"), widget=UnfoldAdminRadioSelectWidget(), initial="policy")
    reason = ReasonField(help_text=_("Kept in the history, for colleagues and auditors."))

    def __init__(self, *args: Any, booking: Booking, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if booking.is_unpaid:
            del self.fields["seats"], self.fields["terms"]
            return
        live = booking.live_passengers()
        seats, terms = self.fields["seats"], self.fields["terms"]
        assert isinstance(seats, forms.MultipleChoiceField)
        assert isinstance(terms, forms.ChoiceField)
        seats.choices = [(one.seat.number, _named(one.seat.number, one.full_name)) for one in live]
        seats.initial = [one.seat.number for one in live]
        by_policy, in_full = (_refund(booking, in_full=in_full) for in_full in (False, True))
        terms.choices = [
            ("policy", gettext("By the terms: %(refund)s for all of these seats now") % {"refund": by_policy}),
            ("full", gettext("Everything: %(refund)s for all of these seats") % {"refund": in_full}),
        ]


def _named(seat: str, name: str) -> str:
    return f"{seat} · {name}" if name else seat


def _refund(booking: Booking, *, in_full: bool) -> Money:
    return quote(booking, timezone.now(), in_full=in_full).refund


class CancelSeats(Decision):
    """Whether the traveller asked for it or not: by the terms that were agreed on, unless staff give more."""

    permission_required = "payments.request_refund"
    form_class = SeatsForm
    title = _("Cancel seats")
    explanation = _("The seats are on sale again at once. The traveller gets an e-mail.")
    button = _("Cancel the seats")
    is_as_shown = False

    @cached_property
    def subject(self) -> Booking:
        """The booking with all that a quote looks at."""
        bookings = Booking.objects.select_related("trip__operator", "boarding__place", "alighting__place")
        return get_object_or_404(bookings.prefetch_related("passengers__seat"), pk=self.kwargs["booking_id"])

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState where nothing can be cancelled."""
        quote(self.subject, timezone.now())
        return {**super().get_form_kwargs(), "booking": self.subject}

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What goes back and what is kept, seat by seat, and the lines for the books."""
        booking = self.subject
        offer = quote(booking, timezone.now(), wish.get("seats"), in_full=wish.get("terms") == "full")
        sections: list[Section] = [_facts(booking, offer, wish["reason"])]
        if not booking.is_unpaid:
            sections += [_by_seat(offer, booking), _rehearse(booking, _wish(wish, offer.refund))]
        return Outlook(sections, str(offer.refund.amount))

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Cancel them if what goes back is what was shown."""
        shown = int(agreed) if agreed.isdecimal() and len(agreed) < 16 else -1  # whatever else is sent, was not shown
        expected = Money(shown, self.subject.currency)
        cancel(self.subject.pk, _wish(wish, expected))
        if expected:
            return gettext("The seats are cancelled. %(refund)s goes back.") % {"refund": expected}
        return gettext("The seats are cancelled. Nothing goes back.")

    def explain(self, error: Problem) -> str:
        """In words."""
        if isinstance(error, InvalidState) and error.detail == InvalidState.title:
            return gettext("The booking is %(status)s.") % {"status": self.subject.get_status_display()}
        return explain(error, self.subject.currency)


class _SeenEnough(Exception):
    """Raised before the commit, so that there is none."""


def _rehearse(booking: Booking, wish: Wish) -> Table:
    """The entries that cancelling seats of a paid booking would write. Raises what `cancel` raises."""
    tables: list[Table] = []
    with watching() as written:

        def look(_booking: Booking) -> None:
            tables.append(written())
            raise _SeenEnough

        with suppress(_SeenEnough):
            cancel(booking.pk, wish, before_commit=look)
    return tables[0]


def _wish(typed: dict[str, Any], expected: Money) -> Wish:
    return Wish(
        expected=expected,
        seats=typed.get("seats", ()),
        in_full=typed.get("terms") == "full",
        reason=typed["reason"],
    )


def _facts(booking: Booking, offer: Quote, reason: str) -> Facts:
    currency = booking.currency
    went_back = Money(sum(offer.covered.values()), currency) - offer.refund
    made_there = Refund.objects.filter(UNEXPLAINED, payment__booking=booking).aggregate(sum=Sum("amount"))["sum"] or 0
    unexplained = Money(made_there - offer.covered.get("suspense", 0), currency)
    gateways: Sequence[str] = [payment.gateway for payment in paying(booking)] if offer.refund else ()
    return Facts(
        _("what will come of it"),
        (
            (_("seats"), ", ".join(offer.seats)),
            (_("goes back"), offer.refund),
            (_("is kept"), offer.fee),
            (_("went back before, or is on its way"), went_back or None),
            (_("made at the payment service, and still not explained"), unexplained or None),
            (_("the payer got by a lost dispute"), Money(offer.by_bank, currency) or None),
            (_("through"), ", ".join(gateways) or None),
            (_("reason"), reason),
        ),
    )


def _by_seat(offer: Quote, booking: Booking) -> Table:
    currency = booking.currency
    return Table(
        _("by seat"),
        (_("seat"), _("name"), _("price"), _("goes back"), _("is kept")),
        [
            (
                share.passenger.seat.number,
                share.passenger.full_name or None,
                Money(share.passenger.price, currency),
                # What a bank gave back, it gave for no seat in particular.
                None if offer.by_bank else Money(share.back, currency),
                None if offer.by_bank else Money(share.passenger.price - share.back, currency),
            )
            for share in offer.shares
        ],
    )
