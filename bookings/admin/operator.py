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


_SETTLING = ("reserve_months", "bank_account", "tax_number", "address", "statement_email", "statement_language")


def _may_set_up(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("bookings.change_operator"))


def _may_say_how_it_is_paid(request: HttpRequest) -> bool:
    # A right of the settlements, which this app knows by its name alone.
    return bool(request.user.has_perm("finance.change_operator_terms"))


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
            "address", "tax_number", "bank_account", "statement_email", "statement_language",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self.instance.currency or self.data.get("currency", "").upper()
        for field in self.fields.values():
            if isinstance(field, AmountField | PolicyField):
                field.use(currency)

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
        if not _may_set_up(request):
            terms = ((COMMISSION, COMMISSION_TAX), TAX, FEE, "policy", ("no_show_refund", "bears_disputes"))
        reserve = "reserve_bps" if _may_say_how_it_is_paid(request) else RESERVE
        return (
            (None, {"fields": (("code", "name"), "currency")}),
            (_("Terms of new bookings"), {"fields": terms}),
            (
                _("Settlements"),
                {
                    "fields": (
                        (reserve, "reserve_months"),
                        ("bank_account", "tax_number"),
                        "address",
                        ("statement_email", "statement_language"),
                    )
                },
            ),
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        form = super().get_form(request, obj, change=change, **kwargs)
        if not _may_set_up(request):
            for name in OperatorForm.declared_fields:  # which Django keeps though they are only shown
                form.base_fields.pop(name, None)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        """Who sets operators up changes their terms, and finance how they are paid: each their own fields."""
        return super().has_change_permission(request, obj) or _may_say_how_it_is_paid(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Operator | None = None) -> Any:
        """The ledger's accounts carry the code, and are kept in the currency."""
        fixed = ("code", "currency") if obj else ()
        terms = () if _may_set_up(request) else ("name", "bears_disputes")
        settling = () if _may_say_how_it_is_paid(request) else _SETTLING
        return (*self.readonly_fields, *fixed, *terms, *settling)

    def get_inlines(self, request: HttpRequest, obj: Operator | None) -> Any:
        return self.inlines if _may_set_up(request) else ()

    @admin.display(description=_("cancellation policy"))
    def policy(self, operator: Operator) -> str:
        """A line for each tier."""
        return policy_lines(operator.cancellation_policy, operator.currency)

    @admin.display(description=_("goes back to who does not show up"))
    def no_show_refund(self, operator: Operator) -> str:
        """Of the price of a seat."""
        return f"{operator.no_show_refund_percent} %"
