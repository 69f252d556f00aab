from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.money import CurrencyField, can_be_charged
from ledger.chart import kind_of
from ledger.errors import AccountUnknownError

BASIS_POINTS = 10_000


def validate_policy(tiers: Any) -> None:
    """A policy is a list of {"hours_before", "refund_percent", "fee"?}, the earliest tier first (bookings.policy)."""
    try:
        hours = [int(tier["hours_before"]) for tier in tiers]
        percents = [int(tier["refund_percent"]) for tier in tiers]
        fees = [int(tier.get("fee", 0)) for tier in tiers]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValidationError(_("Write a list of hours_before and refund_percent."), code="invalid") from error
    if hours != sorted(set(hours), reverse=True) or any(hour < 0 for hour in hours):
        raise ValidationError(_("Order the tiers from the most hours to the fewest, each once."), code="order")
    if any(not 0 <= percent <= 100 for percent in percents):
        raise ValidationError(_("A refund lies between 0 and 100 percent."), code="percent")
    if any(fee < 0 for fee in fees):
        raise ValidationError(_("A fee is zero or more."), code="fee")


def check_booking_fee(fee: int, currency: str) -> None:
    """Raises ValidationError for a fee, in minor units, that gateways do not take; none is fine."""
    if fee and not can_be_charged(fee, currency):
        raise ValidationError({"booking_fee": _("Cards are charged in steps of ten of this currency's smallest unit.")})


class Operator(models.Model):
    """A company that runs trips and is owed their fares less commission."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = CurrencyField(verbose_name=_("currency"))
    commission_bps = models.PositiveIntegerField(
        _("commission, basis points"), default=800, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    tax_bps = models.PositiveIntegerField(
        _("tax within its fares, basis points"), default=0, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    commission_tax_bps = models.PositiveIntegerField(
        _("tax within our commission, basis points"), default=0, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    booking_fee = models.PositiveBigIntegerField(_("our booking fee a seat, minor units"), default=0)
    cancellation_policy = models.JSONField(_("cancellation policy"), default=list, validators=[validate_policy])
    no_show_refund_percent = models.PositiveSmallIntegerField(
        _("goes back to who does not show up, percent"), default=0, validators=[MaxValueValidator(100)]
    )
    bears_disputes = models.BooleanField(
        _("bears disputes lost after departure"), default=True,
        help_text=_("Else they are our loss. What a bank takes before departure was never the operator's."),
    )  # fmt: skip

    reserve_bps = models.PositiveIntegerField(
        _("reserve held back of settlements, basis points"), default=0, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    reserve_months = models.PositiveSmallIntegerField(_("months until a reserve is released"), default=3)
    # What statements say of it.
    address = models.TextField(_("address"), max_length=400, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=60, blank=True)
    # Where they go once they are approved; empty: nowhere.
    statement_email = models.EmailField(_("e-mail for statements"), blank=True, db_default="")
    statement_language = models.CharField(
        _("language of statements"), max_length=5, choices=settings.LANGUAGES, default="en", db_default="en"
    )

    class Meta:
        verbose_name = _("operator")
        verbose_name_plural = _("operators")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(condition=models.Q(commission_bps__lte=BASIS_POINTS), name="operator_commission"),
            models.CheckConstraint(condition=models.Q(tax_bps__lte=BASIS_POINTS), name="operator_tax"),
            models.CheckConstraint(
                condition=models.Q(commission_tax_bps__lte=BASIS_POINTS), name="operator_commission_tax"
            ),
            models.CheckConstraint(condition=models.Q(reserve_bps__lte=BASIS_POINTS), name="operator_reserve"),
            models.CheckConstraint(condition=models.Q(no_show_refund_percent__lte=100), name="operator_no_show_refund"),
        ]

    def clean(self) -> None:
        # The ledger's accounts carry the code, so it stays as it is from then on.
        if self._state.adding and self.code:
            self._check_code()
        check_booking_fee(self.booking_fee, self.currency)

    def _check_code(self) -> None:
        try:
            kind_of(f"operator:{self.code}:payable")
        except AccountUnknownError as error:
            raise ValidationError({"code": _("Only Latin letters, digits, “-” and “_”.")}) from error

    def __str__(self) -> str:
        return self.name


class CountryTax(models.Model):
    """The tax within an operator's fares for travellers who board in a country, where it is not the operator's own."""

    operator = models.ForeignKey(Operator, models.CASCADE, related_name="country_taxes", verbose_name=_("operator"))
    country = models.CharField(
        _("country where the traveller boards"), max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, as SA or NG."))],
    )  # fmt: skip
    tax_bps = models.PositiveIntegerField(
        _("tax within fares, basis points"), validators=[MaxValueValidator(BASIS_POINTS)]
    )

    class Meta:
        verbose_name = _("tax of a country")
        verbose_name_plural = _("taxes of countries")
        constraints = [
            models.UniqueConstraint(fields=["operator", "country"], name="countrytax_one_per_country"),
            models.CheckConstraint(condition=models.Q(tax_bps__lte=BASIS_POINTS), name="countrytax_rate"),
        ]

    def __str__(self) -> str:
        return self.country
