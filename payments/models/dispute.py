from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import BerthNow
from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions
from payments.models.payment import Payment


class DisputeStatus(models.TextChoices):
    WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry: answer needed")
    WARNING_UNDER_REVIEW = "warning_under_review", _("inquiry: under review")
    WARNING_CLOSED = "warning_closed", _("inquiry: closed")
    NEEDS_RESPONSE = "needs_response", _("answer needed")
    UNDER_REVIEW = "under_review", _("under review")
    WON = "won", _("won")
    LOST = "lost", _("lost")
    PREVENTED = "prevented", _("prevented")


_S = DisputeStatus
FINAL = (_S.WON, _S.LOST, _S.WARNING_CLOSED, _S.PREVENTED)
DISPUTE_TRANSITIONS = Transitions(
    initial=DisputeStatus.values,
    allowed={old: [new for new in DisputeStatus if new != old] for old in DisputeStatus if old not in FINAL},
)


class Dispute(Stateful):
    """A payer asked the bank for the money back. Amounts: minor units of `currency`, that of the payment.

    It changes what is known about the money and never the booking: no seat is sold, freed or given back for it.
    """

    transitions = DISPUTE_TRANSITIONS
    OPEN: ClassVar = tuple(status for status in DisputeStatus if status not in FINAL)
    # The bank has the money, and decides. An inquiry is none of these: paying back is a good answer to it.
    WITH_THE_BANK: ClassVar = (_S.NEEDS_RESPONSE, _S.UNDER_REVIEW)
    # There is news to come: a decision, or the money of one that was not lost.
    UNDECIDED: ClassVar = models.Q(status__in=OPEN) | (models.Q(held_amount__gt=0) & ~models.Q(status=_S.LOST))

    gateway = models.CharField(_("gateway"), max_length=20)
    dispute_id = models.CharField(_("dispute"), max_length=255)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    status = models.CharField(_("status"), max_length=30, choices=DisputeStatus)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    amount = models.PositiveBigIntegerField(_("amount, minor units"))
    currency = CurrencyField(verbose_name=_("currency"))
    # What moved on the gateway's balance for it, signed, by the id of the line: facts add up, in any order.
    movements = models.JSONField(_("movements"), default=dict, blank=True)
    # What was taken for it and not given back.
    held_amount = models.BigIntegerField(_("withheld, minor units"), default=0)
    # So much of what a lost dispute took was owed for seats that were cancelled after, or would have been kept of their
    # price, minor units.
    explained_amount = models.PositiveBigIntegerField(_("explained, minor units"), default=0)
    absorbed_amount = models.PositiveBigIntegerField(_("absorbed, minor units"), default=0)
    respond_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened at"), db_default=BerthNow())

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [models.UniqueConstraint(fields=["gateway", "dispute_id"], name="dispute_one_per_gateway_id")]
        indexes = [
            models.Index(
                fields=["respond_by"],
                name="dispute_to_answer",
                condition=models.Q(status__in=["warning_needs_response", "needs_response"]),
            )
        ]

    def __str__(self) -> str:
        return self.dispute_id

    def become(self, status: str) -> None:
        """The gateway tells a new status."""
        self._move(status)

    def note(self, *, movements: dict[str, int], respond_by: datetime | None) -> None:
        """What moved for it so far, as far as this fact knows, and until when the gateway wants an answer."""
        movements = {**self.movements, **movements}
        if (movements, respond_by) != (self.movements, self.respond_by):
            self.movements, self.held_amount, self.respond_by = movements, -sum(movements.values()), respond_by
            self.save(update_fields=["movements", "held_amount", "respond_by"])

    @property
    def money(self) -> Money:
        """What is disputed."""
        return Money(self.amount, self.currency)

    @property
    def is_undecided(self) -> bool:
        """Whether the bank has the money, or is still to give it back, or decides who gets it."""
        return self.status in self.WITH_THE_BANK or (self.status != DisputeStatus.LOST and self.held_amount > 0)

    @property
    def is_lost(self) -> bool:
        """Whether the payer has the money for good. After a loss it came back all the same if nothing is withheld."""
        return self.status == DisputeStatus.LOST and (self.held_amount > 0 or not self.movements)

    @property
    def withheld(self) -> int:
        """Minor units that a bank has, for now or for good. If it is lost and no movement is known yet, all of it."""
        return self.amount if self.is_lost and not self.movements else self.held_amount

    @property
    def unexplained_amount(self) -> int:
        """Minor units that the payer got by a lost dispute, and nobody has given a seat up for."""
        return max(0, self.withheld - self.explained_amount - self.absorbed_amount) if self.is_lost else 0

    @property
    def owed_again(self) -> int:
        """Minor units that seats were given up for, and that the bank has taken from the payer once more."""
        return max(0, self.explained_amount - max(0, self.held_amount)) if self.movements else 0

    def explain(self, amount: int) -> None:
        """So much more of it was owed for seats that are given up now."""
        self.explained_amount += amount
        self.save(update_fields=["explained_amount"])

    def absorb(self, amount: int) -> None:
        """So much more of it was none of what is owed, and would have been kept."""
        self.absorbed_amount += amount
        self.save(update_fields=["absorbed_amount"])

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet."""
        return self.status in self.OPEN
