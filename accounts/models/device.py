import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

DEVICE_NAME_LENGTH = 100
USER_AGENT_LENGTH = 300


class Device(models.Model):
    """Where a user is signed in through the API: the family of refresh tokens that one sign-in began.

    Whatever happens to the tokens of a device happens under the lock of its row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=DEVICE_NAME_LENGTH, blank=True)
    # As the sign-in or the last refresh told them.
    user_agent = models.CharField(_("user agent"), max_length=USER_AGENT_LENGTH, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    created_at = models.DateTimeField(_("signed in at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"))
    signed_out_at = models.DateTimeField(_("signed out at"), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return self.name or self.user_agent or str(self.id)

    def note_use(self, *, user_agent: str, ip: str | None) -> None:
        """Remember that the device was used just now, and from where."""
        self.user_agent, self.ip, self.last_used_at = user_agent, ip, timezone.now()
        self.save(update_fields=["user_agent", "ip", "last_used_at"])

    def sign_out(self, *, reason: str) -> None:
        """End the device and revoke all its tokens. The caller holds its lock."""
        self.signed_out_at = timezone.now()
        self.save(update_fields=["signed_out_at"])
        self.refresh_tokens.revoke_all(self.pk, reason=reason)
