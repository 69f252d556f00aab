"""Decisions as staff take them in a browser: type, see what will come of it, confirm what the page shows."""

from html.parser import HTMLParser
from typing import Any

from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from bookings.models import Booking
from ledger.models import JournalEntry


def address(name: str, subject: models.Model) -> str:
    """Of a decision's page, by its URL name."""
    with override("en"):
        return reverse(f"admin:{name}", args=[subject.pk])


def preview(client: Client, page: str, **typed: Any) -> Any:
    """The page that shows what will come of what was typed."""
    response = client.post(page, typed)
    assert response.status_code == 200, response
    assert "outlook" in response.context, response.context["form"].errors
    return response


def confirm(client: Client, shown: Any) -> Any:
    """Press the red button of a page, with whatever that page sends along."""
    return client.post(shown.request["PATH_INFO"], hidden_in(shown) | {"confirm": "1"}, follow=True)


def decide(client: Client, page: str, **typed: Any) -> Any:
    """Type, look, confirm; the page that it ends on."""
    return confirm(client, preview(client, page, **typed))


def hidden_in(response: Any) -> dict[str, list[str]]:
    """The hidden fields of a page's form."""
    found: dict[str, list[str]] = {}

    class Fields(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            field = dict(attrs)
            if tag == "input" and field.get("type") == "hidden" and field.get("name") != "csrfmiddlewaretoken":
                found.setdefault(field["name"], []).append(field.get("value") or "")

    Fields().feed(response.content.decode())
    return found


def lines_shown(response: Any) -> list[tuple[str, ...]]:
    """The lines for the books that a preview shows: kind (once an entry), account, debit, credit."""
    return [tuple(map(str, row)) for row in response.context["outlook"].sections[-1].rows]


def lines_posted(booking: Booking, after: int) -> list[tuple[str, ...]]:
    """The lines of the booking's entries after that one, written likewise."""
    lines = []
    entries = JournalEntry.objects.filter(booking_reference=booking.reference, pk__gt=after)
    for entry in entries.order_by("pk"):
        kind = entry.get_kind_display()
        for posting in entry.postings.order_by("pk").select_related("account"):
            amount = f"{entry.currency} {abs(posting.amount) / 100:,.2f}"
            lines.append((kind, posting.account.code, *((amount, "") if posting.amount > 0 else ("", amount))))
            kind = ""
    return lines


def last_entry() -> int:
    """The entry that was written last."""
    return JournalEntry.objects.order_by("pk").last().pk
