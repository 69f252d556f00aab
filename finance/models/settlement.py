from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.models import Operator
from core.clock import BerthNow
from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions
from finance.months import months_later
from ledger.models import Posting


class SettlementStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    APPROVED = "approved", _("approved")
    PAID = "paid", pgettext_lazy("settlement", "paid")
    RETURNED = "returned", _("returned by the bank")
    VOID = "void", _("void")


_S = SettlementStatus
SETTLEMENT_TRANSITIONS = Transitions(
    initial=[_S.DRAFT],
    allowed={
        _S.DRAFT: [_S.APPROVED, _S.VOID],
        _S.APPROVED: [_S.PAID, _S.VOID],
        _S.PAID: [_S.RETURNED],
    },
)


class Settlement(Stateful):
    """What an operator is paid for a month: all that its account has and no settlement before it took.

    Amounts are minor units of `currency`. `total` is what its lines come to; a positive one is paid as `due`, less what
    is held back as a reserve; a negative one is carried forward to the next settlement.
    """

    transitions = SETTLEMENT_TRANSITIONS
    LIVE: ClassVar = Q(status__in=[_S.DRAFT, _S.APPROVED, _S.PAID])
    TO_PAY: ClassVar = Q(status=_S.APPROVED, total_amount__gt=F("reserve_amount"))
    TOTALS: ClassVar = (
        "gross_amount", "commission_amount", "cancellation_commission_amount", "tax_amount", "correction_amount",
        "released_amount", "brought_amount", "total_amount", "reserve_amount",
    )  # fmt: skip

    operator = models.ForeignKey(Operator, models.PROTECT, related_name="settlements", verbose_name=_("operator"))
    currency = CurrencyField(verbose_name=_("currency"))
    month = models.DateField(_("month"), help_text=_("Its first day; months are UTC."))
    status = models.CharField(_("status"), max_length=10, choices=SettlementStatus, default=SettlementStatus.DRAFT)
    gross_amount = models.BigIntegerField(_("fares without tax, minor units"), default=0)
    commission_amount = models.BigIntegerField(_("commission, minor units"), default=0)
    cancellation_commission_amount = models.BigIntegerField(_("commission on cancellations, minor units"), default=0)
    tax_amount = models.BigIntegerField(_("tax on commission, minor units"), default=0)
    correction_amount = models.BigIntegerField(_("corrections, minor units"), default=0)
    released_amount = models.BigIntegerField(_("reserve released, minor units"), default=0)
    brought_amount = models.BigIntegerField(_("brought forward, minor units"), default=0)
    total_amount = models.BigIntegerField(_("total, minor units"), default=0)
    reserve_amount = models.BigIntegerField(_("reserve held back, minor units"), default=0)
    # As it was approved: whom, where and until when. Later terms of the operator change nothing of it.
    payee = models.JSONField(_("payee"), default=dict, blank=True)
    reserve_until = models.DateField(_("reserve held until"), null=True, blank=True)
    reserve_released_at = models.DateTimeField(_("reserve released at"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"), db_default=BerthNow())
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    paid_by = models.CharField(_("paid by"), max_length=80, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    transfer = models.CharField(_("bank transfer"), max_length=140, blank=True)

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        permissions = [
            ("approve_settlement", _("Can approve settlements")),
            ("pay_settlement", _("Can pay settlements that somebody else approved")),
            ("change_operator_terms", _("Can change bank accounts and reserves of operators")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "currency", "month"],
                name="settlement_one_per_month",
                condition=Q(status__in=["draft", "approved", "paid"]),
            ),
            models.UniqueConstraint(
                fields=["transfer"], name="settlement_one_per_transfer", condition=Q(status="paid")
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="settlement_first_of_month"),
            models.CheckConstraint(
                condition=Q(reserve_amount=0) | Q(reserve_amount__gt=0, reserve_amount__lte=F("total_amount")),
                name="settlement_reserve_of_total",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("paid_by")), name="settlement_two_people"
            ),
        ]
        indexes = [models.Index(fields=["-month", "operator"], name="settlement_newest")]

    def __str__(self) -> str:
        return f"{self.operator.code} {self.month:%Y-%m} {self.currency}"

    # ------------------------------------------------------------------------------------------------- transitions
    def approve(self, *, by: str, at: datetime, reason: str) -> None:
        """What it comes to is owed to the operator from now on, and to be paid to its account of this moment."""
        until = months_later(self.month, self.operator.reserve_months)
        told = {"payee": self.paid_to, "reserve_until": until, "approved_by": by, "approved_at": at}
        self._move(_S.APPROVED, reason=reason, **told)

    def pay(self, *, by: str, at: datetime, transfer: str) -> None:
        """It was transferred to the operator's bank."""
        self._move(_S.PAID, reason=transfer, paid_by=by, paid_at=at, transfer=transfer)

    def give_back(self, *, reason: str) -> None:
        """The operator's bank sent it back: it can be made again."""
        self._move(_S.RETURNED, reason=reason)

    def void(self, *, reason: str) -> None:
        """It was made in error: it can be made again."""
        self._move(_S.VOID, reason=reason)

    # ------------------------------------------------------------------------------------------------------- facts
    @property
    def total(self) -> Money:
        """What its lines come to."""
        return Money(self.total_amount, self.currency)

    @property
    def due(self) -> Money:
        """What is transferred."""
        return Money(max(0, self.total_amount) - self.reserve_amount, self.currency)

    @property
    def carried(self) -> Money:
        """What the operator owes: zero or less, for the next settlement."""
        return Money(min(0, self.total_amount), self.currency)

    @property
    def reserve(self) -> Money:
        """What is held back of it, to be released later."""
        return Money(self.reserve_amount, self.currency)

    @property
    def paid_to(self) -> dict[str, str]:
        """Name, address, tax number and bank account: the operator's now, and from the approval on those of then."""
        if self.payee:
            told: dict[str, str] = self.payee
            return told
        operator = self.operator
        return {
            "name": operator.name,
            "address": operator.address,
            "tax_number": operator.tax_number,
            "bank_account": operator.bank_account,
        }

    @property
    def is_live(self) -> bool:
        """Whether its lines are settled by it; those of a void or returned one are free again."""
        return self.status in (_S.DRAFT, _S.APPROVED, _S.PAID)


class LineKind(models.TextChoices):
    BOOKING = "booking", _("booking")
    CANCELLATION = "cancellation", _("cancellation")
    REFUND = "refund", _("refund after departure")
    DISPUTE = "dispute", _("dispute")
    CORRECTION = "correction", _("correction")
    RESERVE = "reserve", _("reserve released")
    BROUGHT = "brought", _("brought forward")


class SettlementLine(models.Model):
    """One posting of the operator's account, or what an earlier settlement carried forward, taken by a settlement.

    Signed minor units of the settlement's currency: `net` = `gross` − `commission` − `tax`, positive for the operator.
    """

    settlement = models.ForeignKey(
        Settlement, models.PROTECT, related_name="lines", verbose_name=_("settlement"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=LineKind)
    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("posting"), db_index=False
    )
    carried_from = models.ForeignKey(
        Settlement, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("brought forward from"),
        db_index=False,
    )  # fmt: skip
    gross = models.BigIntegerField(_("fare without tax, minor units"))
    commission = models.BigIntegerField(_("commission, minor units"))
    tax = models.BigIntegerField(_("tax on commission, minor units"))
    net = models.BigIntegerField(_("for the operator, minor units"))
    # False once the settlement is void or returned: the posting is free for another one.
    live = models.BooleanField(_("live"), default=True)

    class Meta:
        verbose_name = _("line of a settlement")
        verbose_name_plural = _("lines of settlements")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["posting"], name="settlementline_posting_once", condition=Q(live=True)),
            models.UniqueConstraint(
                fields=["carried_from"], name="settlementline_carried_once", condition=Q(live=True)
            ),
            models.CheckConstraint(
                condition=Q(posting__isnull=False, carried_from__isnull=True)
                | Q(posting__isnull=True, carried_from__isnull=False),
                name="settlementline_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(net=F("gross") - F("commission") - F("tax")), name="settlementline_adds_up"
            ),
        ]
        indexes = [models.Index(fields=["settlement", "id"], name="settlementline_of_settlement")]

    def __str__(self) -> str:
        return f"{self.kind} {self.net}"
