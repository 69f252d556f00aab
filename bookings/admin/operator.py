from typing import Any

from babel.numbers import is_currency
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from bookings.admin.policy import PolicyField, policy_lines
from bookings.admin.schedule import ChangesSchedule
from bookings.models import CountryTax, Operator
from core.admin.amounts import AmountField
from core.admin.display import money_column, percent_column

COMMISSION = percent_column("commission_bps", _("commission"))
COMMISSION_TAX = percent_column("commission_tax_bps", _("tax within our commission"))
TAX = percent_column("tax_bps", _("tax within fares"))
RESERVE = percent_column("reserve_bps", _("reserve held back of settlements"))
FEE = money_column("booking_fee", _("our booking fee a seat"))


class OperatorForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fee is typed in the operator's currency, the policy in lines."""

    booking_fee = AmountField(label=_("Our booking fee a seat"))
    cancellation_policy = PolicyField(
        says=_("It holds where the route and the fare say nothing else. A booking keeps the terms that it was made on.")
    )

    class Meta:
        model = Operator
        fields = (
            "code", "name", "currency", "commission_bps", "commission_tax_bps", "tax_bps", "booking_fee",
            "cancellation_policy", "no_show_refund_percent", "bears_disputes", "reserve_bps", "reserve_months",
            "address", "tax_number", "bank_account",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self.instance.currency or self.data.get("currency", "").upper()
        fee, policy = self.fields["booking_fee"], self.fields["cancellation_policy"]
        assert isinstance(fee, AmountField)
        assert isinstance(policy, PolicyField)
        fee.use(currency)
        policy.use(currency)

    def clean_currency(self) -> str:
        """An ISO 4217 code in capitals."""
        currency = str(self.cleaned_data["currency"]).upper()
        if not is_currency(currency):
            raise ValidationError(_("There is no such currency."))
        return currency


class CountryTaxInline(TabularInline):
    model = CountryTax
    fields = ("country", "tax_bps")
    extra = 0
    hide_title = True


@admin.register(Operator)
class OperatorAdmin(ChangesSchedule, ModelAdmin):
    """Companies that run trips, and their terms. New terms are for new bookings; sold ones keep theirs."""

    form = OperatorForm
    list_display = ("code", "name", "currency", COMMISSION, TAX, FEE)
    search_fields = ("code", "name")
    ordering = ("name",)
    readonly_fields = (COMMISSION, COMMISSION_TAX, TAX, FEE, RESERVE, "policy", "no_show_refund")
    inlines = (CountryTaxInline,)

    def get_fieldsets(self, request: HttpRequest, obj: Operator | None = None) -> Any:
        terms: tuple[Any, ...] = (
            ("commission_bps", "commission_tax_bps"), "tax_bps", "booking_fee", "cancellation_policy",
            ("no_show_refund_percent", "bears_disputes"),
        )  # fmt: skip
        settling: tuple[Any, ...] = (("reserve_bps", "reserve_months"),)
        if obj is not None and not self.has_change_permission(request, obj):
            terms = ((COMMISSION, COMMISSION_TAX), TAX, FEE, "policy", ("no_show_refund", "bears_disputes"))
            settling = ((RESERVE, "reserve_months"),)
        return (
            (None, {"fields": (("code", "name"), "currency")}),
            (_("Terms of new bookings"), {"fields": terms}),
            (_("Settlements"), {"fields": (*settling, ("bank_account", "tax_number"), "address")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Operator | None = None) -> Any:
        """The ledger's accounts carry the code, and are kept in the currency."""
        return (*self.readonly_fields, "code", "currency") if obj else self.readonly_fields

    @admin.display(description=_("cancellation policy"))
    def policy(self, operator: Operator) -> str:
        """A line for each tier."""
        return policy_lines(operator.cancellation_policy, operator.currency)

    @admin.display(description=_("goes back to who does not show up"))
    def no_show_refund(self, operator: Operator) -> str:
        """Of the price of a seat."""
        return f"{operator.no_show_refund_percent} %"
