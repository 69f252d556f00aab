"""What staff decide about settlements: one approves, another pays; a draft may be void, and a bank may return one."""

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.decision import Decision, Outlook
from core.admin.display import Text
from core.admin.sections import Facts
from core.errors import InvalidState, Problem
from core.money import Money
from finance.actions.decide import approve, give_back, pay, void
from finance.errors import SettlementChanged
from finance.models import Settlement, SettlementStatus
from ledger.admin.rehearsal import rehearse

_WORDS: dict[str, Text] = {
    "same_person": _("You did the step before yourself: this one is for somebody else."),
    "settlement_changed": _("It does not come to this any more: make the draft anew, and look at it again."),
    "earlier_draft": _("An earlier settlement of this operator is a draft still: decide about that first."),
}


class SettlementStep(Decision):
    """A use case of one settlement."""

    statuses: ClassVar[tuple[SettlementStatus, ...]]  # in which it can be taken

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState where it is not its turn."""
        if self.subject.status not in self.statuses:
            words = gettext("The settlement is %(status)s.") % {"status": self.subject.get_status_display()}
            raise InvalidState(words, state=self.subject.status)
        return super().get_form_kwargs()

    def facts(self) -> Facts:
        """What it is about."""
        settlement: Settlement = self.subject
        return Facts(
            _("settlement"),
            (
                (_("operator"), settlement.operator),
                (_("month"), f"{settlement.month:%Y-%m}"),
                (_("total"), settlement.total),
                (_("reserve held back"), settlement.reserve or None),
                (_("due"), settlement.due),
                (_("carried forward"), settlement.carried or None),
                (_("to"), settlement.paid_to["bank_account"] or None),
            ),
        )

    def explain(self, error: Problem) -> str:
        """In words."""
        return str(_WORDS.get(error.code, error.detail))


class Approve(SettlementStep):
    """What it comes to is owed from then on, and stays so."""

    permission_required = "finance.approve_settlement"
    statuses = (SettlementStatus.DRAFT,)
    title = _("Approve")
    explanation = _("What it comes to is due from then on and stays as it is. Somebody else pays it.")
    button = _("Approve the settlement")
    is_as_shown = False

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What is due, and the lines for the books."""
        total, due = self.subject.total, self.subject.due
        posted = rehearse(approve, self.subject.pk, total=total, due=due, reason=wish["reason"])
        return Outlook([self.facts(), posted], f"{total.amount} {due.amount}")

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """If it comes to what was shown."""
        shown = re.fullmatch(r"(-?\d{1,18}) (\d{1,18})", agreed)
        if shown is None:  # whatever else is sent, was not shown
            raise SettlementChanged
        total, due = (Money(int(amount), self.subject.currency) for amount in shown.groups())
        approved = approve(self.subject.pk, total=total, due=due, reason=wish["reason"])
        return gettext("It is approved. %(due)s is due.") % {"due": approved.due}


class TransferForm(forms.Form):
    """How the bank knows the transfer."""

    reason = forms.CharField(
        label=_("Bank transfer"), max_length=140, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Its number, as the operator will see it."),
    )  # fmt: skip


class Pay(SettlementStep):
    """It was transferred from our bank."""

    permission_required = "finance.pay_settlement"
    statuses = (SettlementStatus.APPROVED,)
    form_class = TransferForm
    title = _("Paid")
    explanation = _("You have transferred what is due from the bank, and name the transfer here.")
    button = _("It is paid")

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What is due, to whom, and the lines for the books."""
        return Outlook([self.facts(), rehearse(pay, self.subject.pk, transfer=wish["reason"])])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Note it down."""
        return gettext("%(due)s is paid.") % {"due": pay(self.subject.pk, transfer=wish["reason"]).due}


class GiveBack(SettlementStep):
    """The operator's bank did not take it; said by somebody else than who paid it."""

    permission_required = "finance.approve_settlement"
    statuses = (SettlementStatus.PAID,)
    title = _("Returned by the bank")
    explanation = _("The money is on our account again. All that it settled can be settled once more.")
    button = _("It came back")

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What came back, and the lines for the books."""
        return Outlook([self.facts(), rehearse(give_back, self.subject.pk, reason=wish["reason"])])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Note it down."""
        give_back(self.subject.pk, reason=wish["reason"])
        return gettext("It is returned. Make drafts of the month to settle it once more.")


class Void(SettlementStep):
    """It was made, or approved, in error."""

    permission_required = "finance.approve_settlement"
    statuses = (SettlementStatus.DRAFT, SettlementStatus.APPROVED)
    title = _("Void")
    explanation = _("Only if nothing was transferred. All that it would have settled can be settled by another one.")
    button = _("Make it void")

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What it was, and the lines for the books if it was approved."""
        return Outlook([self.facts(), rehearse(void, self.subject.pk, reason=wish["reason"])])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Give its lines back."""
        void(self.subject.pk, reason=wish["reason"])
        return gettext("It is void.")
