from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Stateful, Transitions


class PeriodStatus(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


PERIOD_TRANSITIONS = Transitions(
    initial=[PeriodStatus.OPEN],
    allowed={PeriodStatus.OPEN: [PeriodStatus.CLOSED]},
)


class Period(Stateful):
    """A month by UTC, named by its first day. One without a row is open; a closed one takes no entry any more."""

    transitions = PERIOD_TRANSITIONS

    month = models.DateField(_("month"))
    status = models.CharField(_("status"), max_length=10, choices=PeriodStatus, default=PeriodStatus.OPEN)

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        permissions = [("close_period", _("Can close months"))]
        constraints = [
            models.UniqueConstraint(fields=["month"], name="period_one_per_month"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="period_first_of_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    def close(self, *, reason: str = "") -> None:
        """Take no more entries. The caller holds the ledger gate alone (ledger.gate)."""
        self._move(PeriodStatus.CLOSED, reason=reason)
