"""Staff pay money back that nobody owes."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.amounts import AmountField
from core.admin.decision import Decision, Outlook, ReasonField
from core.admin.sections import Facts
from core.errors import Problem
from core.money import Money
from ledger.admin.rehearsal import rehearse
from payments.actions.give_back import check_refundable, give_courtesy
from payments.admin.words import explain
from payments.effects import standing
from payments.models import Payment


class CourtesyForm(forms.Form):
    """How much, and why."""

    amount = AmountField(label=_("Amount"), min_value=None)
    reason = ReasonField(help_text=_("Kept with the refund and in the books."))

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        assert isinstance(amount, AmountField)
        amount.use(payment.currency)
        left = Money(max(0, standing.spare(payment)), payment.currency)
        amount.help_text = gettext("%(left)s of the payment can still go back.") % {"left": left}


class GiveCourtesy(Decision):
    """Out of the platform's own pocket; the booking and its seats stay as they are."""

    permission_required = "payments.request_refund"
    form_class = CourtesyForm
    title = _("Pay back as a courtesy")
    explanation = _(
        "At the platform's expense. The booking stays as it is. The traveller gets an e-mail once it is paid."
    )
    button = _("Pay it back")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState or RefundTooLarge if nothing at all can be paid back."""
        check_refundable(self.subject, 1)
        return {**super().get_form_kwargs(), "payment": self.subject}

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The amount, what is left then, and the lines for the books."""
        payment = self.subject
        posted = rehearse(give_courtesy, payment.pk, wish["amount"], note=wish["reason"])
        amount = Money(wish["amount"], payment.currency)
        left = Money(standing.spare(payment), payment.currency) - amount
        facts = (
            (_("goes back"), amount),
            (_("can still go back after it"), left),
            (_("through"), payment.gateway),
            (_("reason"), wish["reason"]),
        )
        return Outlook([Facts(_("what will come of it"), facts), posted])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Owe it from now on; a worker sends it."""
        refund = give_courtesy(self.subject.pk, wish["amount"], note=wish["reason"])
        return gettext("%(refund)s goes back.") % {"refund": refund.money}

    def explain(self, error: Problem) -> str:
        """In words."""
        return explain(error, self.subject.currency)
