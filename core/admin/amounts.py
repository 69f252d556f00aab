from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.money import Money


class AmountField(forms.DecimalField):
    """Typed and shown in major units of a currency, kept in minor ones. The form tells the currency."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", 10**12)
        kwargs.setdefault("error_messages", {"invalid": _("Write digits and, if need be, a point: 1234.50.")})
        super().__init__(widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "dir": "ltr"}), **kwargs)
        self.currency = ""

    def use(self, currency: str) -> None:
        """Count in this currency from now on."""
        self.currency = currency
        self.widget.attrs["suffix"] = currency

    def prepare_value(self, value: Any) -> Any:
        """Minor units as they are typed; what somebody typed stays."""
        return Money(value, self.currency).major if isinstance(value, int) and self.currency else value

    def clean(self, value: Any) -> int | None:
        """Minor units."""
        major: Decimal | None = super().clean(value)
        if major is None:
            return None
        try:
            return Money.from_major(major, self.currency).amount
        except ValueError as error:
            raise ValidationError(
                _("This is no amount of %(currency)s."), params={"currency": self.currency}
            ) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
