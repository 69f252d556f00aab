from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.display import Text


def among(field: str, title: Text, values: Callable[[], Iterable[tuple[str, Text]]]) -> type[admin.SimpleListFilter]:
    """A filter by values that are known beforehand: Django's own would read a whole large table to find them."""

    class Among(admin.SimpleListFilter):
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
            return values()

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    Among.title = title
    return Among
