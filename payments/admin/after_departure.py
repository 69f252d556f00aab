"""Staff decide about bookings whose trip has left: what goes back of what was earned, and who did not travel."""

from functools import cached_property
from typing import Any

from django import forms
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bookings.models import Booking, PassengerStatus
from core.admin.amounts import AmountField
from core.admin.decision import Decision, Outlook, ReasonField
from core.admin.sections import Facts
from core.errors import InvalidState, Problem
from core.money import Money
from ledger.admin.rehearsal import rehearse
from payments.actions.after_departure import available, give_back_earned, mark_no_shows, mark_travelled
from payments.admin.words import explain


class OfBooking(Decision):
    """A decision about a booking that its trip has left."""

    permission_required = "payments.request_refund"

    @cached_property
    def subject(self) -> Booking:
        """The booking with its passengers."""
        bookings = Booking.objects.select_related("trip__operator", "boarding__place", "alighting__place")
        return get_object_or_404(bookings.prefetch_related("passengers__seat"), pk=self.kwargs["booking_id"])

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState before departure."""
        if not self.subject.is_over:
            raise InvalidState(gettext("Only after departure."), state=self.subject.status)
        return {**super().get_form_kwargs(), "booking": self.subject}

    def explain(self, error: Problem) -> str:
        """In words."""
        return explain(error, self.subject.currency)


class PayBackForm(forms.Form):
    """How much, and why."""

    amount = AmountField(label=_("Amount"), min_value=None)
    reason = ReasonField(help_text=_("Kept with the refund and in the books."))

    def __init__(self, *args: Any, booking: Booking, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        assert isinstance(amount, AmountField)
        amount.use(booking.currency)
        left = Money(available(booking).amount, booking.currency)
        amount.help_text = gettext("%(left)s of what was earned can still go back.") % {"left": left}


class PayBackAfterDeparture(OfBooking):
    """At the operator's expense and ours, each in proportion to what they earned by it."""

    form_class = PayBackForm
    title = _("Pay back after departure")
    explanation = _(
        "The operator, our commission and the taxes give their parts. The traveller gets an e-mail once it is paid."
    )
    button = _("Pay it back")

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The amount, what went back already, and the lines for the books."""
        booking = self.subject
        posted = rehearse(give_back_earned, booking.pk, wish["amount"], note=wish["reason"])
        went_back = min(wish["amount"], available(booking).by_gateway)
        facts = (
            (_("goes back"), Money(wish["amount"] - went_back, booking.currency)),
            (_("went back before, or is on its way"), Money(went_back, booking.currency) or None),
            (_("reason"), wish["reason"]),
        )
        return Outlook([Facts(_("what will come of it"), facts), posted])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Owe it from now on; a worker sends it."""
        give_back_earned(self.subject.pk, wish["amount"], note=wish["reason"])
        return gettext("%(refund)s goes back.") % {"refund": Money(wish["amount"], self.subject.currency)}


class SeatsForm(forms.Form):
    """Which seats, and why. `statuses`: whose it may be."""

    seats = forms.MultipleChoiceField(label=_("Seats"), widget=UnfoldAdminCheckboxSelectMultipleWidget())
    reason = ReasonField(help_text=_("Kept in the history, for colleagues and auditors."))

    def __init__(self, *args: Any, booking: Booking, statuses: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats = self.fields["seats"]
        assert isinstance(seats, forms.MultipleChoiceField)
        whose = [one for one in booking.live_passengers() if one.status in statuses]
        seats.choices = [(one.seat.number, f"{one.seat.number} · {one}") for one in whose]


class MarkNoShows(OfBooking):
    """What their terms give back to people who do not show up, goes back."""

    form_class = SeatsForm
    title = _("Did not travel")
    explanation = _("For passengers who did not show up. What their terms give back goes back to the traveller.")
    button = _("They did not travel")
    statuses: tuple[str, ...] = (PassengerStatus.BOOKED, PassengerStatus.BOARDED)
    use_case = staticmethod(mark_no_shows)
    done = _("It is noted down.")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState where there is nobody to choose."""
        kwargs = {**super().get_form_kwargs(), "statuses": self.statuses}
        if not any(one.status in self.statuses for one in self.subject.live_passengers()):
            raise InvalidState(gettext("There is nobody left of whom it can be said."), state=self.subject.status)
        return kwargs

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The seats, and the lines for the books if anything goes back."""
        booking = self.subject
        posted = rehearse(self.use_case, booking.pk, wish["seats"], reason=wish["reason"])
        facts = ((_("seats"), ", ".join(wish["seats"])), (_("reason"), wish["reason"]))
        return Outlook([Facts(_("what will come of it"), facts), posted])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Note it down; what is owed is sent by a worker."""
        self.use_case(self.subject.pk, wish["seats"], reason=wish["reason"])
        return str(self.done)


class MarkTravelled(MarkNoShows):
    """They were noted down as not travelling, and that was wrong."""

    title = _("Did travel")
    explanation = _("For passengers who were noted down as not travelling by mistake.")
    button = _("They did travel")
    statuses = (PassengerStatus.NO_SHOW,)
    use_case = staticmethod(mark_travelled)
