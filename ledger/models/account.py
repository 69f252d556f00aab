from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.money import CurrencyField


class AccountKind(models.TextChoices):
    ASSET = "asset", _("asset")
    LIABILITY = "liability", _("liability")
    INCOME = "income", _("income")
    EXPENSE = "expense", _("expense")
    # On its way from one meaning to another; comes to zero once everything is known.
    CLEARING = "clearing", _("clearing")

    @property
    def normal_sign(self) -> int:
        """The sign of a usual balance, debit − credit: 1 where debits add up, −1 where credits do."""
        return -1 if self in (AccountKind.LIABILITY, AccountKind.INCOME) else 1


class Account(models.Model):
    """A place where money of one currency is counted. The first entry that needs it opens it; it never changes."""

    code = models.CharField(_("code"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=AccountKind)
    currency = CurrencyField(verbose_name=_("currency"))

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="account_one_per_code_and_currency"),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_known"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="account_currency_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.currency}"
