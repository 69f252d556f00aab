"""The transaction of a use case: durable, and repeated when PostgreSQL ended it to resolve a deadlock."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog
from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg import errors

from core import faults

log = structlog.get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
_TRIES = 4


def in_one_transaction(use_case: Callable[P, R]) -> Callable[P, R]:
    """Run the whole function in one durable READ COMMITTED transaction.

    A deadlock victim is run again from its beginning, so the function must have no effect outside the database.
    """

    step = f"{use_case.__module__}.{use_case.__qualname__}"
    faults.declare(step)

    @functools.wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        faults.passing(faults.before(step))
        for tries_left in reversed(range(_TRIES)):
            try:
                with transaction.atomic(durable=True):
                    result = use_case(*args, **kwargs)
                faults.passing(faults.after(step))
                return result
            except OperationalError as error:
                if not tries_left or not _is_deadlock(error) or connection.in_atomic_block:
                    raise
                log.warning("deadlock_retried", use_case=use_case.__qualname__)
        raise AssertionError("the loop returns or raises")

    return run


def violated(error: IntegrityError) -> str:
    """The name of the constraint that refused a statement; empty if it has none."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, errors.Error) else ""


def _is_deadlock(error: OperationalError) -> bool:
    return isinstance(error.__cause__, errors.DeadlockDetected)
