"""What each role of staff may do: right by right, and that nobody may do more."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import emit_post_migrate_signal

from accounts.models import User
from accounts.roles import ROLES
from bookings import demo

BOOKS = {"bookings", "payments", "ledger", "finance", "core"}
SEES = {
    "support": {"bookings", "payments", "core"},
    "operations": {"bookings", "payments", "core"},
    "finance": BOOKS,
    "controller": BOOKS,
    "auditor": BOOKS | {"accounts", "auth"},
}
DOES = {
    "support": {"payments.request_refund", "core.change_outboxmessage"},
    "operations": {"payments.request_refund", "payments.change_gatewayevent", "core.change_outboxmessage"},
    "finance": {
        "payments.request_refund", "payments.change_refund", "payments.reconcile", "finance.pay_settlement",
        "finance.change_operator_terms",
        "ledger.adjust", "ledger.reverse_entry",
    },
    "controller": {"finance.approve_settlement", "ledger.close_period"},
    "auditor": set(),
}  # fmt: skip


def all_rights() -> list[str]:
    return [f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")]


def may(role: str, right: str) -> bool:
    """By the rules above, written down once more."""
    app, _dot, name = right.partition(".")
    if name.startswith("view_"):
        return app in SEES[role]
    return right in DOES[role] or (role == "operations" and app == "bookings")


@pytest.fixture
def users(db) -> dict[str, User]:
    """Somebody of each role."""
    for sign_in in demo.SIGN_INS:
        demo._user(sign_in)
    return {one.group: User.objects.get(email=one.email) for one in demo.SIGN_INS if one.group}


def test_every_role_is_somebodys(users):
    assert set(users) == set(ROLES) == set(SEES) == set(DOES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_the_rights_of_its_work_and_no_others(users, role):
    rights = all_rights()
    assert len(rights) > 100
    assert {right for right in rights if users[role].has_perm(right)} == {right for right in rights if may(role, right)}
    assert not users[role].is_superuser


def test_every_right_that_is_granted_by_name_exists(db):
    rights = set(all_rights())
    for role in ROLES.values():
        assert set(role.rights) <= rights
        assert {*role.sees, *role.changes} <= {config.label for config in apps.get_app_configs()}


def test_travellers_have_no_right_at_all(users):
    traveller = User.objects.get(email="traveller@demo.example")
    assert (traveller.is_staff, traveller.get_all_permissions()) == (False, set())


@pytest.mark.django_db(transaction=True)
def test_a_migration_puts_the_roles_right_and_leaves_other_groups_alone():
    own = Group.objects.create(name="night shift")
    own.permissions.set(Permission.objects.filter(codename="view_trip"))
    auditor, _made = Group.objects.get_or_create(name="auditor")
    auditor.permissions.set(Permission.objects.filter(codename="delete_user"))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    names = {f"{one.content_type.app_label}.{one.codename}" for one in auditor.permissions.all()}
    assert names == {right for right in all_rights() if may("auditor", right)}
    assert [one.codename for one in own.permissions.all()] == ["view_trip"]
    assert {group.name for group in Group.objects.all()} == {*ROLES, "night shift"}
