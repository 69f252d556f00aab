"""What a report is asked: the day or days, the currency, the account."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from finance.reports.registry import Definition
from ledger.models import Account


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, input_formats=["%Y-%m-%d"], widget=UnfoldAdminTextInputWidget({"type": "date"})
    )


def _choice(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, widget=UnfoldAdminSelectWidget())


class Question(forms.Form):
    """Of these, the fields that the report asks for. Accounts and currencies are those with entries."""

    account = _choice(_("Account"))
    at = _day(_("At the end of"))
    begin = _day(_("From"))
    end = _day(_("To"))
    currency = _choice(_("Currency"))

    def __init__(self, definition: Definition, data: Any) -> None:
        super().__init__(data)
        self.definition = definition
        for name in set(self.fields) - set(definition.asks):
            del self.fields[name]
        for name in definition.needs:
            self.fields[name].required = True
        accounts = list(Account.objects.order_by("code").values_list("code", "currency"))
        self._offer("currency", sorted({currency for _code, currency in accounts}))
        self._offer("account", list(dict.fromkeys(code for code, _currency in accounts)))

    def _offer(self, name: str, values: list[str]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            empty = "–" if name in self.definition.needs else _("all")
            field.choices = [("", empty), *((value, value) for value in values)]

    @property
    def is_asked(self) -> bool:
        """Whether all that it must be told was."""
        return all(self.data.get(name) for name in self.definition.needs)

    def clean(self) -> dict[str, Any]:
        """The keyword arguments of the report; what was left empty is None."""
        cleaned: dict[str, Any] = {name: value or None for name, value in (super().clean() or {}).items()}
        begin, end = cleaned.get("begin"), cleaned.get("end")
        if isinstance(begin, date) and isinstance(end, date) and begin > end:
            raise ValidationError(_("The first day is later than the last."))
        return cleaned
