from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from core.admin.read_only import ReadOnly
from core.admin.subject import subject
from core.money import Money
from ledger.admin.by_hand import Adjust
from ledger.chart import is_kept_by_hand
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
    actions_detail: ClassVar = ["statement", "adjust"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.annotate(balance=ACCOUNT_BALANCE)

    @action(description=_("Statement"), icon="receipt_long", permissions=["statement"])
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Every posting to it, as the upper layer that has the reports shows them."""
        account = subject(Account, object_id)
        asked = urlencode({"account": account.code, "currency": account.currency})
        return redirect(f"{reverse('report', args=['account_statement'])}?{asked}")

    def has_statement_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm("finance.view_reports"))

    @action(description=Adjust.title, icon="edit_note", permissions=["adjust"])
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """By hand, against another account."""
        return Adjust.as_view(model_admin=self)(request, object_id=object_id)

    def has_adjust_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm("ledger.adjust"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """By hand only where people may write."""
        account = self.get_object(request, object_id)
        by_hand = account is not None and is_kept_by_hand(account.code)
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return [one for one in actions if by_hand or one.action_name != "ledger_account_adjust"]

    @admin.display(description=_("balance on the normal side"), ordering="balance")
    def balance(self, account: Any) -> Money:
        """The balance on the account's normal side: negative if it stands on the other one."""
        return Money(account.balance * AccountKind(account.kind).normal_sign, account.currency)
