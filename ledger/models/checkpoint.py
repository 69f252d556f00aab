from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.account import Account
from ledger.models.posting import Posting


class Checkpoint(models.Model):
    """What the postings of an account up to one posting's id come to: minor units, debit − credit. Append-only."""

    account = models.ForeignKey(
        Account, models.PROTECT, related_name="checkpoints", verbose_name=_("account"), db_index=False
    )
    balance = models.BigIntegerField(_("balance"))
    # What was debited of that; so what was credited is debits − balance.
    debits = models.BigIntegerField(_("debits"))
    # When the last of the entries that it counts was posted. None that comes after is dated before (migration 0006).
    posted_to = models.DateTimeField(_("posted up to"))
    up_to = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name=_("up to"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        constraints = [models.UniqueConstraint(fields=["account", "up_to"], name="checkpoint_one_per_posting")]
        indexes = [
            models.Index(fields=["account", "posted_to", "up_to"], name="checkpoint_of_day"),
            models.Index(fields=["posted_to"], name="checkpoint_posted"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} up to {self.up_to_id}: {self.balance}"
