from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Ledger")
    # Tables that the runtime role may only read and add to.
    append_only = ("ledger_account", "ledger_journalentry", "ledger_posting", "ledger_checkpoint")
