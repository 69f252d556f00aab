import uuid
from typing import ClassVar

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.device import Device
from core.actors import current_actor
from core.correlation import current_id
from core.transitions import Stateful, Transitions


class RefreshTokenStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    ROTATED = "rotated", _("rotated")
    REVOKED = "revoked", _("revoked")


REFRESH_TOKEN_TRANSITIONS = Transitions(
    initial=[RefreshTokenStatus.ACTIVE],
    allowed={
        RefreshTokenStatus.ACTIVE: [RefreshTokenStatus.ROTATED, RefreshTokenStatus.REVOKED],
        RefreshTokenStatus.ROTATED: [RefreshTokenStatus.REVOKED],
    },
)

# A device that refreshes every quarter of an hour has thousands of spent tokens: one statement for all of them.
_REVOKE_ALL = """
WITH live AS (
  SELECT id, status FROM accounts_refreshtoken
   WHERE device_id = %s AND status <> 'revoked' FOR NO KEY UPDATE
), moved AS (
  UPDATE accounts_refreshtoken AS token SET status = 'revoked'
    FROM live WHERE token.id = live.id RETURNING token.id, live.status
)
INSERT INTO core_statuschange
  (subject_type, subject_id, from_status, to_status, actor, reason, correlation_id, at)
SELECT 'accounts.refreshtoken', id::text, status, 'revoked', %s, %s, %s, berth_now() FROM moved
"""


class RefreshTokenManager(models.Manager["RefreshToken"]):
    """Refresh tokens, and the one step that many of them take together."""

    def revoke_all(self, device_id: uuid.UUID, *, reason: str) -> None:
        """Revoke every token of a device, spent ones included, each with its StatusChange."""
        with connection.cursor() as cursor:
            cursor.execute(_REVOKE_ALL, [device_id, current_actor(), reason, current_id()])


class RefreshToken(Stateful):
    """One refresh token of a device, known only by its digest (accounts.refresh_secret).

    A device has one active token. Exchanging it makes it `rotated` and its successor active.
    """

    transitions = REFRESH_TOKEN_TRANSITIONS

    device = models.ForeignKey(Device, models.CASCADE, related_name="refresh_tokens", verbose_name=_("device"))
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=RefreshTokenStatus, default=RefreshTokenStatus.ACTIVE)
    # The token that this one was given in exchange for; a sign-in's first token has none.
    predecessor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="successors", verbose_name=_("predecessor")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    rotated_at = models.DateTimeField(_("rotated at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    objects: ClassVar[RefreshTokenManager] = RefreshTokenManager()

    class Meta:
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")
        constraints = [
            models.UniqueConstraint(
                fields=["device"],
                name="refreshtoken_one_active_per_device",
                condition=models.Q(status="active"),
                violation_error_message=_("The device has an active token."),
            ),
            models.CheckConstraint(
                condition=~models.Q(status="rotated") | models.Q(rotated_at__isnull=False),
                name="refreshtoken_rotated_at_a_time",
                violation_error_message=_("A rotated token has the time of its exchange."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.status}"

    def rotate(self) -> None:
        """It was exchanged for a successor."""
        self._move(RefreshTokenStatus.ROTATED, rotated_at=timezone.now())

    def revoke(self, *, reason: str) -> None:
        """It is no longer good for anything."""
        self._move(RefreshTokenStatus.REVOKED, reason=reason)
