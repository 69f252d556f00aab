"""What every report is: columns, and for each currency rows and totals. Whatever draws it needs to know no more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.admin.display import Text


class Kind(StrEnum):
    """What the cells of a column are. Money is minor units of the part's currency; times are UTC."""

    TEXT = "text"
    ACCOUNT = "account"
    ENTRY = "entry"  # its reference; `entry_id` is beside it
    BOOKING = "booking"  # its reference
    MONEY = "money"
    NUMBER = "number"
    MONTH = "month"
    TIME = "time"


@dataclass(frozen=True)
class Column:
    """`key` names it to programs, `title` to people; `words` are what codes are called by people.

    `is_sparse`: most of its amounts are zero, and told to people as nothing.
    """

    key: str
    title: Text
    kind: Kind = Kind.TEXT
    words: Mapping[str, Text] = field(default_factory=dict)
    is_sparse: bool = False


Row = Mapping[str, Any]


@dataclass(frozen=True)
class Total:
    """A line below, or above, all rows: numbers and amounts by the keys of their columns."""

    key: str
    title: Text
    values: Mapping[str, int]


@dataclass(frozen=True)
class Part:
    """All of one currency. `rows` may come from a cursor: they can be gone through once."""

    currency: str
    rows: Iterable[Row]
    before: Sequence[Total] = ()
    after: Sequence[Total] = ()


@dataclass(frozen=True)
class Report:
    """What a report found. `period` says of when it is, in ISO 8601; `next_page` where its rows go on, if they do."""

    name: str
    title: Text
    period: Mapping[str, str | None]
    columns: Sequence[Column]
    parts: Sequence[Part]
    notes: Sequence[Text] = ()
    next_page: int | None = None
