from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.read_only import ReadOnly
from core.money import Money
from ledger.models import Account, AccountKind
from ledger.queries import ACCOUNT_BALANCE


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    """Accounts with what is on them now."""

    list_display = ("code", "currency", "kind", "balance")
    list_filter = ("kind", "currency")
    search_fields = ("code",)
    ordering = ("currency", "code")
    fields = ("code", "currency", "kind", "balance")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.annotate(balance=ACCOUNT_BALANCE)

    @admin.display(description=_("balance"), ordering="balance")
    def balance(self, account: Any) -> Money:
        """The balance on the account's normal side: negative if it stands on the other one."""
        return Money(account.balance * AccountKind(account.kind).normal_sign, account.currency)
