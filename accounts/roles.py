"""The roles of staff: groups that are kept as they stand here, each with the least that its work needs.

Whoever needs another set of rights makes a group of their own; these are put right by every migration.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q


@dataclass(frozen=True)
class Role:
    """`sees`: the apps whose everything may be looked at. `changes`: those whose everything may be changed.

    `rights`: what else may be done, by the names of the rights.
    """

    sees: tuple[str, ...]
    changes: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()

    def permissions(self) -> Q:
        """Those that it has."""
        views = Q(content_type__app_label__in=self.sees, codename__startswith="view_")
        named = Q(pk__in=[])
        for right in self.rights:
            app, _dot, codename = right.partition(".")
            named |= Q(content_type__app_label=app, codename=codename)
        return views | Q(content_type__app_label__in=self.changes) | named


_BOOKS = ("bookings", "payments", "ledger", "finance", "core")
ROLES = {
    # Answers travellers: gives seats up by their terms, pays back, sends e-mails again.
    "support": Role(("bookings", "payments", "core"), (), ("payments.request_refund", "core.change_outboxmessage")),
    # Runs the trips, and sees to it that events and e-mails get through.
    "operations": Role(
        ("bookings", "payments", "core"),
        ("bookings",),
        ("payments.request_refund", "payments.change_gatewayevent", "core.change_outboxmessage"),
    ),
    # Sees refunds through, explains what gateways' books have, knows where operators are paid and pays them, writes
    # adjustments. Whoever approves sees where the money goes.
    "finance": Role(
        _BOOKS,
        (),
        (
            "payments.request_refund",
            "payments.change_refund",
            "payments.reconcile",
            "finance.pay_settlement",
            "finance.change_operator_terms",
            "ledger.adjust",
            "ledger.reverse_entry",
        ),
    ),
    # Approves what finance pays, and closes months.
    "controller": Role(_BOOKS, (), ("finance.approve_settlement", "ledger.close_period")),
    # Reads everything, and changes nothing.
    "auditor": Role(("accounts", "auth", *_BOOKS)),
}


def keep(role: str, using: str = DEFAULT_DB_ALIAS) -> Group:
    """The group of a role, with exactly its rights."""
    group, _made = Group.objects.using(using).get_or_create(name=role)
    group.permissions.set(Permission.objects.using(using).filter(ROLES[role].permissions()))
    return group


def keep_all(sender: AppConfig, using: str, **_signal: Any) -> None:
    """After every migration, once the rights of the last app exist."""
    if sender is not list(apps.get_app_configs())[-1]:
        return
    for role in ROLES:
        keep(role, using)
