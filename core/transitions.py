"""States: one table of allowed transitions per model, kept by Python and by PostgreSQL alike.

A model's transition is a compare-and-set on the old status that writes its StatusChange in the same statement. The
trigger that refuses everything else is made from the same table (core.guards.transition_guard).
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import connection, models
from prometheus_client import Counter

from core.actors import current_actor
from core.correlation import current_id
from core.errors import InvalidState
from core.metrics import count_after_commit

TRANSITIONS = Counter("berth_transitions", "Changes of states that were committed", ["model", "old", "new"])


class Transitions:
    """Which statuses a row may begin in and which may follow which."""

    def __init__(self, *, initial: Iterable[str], allowed: Mapping[str, Iterable[str]]) -> None:
        self.initial = sorted(str(status) for status in initial)
        self.allowed = {str(old): sorted(str(new) for new in allowed[old]) for old in sorted(allowed)}

    def allows(self, old: str, new: str) -> bool:
        """Whether `new` may follow `old`."""
        return new in self.allowed.get(old, ())


class Stateful(models.Model):
    """A model with a `status` that only its named transition methods change."""

    transitions: ClassVar[Transitions]
    status: Any

    class Meta:
        abstract = True

    def _move(self, to: str, *, reason: str = "", **changes: Any) -> None:
        """Set the status, and other fields with it, if it is still the one that this instance knows.

        Raises InvalidState, with nothing changed, if the table forbids the step or someone else was first.
        """
        old = str(self.status)
        if not self.transitions.allows(old, to):
            raise InvalidState(f"{self._meta.verbose_name} is {old}; it cannot become {to}.", state=old)
        columns, values = self._columns({"status": to, **changes})
        table = connection.ops.quote_name(self._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH moved AS (UPDATE {table} SET {columns} WHERE id = %s AND status = %s RETURNING id)"
                " INSERT INTO core_statuschange"
                " (subject_type, subject_id, from_status, to_status, actor, reason, correlation_id, at)"
                " SELECT %s, id::text, %s, %s, %s, %s, %s, berth_now() FROM moved",
                [
                    *values,
                    self.pk,
                    old,
                    self._meta.label_lower,
                    old,
                    to,
                    current_actor(),
                    reason,
                    current_id(),
                ],
            )
            moved = cursor.rowcount == 1
        if not moved:
            actual = type(self)._base_manager.get(pk=self.pk).status  # noqa: SLF001 - Django's documented one
            raise InvalidState(f"{self._meta.verbose_name} is {actual} meanwhile.", state=actual)
        for name, value in {"status": to, **changes}.items():
            setattr(self, name, value)
        count_after_commit(TRANSITIONS.labels(self._meta.label_lower, old, str(to)))

    def _columns(self, changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
        fields = {field.name: field for field in self._meta.concrete_fields}
        columns = ", ".join(f"{connection.ops.quote_name(str(fields[name].column))} = %s" for name in changes)
        return columns, [fields[name].get_db_prep_save(value, connection) for name, value in changes.items()]
