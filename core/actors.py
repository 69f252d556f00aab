"""Who acts: `user:7`, `guest`, `job:expire_holds`, `gateway:stripe`. Set at the edges, written into every history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | Callable[[], str]] = ContextVar("actor", default="system")


def current_actor() -> str:
    """The name of whoever acts in this context."""
    actor = _current.get()
    return actor() if callable(actor) else actor


@contextmanager
def acting_as(actor: str | Callable[[], str]) -> Iterator[None]:
    """Run a block as this actor; a callable is asked when the name is needed (a session may not be read before)."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)
