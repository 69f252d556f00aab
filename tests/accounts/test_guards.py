"""What PostgreSQL refuses, whatever the application does."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import RefreshToken, User
from accounts.models.refresh_token import REFRESH_TOKEN_TRANSITIONS
from core.errors import InvalidState
from core.guards import fingerprint
from core.models import StatusChange

_INSERT = """
INSERT INTO accounts_refreshtoken (device_id, digest, status, created_at, expires_at)
SELECT device_id, 'other', %s, now(), expires_at FROM accounts_refreshtoken
"""


def refused(constraint: str, sql: str, *values) -> None:
    """The statement is refused by this constraint."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    assert caught.value.__cause__.diag.constraint_name == constraint


def test_a_device_has_one_active_token(pair) -> None:
    refused("refreshtoken_one_active_per_device", _INSERT, "active")


@pytest.mark.parametrize("status", ["rotated", "revoked"])
def test_a_token_begins_as_active(pair, status) -> None:
    refused("accounts_refreshtoken_initial_status", _INSERT, status)


@pytest.mark.parametrize(("old", "new"), [("rotated", "active"), ("revoked", "active"), ("revoked", "rotated")])
def test_a_spent_token_does_not_come_back(pair, old, new) -> None:
    token = RefreshToken.objects.get()
    token.rotate() if old == "rotated" else token.revoke(reason="test")

    refused("accounts_refreshtoken_status_transition", "UPDATE accounts_refreshtoken SET status = %s", new)


def test_a_rotated_token_knows_when(pair) -> None:
    refused("refreshtoken_rotated_at_a_time", "UPDATE accounts_refreshtoken SET status = 'rotated'")


def test_two_tokens_never_share_a_digest(pair) -> None:
    RefreshToken.objects.get().revoke(reason="test")

    refused(
        "accounts_refreshtoken_digest_key",
        "INSERT INTO accounts_refreshtoken (device_id, digest, status, created_at, expires_at)"
        " SELECT device_id, digest, 'active', now(), expires_at FROM accounts_refreshtoken",
    )


def test_addresses_are_in_lower_case(user) -> None:
    refused("user_email_in_lower_case", "UPDATE accounts_user SET email = 'Amina@example.com'")


def test_the_guard_was_made_from_the_present_table(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('guard_accounts_refreshtoken_status'::regproc)")
        assert cursor.fetchone() == (fingerprint(REFRESH_TOKEN_TRANSITIONS),)


def test_a_transition_is_refused_when_someone_was_first(pair) -> None:
    token, same = RefreshToken.objects.get(), RefreshToken.objects.get()
    token.revoke(reason="test")
    changes = StatusChange.objects.count()

    with pytest.raises(InvalidState):
        same.rotate()
    assert StatusChange.objects.count() == changes
    assert RefreshToken.objects.get().status == "revoked"


def test_forms_put_addresses_into_lower_case(db) -> None:
    user = User(email="Amina@Example.com", full_name="Amina", password="x", date_joined=timezone.now())
    user.full_clean()

    assert user.email == "amina@example.com"


def test_users_are_found_by_address_in_any_case(user) -> None:
    assert User.objects.get_by_natural_key(" AMINA@example.com ") == user
