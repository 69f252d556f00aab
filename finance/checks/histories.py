"""The states of everything that has one, and how they came about."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps

from core.transitions import Stateful
from finance.checks.registry import Found, ask, check


@check
def histories_are_paths() -> Iterator[Found]:
    """The history of each row with a status leads from one that it may begin in to its own, by allowed steps only."""
    for model in apps.get_models():
        if issubclass(model, Stateful):
            yield from ask(*_statements(model, model._meta))  # noqa: SLF001 - Django's documented one


def _statements(model: type[Stateful], meta: Any) -> tuple[str, str]:
    """How many rows there are, and those whose history is no path through the model's table of transitions."""
    initial = ", ".join(f"'{status}'" for status in model.transitions.initial)
    pairs = [(old, new) for old, news in model.transitions.allowed.items() for new in news]
    steps = ", ".join(f"('{old}', '{new}')" for old, new in pairs)
    has_reference = any(field.name == "reference" for field in meta.concrete_fields)
    name = "reference" if has_reference else "id"
    # Steps that join on and are allowed: so many of a row with as many steps make a path.
    strayed = f"""
        SELECT format('{meta.label_lower} %s', subject.{name}),
               CASE WHEN history.subject_id IS NULL THEN format('is %s without any step', subject.status)
                    WHEN history.wrong > 0 THEN format('went %s', history.steps)
                    ELSE format('is %s, its last step led to %s', subject.status, history.arrived) END,
               NULL, ''
          FROM {meta.db_table} subject
          LEFT JOIN (
            SELECT subject_id, (array_agg(to_status ORDER BY id DESC))[1] AS arrived,
                   string_agg(from_status || ' → ' || to_status, ', ' ORDER BY id) AS steps,
                   count(*) FILTER (WHERE NOT joins OR (from_status, to_status) NOT IN ({steps})) AS wrong
              FROM (
                SELECT id, subject_id, from_status, to_status,
                       CASE WHEN lag(id) OVER one IS NULL THEN from_status IN ({initial})
                            ELSE from_status = lag(to_status) OVER one END AS joins
                  FROM core_statuschange WHERE subject_type = '{meta.label_lower}'
                WINDOW one AS (PARTITION BY subject_id ORDER BY id)
              ) step
             GROUP BY subject_id
          ) history ON history.subject_id = subject.id::text
         WHERE (history.subject_id IS NULL AND subject.status NOT IN ({initial}))
            OR history.wrong > 0 OR history.arrived <> subject.status
    """
    return f"SELECT count(*) FROM {meta.db_table}", strayed
