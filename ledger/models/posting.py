from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ledger.models.account import Account
from ledger.models.journal_entry import JournalEntry


class Posting(models.Model):
    """One line of an entry: so many minor units of the entry's currency, debit positive. Append-only."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="postings", verbose_name=_("entry"))
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="postings", verbose_name=_("account"), db_index=False
    )
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="posting_moves_money"),
            # Balances count from the beginning of the sequence on.
            models.CheckConstraint(condition=Q(id__gt=0), name="posting_id_drawn"),
        ]
        indexes = [models.Index(fields=["account", "id"], include=["amount"], name="posting_by_account")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"
