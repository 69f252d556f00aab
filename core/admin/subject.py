"""What an action of staff is about."""

from typing import TypeVar

from django.db.models import Model
from django.http import Http404
from django.shortcuts import get_object_or_404

M = TypeVar("M", bound=Model)


def subject(model: type[M], object_id: str) -> M:
    """The object with the id that stands in the address. Raises Http404 if there is none, or if it is no id."""
    if not object_id.isdecimal():
        raise Http404
    return get_object_or_404(model, pk=object_id)
