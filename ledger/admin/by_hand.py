"""What staff write into the books by hand: two accounts and an amount, or an entry taken back."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from core.admin.amounts import AmountField
from core.admin.decision import Decision, Outlook, ReasonField
from core.admin.display import link
from core.admin.sections import Facts
from core.errors import FieldsInvalid, InvalidState, Problem
from core.money import Money
from ledger.actions.adjust import adjust, check_reversible, reverse
from ledger.actions.post import Posted
from ledger.admin.rehearsal import rehearse
from ledger.chart import PLAIN_BY_HAND, is_kept_by_hand
from ledger.models import Account, JournalEntry
from ledger.queries import balance


class AdjustmentForm(forms.Form):
    """One side of an entry; the other follows, so that it balances whatever is typed."""

    side = forms.ChoiceField(
        label=_("This account"), widget=UnfoldAdminRadioSelectWidget(), initial="debit",
        choices=[("debit", _("is debited")), ("credit", _("is credited"))],
    )  # fmt: skip
    amount = AmountField(label=_("Amount"), min_value=None)
    other = forms.ChoiceField(label=_("Against"), widget=UnfoldAdminSelectWidget())
    booking = forms.CharField(
        label=_("Booking"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Its reference, if it is about one."),
    )  # fmt: skip
    reason = ReasonField(help_text=_("Stands in the books."))

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount, other = self.fields["amount"], self.fields["other"]
        assert isinstance(amount, AmountField)
        assert isinstance(other, forms.ChoiceField)
        amount.use(account.currency)
        other.choices = [(code, code) for code in _others(account)]

    def clean_amount(self) -> int:
        """More than nothing."""
        amount: int = self.cleaned_data["amount"]
        if amount <= 0:
            raise ValidationError(_("Tell how much."))
        return amount

    def clean_booking(self) -> str:
        """As it is written in the books."""
        return str(self.cleaned_data["booking"]).strip().upper()


def _others(account: Account) -> list[str]:
    opened: QuerySet[Account, str] = Account.objects.filter(currency=account.currency).values_list("code", flat=True)
    by_hand = {code for code in opened if is_kept_by_hand(code)}
    return sorted((by_hand | set(PLAIN_BY_HAND)) - {account.code})


class Adjust(Decision):
    """For what no use case tells: a bank's fee, a tax that was paid, what an operator pays for advertising."""

    permission_required = "ledger.adjust"
    form_class = AdjustmentForm
    title = _("Write an entry")
    explanation = _("By hand, against another account. It stays for good; what was wrong is reversed.")
    button = _("Write it into the books")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState for an account that is nobody's to write on."""
        if not is_kept_by_hand(self.subject.code):
            words = gettext("This account is kept by what it mirrors, and by nobody's hand.")
            raise InvalidState(words, state=self.subject.code)
        return {**super().get_form_kwargs(), "account": self.subject}

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The entry, and the balance after it."""
        posted = rehearse(adjust, **self._told(wish))
        account, sign = self.subject, 1 if wish["side"] == "debit" else -1
        now = balance(account.code, account.currency)
        facts = (
            (_("account"), account),
            (_("balance now"), _debit_or_credit(now, account.currency)),
            (_("balance after it"), _debit_or_credit(now + sign * wish["amount"], account.currency)),
            (_("booking"), wish["booking"] or None),
            (_("reason"), wish["reason"]),
        )
        return Outlook([Facts(_("what will come of it"), facts), posted])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Write it."""
        written = adjust(**self._told(wish))
        return _linked(gettext("Entry {entry} is written."), written)

    def explain(self, error: Problem) -> str:
        """In words."""
        return " ".join(one["message"] for one in error.errors) if isinstance(error, FieldsInvalid) else error.detail

    def _told(self, wish: dict[str, Any]) -> dict[str, Any]:
        sides = {"debit": self.subject.code, "credit": wish["other"]}
        if wish["side"] == "credit":
            sides = {"debit": wish["other"], "credit": self.subject.code}
        return {
            **sides,
            "currency": self.subject.currency,
            "amount": wish["amount"],
            "reason": wish["reason"],
            "booking_reference": wish["booking"],
        }


def _debit_or_credit(amount: int, currency: str) -> str:
    money = {"money": Money(abs(amount), currency)}
    if not amount:
        return str(money["money"])
    return gettext("%(money)s debit") % money if amount > 0 else gettext("%(money)s credit") % money


class Reverse(Decision):
    """An entry that somebody wrote by hand, and should not have."""

    permission_required = "ledger.reverse_entry"
    title = _("Reverse")
    explanation = _("A new entry with the opposite lines is written; the old one stays. This can be done once.")
    button = _("Reverse the entry")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Raises InvalidState for an entry that cannot be reversed."""
        check_reversible(self.subject.pk)
        return super().get_form_kwargs()

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The lines that will be written."""
        entry: JournalEntry = self.subject
        facts = ((_("entry"), entry), (_("memo"), entry.memo or None), (_("reason"), wish["reason"]))
        return Outlook([Facts(_("what will come of it"), facts), rehearse(reverse, entry.pk, reason=wish["reason"])])

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Write them."""
        written = reverse(self.subject.pk, reason=wish["reason"])
        return _linked(gettext("Entry {entry} reverses it."), written)


def _linked(words: str, written: Posted) -> SafeString:
    return format_html(words, entry=link("ledger_journalentry", written.entry_id, written.entry_id))
