from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from bookings.queries import SCHEDULE


class ChangesSchedule:
    """Mixed into the admin of whatever a search shows: once a change is committed, no search answers without it."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        transaction.on_commit(SCHEDULE.forget)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)  # type: ignore[misc]
        transaction.on_commit(SCHEDULE.forget)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)  # type: ignore[misc]
        transaction.on_commit(SCHEDULE.forget)
