"""Long lists in pieces, so that memory does not grow with them. (itertools.batched comes with Python 3.12.)"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of this length, the last one shorter; no more than one list is taken ahead."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
