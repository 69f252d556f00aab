"""Lists by cursor: `{"results": [...], "next": url|null, "previous": url|null}`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.errors import invalid

T = TypeVar("T")
PAGE_SIZE = 50


class NewestFirst(CursorPagination):
    """The newest rows first; `page_size` up to 100."""

    ordering = "-id"
    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = 100

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError, DataError):  # a cursor that we did not make
            raise invalid("cursor", "invalid", "This is no page of the list.") from None

    def get_page_size(self, request: Request) -> int:
        """As many as the caller asked for. Raises ValidationError for what is no number of rows."""
        asked = request.query_params.get("page_size") or PAGE_SIZE
        try:
            size = int(asked)
        except ValueError:
            raise invalid("page_size", "invalid", "Send a whole number.") from None
        if size < 1:
            raise invalid("page_size", "min_value", "Send 1 or more.")
        return min(size, self.max_page_size)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """For the schema: what `get_page_size` refuses."""
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"]["minimum"] = 1
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The first and the last page tell null: `next` and `previous` are always there."""
        return {**super().get_paginated_response_schema(schema), "required": ["next", "previous", "results"]}


def page_of(
    request: Request, rows: Sequence[T], *, key: Callable[[T], str], present: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """A page of rows that are in memory, after the row that the request's cursor names by its unique key."""
    keys = [key(row) for row in rows]
    start = _position(request.query_params.get("cursor", ""), keys)
    end = start + PAGE_SIZE
    return {
        "results": [present(row) for row in rows[start:end]],
        "next": _link(request, keys[end - 1]) if end < len(rows) else None,
        "previous": None if start == 0 else _link(request, keys[start - PAGE_SIZE - 1] if start > PAGE_SIZE else ""),
    }


def _position(cursor: str, keys: list[str]) -> int:
    if not cursor:
        return 0
    try:
        return keys.index(urlsafe_b64decode(cursor.encode()).decode()) + 1
    except ValueError:
        raise invalid("cursor", "invalid", "This page is gone; begin again without a cursor.") from None


def _link(request: Request, after: str) -> str:
    return replace_query_param(request.build_absolute_uri(), "cursor", urlsafe_b64encode(after.encode()).decode())


class Page:
    """The schema of a page."""

    @staticmethod
    def of(row: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
        """A serializer class of pages of these rows."""
        return type(
            f"Page{row.__name__}",
            (serializers.Serializer,),
            {
                "results": row(many=True),
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
            },
        )
