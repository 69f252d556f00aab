"""E-mails about accounts; handlers of the outbox. Links that open an account are made on sending; none is kept."""

import uuid
from datetime import datetime
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.client import Client
from accounts.models import Device, User
from core import mail, outbox
from core.outbox import Message, handles

# By allauth's names of its templates.
_ASKED_FOR = {
    "password_reset_key": "account.reset_password",
    "unknown_account": "account.unknown_address",
    "email_confirmation": "account.confirm_address",
    "email_confirmation_signup": "account.confirm_address",
}
CHANGES: dict[str, Promise] = {
    "password_changed": _("Your password was changed"),
    "password_reset": _("Your password was changed"),
    "password_set": _("Your password was changed"),
    "email_changed": _("Another address is the one of your account now"),
    "email_deleted": _("An address was taken from your account"),
    "totp_activated": _("The second factor of your account was switched on"),
    "totp_deactivated": _("The second factor of your account was switched off"),
    "recovery_codes_generated": _("Your account has new recovery codes"),
}


def tell_of(kind: str, device: Device, at: datetime, client: Client) -> None:
    """Put an e-mail to the device's owner into the outbox; it is about what happened then, at this client's request."""
    told = {"user": device.user_id, "device": str(device), "at": at.isoformat(), "ip": client.ip}
    outbox.enqueue(kind, str(device.pk), told)


def ask_for(template: str, email: str, user: User | None) -> None:
    """Put into the outbox what somebody has just asked for on a page, for this address; its name is allauth's."""
    kind = _ASKED_FOR[template.rpartition("/")[2]]
    told = {"user": user.pk if user else None, "email": email, "language": get_language()}
    outbox.enqueue(kind, uuid.uuid4().hex, told)


def tell_of_change(template: str, email: str, user: User, ip: str | None) -> None:
    """Put into the outbox that something of an account was changed just now, by somebody at this network address."""
    told = {"user": user.pk, "email": email, "what": template.rpartition("/")[2], "ip": ip}
    outbox.enqueue("account.changed", uuid.uuid4().hex, {**told, "at": timezone.now().isoformat()})


@handles("account.new_device")
def new_device(message: Message) -> None:
    """The account was opened on a device of a kind that it has not been used on."""
    _send_of_device(message, "new_device")


@handles("account.token_reused")
def token_reused(message: Message) -> None:
    """A spent refresh token came again: its device was signed out."""
    _send_of_device(message, "token_reused")


@handles("account.changed")
def changed(message: Message) -> None:
    """A password, an address or a second factor is another now."""
    told = message.payload
    if user := _user(message):
        context = {"title": CHANGES[told["what"]], "at": datetime.fromisoformat(told["at"]), "ip": told["ip"]}
        link = _address(user.language, "account_reset_password")
        _send(message, "account_changed", told["email"], user.language, {**context, "link": link})


@handles("account.reset_password")
def reset_password(message: Message) -> None:
    """Somebody wants to choose a new password."""
    if user := _user(message):
        key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
        link = _address(message.payload["language"], "account_reset_password_from_key", **key)
        _send(message, "reset_password", message.payload["email"], message.payload["language"], {"link": link})


@handles("account.unknown_address")
def unknown_address(message: Message) -> None:
    """Somebody wants to choose a new password for an account that there is not."""
    language = message.payload["language"]
    _send(
        message, "unknown_address", message.payload["email"], language, {"link": _address(language, "account_signup")}
    )


@handles("account.confirm_address")
def confirm_address(message: Message) -> None:
    """Somebody says that an address is theirs."""
    email, language = message.payload["email"], message.payload["language"]
    address = EmailAddress.objects.filter(user=message.payload["user"], email=email, verified=False).first()
    if address:
        link = _address(language, "account_confirm_email", key=EmailConfirmationHMAC.create(address).key)
        _send(message, "confirm_address", email, language, {"link": link})


def _send_of_device(message: Message, template: str) -> None:
    if user := _user(message):
        told = message.payload
        with override(user.language):
            name = told["device"] or gettext("a device without a name")
        context = {"name": name, "at": datetime.fromisoformat(told["at"]), "ip": told["ip"]}
        link = _address(user.language, "account_reset_password")
        _send(message, template, user.email, user.language, {**context, "link": link})


def _user(message: Message) -> User | None:
    """Whose account it is; None if they have left meanwhile."""
    return User.objects.filter(pk=message.payload["user"], is_active=True).first()


def _address(language: str, page: str, **arguments: str) -> str:
    with override(language):
        return f"{settings.PUBLIC_URL}{reverse(page, kwargs=arguments)}"


def _send(message: Message, template: str, to: str, language: str, context: dict[str, Any]) -> None:
    mail.send(message, to=to, language=language, template=template, context={**context, "email": to})
