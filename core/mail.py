"""E-mails of outbox messages: text and HTML from templates, in the reader's language, under a fixed Message-ID."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from core.outbox import Message


@dataclass(frozen=True)
class Attachment:
    """A file that goes with an e-mail; it is made in the reader's language."""

    name: str
    content_type: str
    make: Callable[[], bytes]


def send(
    message: Message,
    *,
    to: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    attachments: Sequence[Attachment] = (),
) -> None:
    """Render templates/emails/{template}.subject.txt, .txt and .html and send them to one address.

    The Message-ID is made of the outbox message's kind and subject, so that mail systems can drop a repeat. Raises
    what the mail back end raises: the outbox tries again.
    """
    with override(language):
        values = {**context, "public_url": settings.PUBLIC_URL, "language": language}
        subject = " ".join(render_to_string(f"emails/{template}.subject.txt", values).split())
        mail = EmailMultiAlternatives(
            subject,
            render_to_string(f"emails/{template}.txt", values),
            to=[to],
            # Auto-Submitted (RFC 3834): no program answers it, so that nothing goes back and forth.
            headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string(f"emails/{template}.html", values), "text/html")
        for one in attachments:
            mail.attach(one.name, one.make(), one.content_type)
        mail.send()


def message_id(message: Message) -> str:
    """The same for every try of a message."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    name = f"{message.kind}.{message.subject}".replace(":", ".")  # which may not stand there: RFC 5322
    return f"<{name}@{host}>"
