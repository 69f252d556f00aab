"""Development's mailbox: the e-mails that the file back end wrote, on a page."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

_SHOWN = 50


@require_safe
@csp_update({"style-src": ["'unsafe-inline'"]})  # in e-mails styles stand in elements; a frame has its page's policy
def list_mails(request: HttpRequest) -> HttpResponse:
    """The newest e-mails, text and HTML."""
    files = sorted(Path(settings.MAIL_FOLDER).glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    mails = [_read(file) for file in files[:_SHOWN]]
    return render(request, "mailbox.html", {"mails": mails})


def _read(file: Path) -> dict[str, str]:
    # The back end ends each message with a line of dashes.
    raw = file.read_bytes().rpartition(b"\n" + b"-" * 79)[0]
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "date": str(message["Date"]),
        "message_id": str(message["Message-ID"]),
        "text": text.get_content() if text else "",
        "html": html.get_content() if html else "",
    }
