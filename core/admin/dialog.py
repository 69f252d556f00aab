"""Small questions on a page itself, where a page of its own (core.admin.decision) would be too much."""

from typing import Any

from django.http import HttpResponse
from unfold.forms import BaseDialogForm

from core.admin.display import Text


def ask(title: Text, description: Text) -> dict[str, Any]:
    """The dialog of an action that asks for nothing but a yes."""
    return {"title": title, "description": description, "form_class": BaseDialogForm, "form_submit_text": title}


def go_to(address: str) -> HttpResponse:
    """The answer to a dialog: a script on the page goes to this address."""
    return HttpResponse(headers={"HX-Redirect": address})
