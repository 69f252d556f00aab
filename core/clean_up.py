"""Rows that have had their time are deleted in small batches, so that nobody waits for a clean-up."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

BATCH = 1000


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Delete these rows, oldest first, each batch in a transaction of its own. Returns how many they were.

    A row that somebody holds is passed over: it is in use, or another clean-up has it.
    """
    total = 0
    while deleted := _delete_batch(rows):
        total += deleted
    return total


def _delete_batch(rows: QuerySet[Any]) -> int:
    with transaction.atomic(durable=True):
        locked = rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        keys = list(locked.values_list("pk", flat=True)[:BATCH])
        rows.model._base_manager.filter(pk__in=keys).delete()  # noqa: SLF001 - Django's documented one
    return len(keys)
