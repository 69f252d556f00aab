"""E-mails about accounts; handlers of the outbox."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.client import Client
from accounts.models import Device, User
from core import mail, outbox
from core.outbox import Message, handles


def tell_of(kind: str, device: Device, at: datetime, client: Client) -> None:
    """Put an e-mail to the device's owner into the outbox; it is about what happened then, at this client's request."""
    told = {"user": device.user_id, "device": str(device), "at": at.isoformat(), "ip": client.ip}
    outbox.enqueue(kind, str(device.pk), told)


@handles("account.new_device")
def new_device(message: Message) -> None:
    """The account was opened on a device of a kind that it has not been used on."""
    _send(message, "new_device")


@handles("account.token_reused")
def token_reused(message: Message) -> None:
    """A spent refresh token came again: its device was signed out."""
    _send(message, "token_reused")


def _send(message: Message, template: str) -> None:
    user = User.objects.filter(pk=message.payload["user"]).first()
    if user is None:
        return  # whose account it was has left meanwhile
    told = message.payload
    with override(user.language):
        link = f"{settings.PUBLIC_URL}{reverse('account_reset_password')}"
        name = told["device"] or gettext("a device without a name")
    context = {"name": name, "at": datetime.fromisoformat(told["at"]), "ip": told["ip"], "link": link}
    mail.send(message, to=user.email, language=user.language, template=template, context=context)
