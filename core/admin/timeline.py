"""What happened to an object, of whatever kind, in the order of time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import ClassVar

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin.display import Text, badge, people, utc


@dataclass(frozen=True)
class Moment:
    """Something that happened: its kind in a coloured word, what it was, by whom, and what more there is to say."""

    at: datetime
    kind: Text
    colour: str
    what: object
    by: str = ""
    more: object = ""

    @property
    def time(self) -> SafeString | None:
        """When, in UTC."""
        return utc(self.at)

    @property
    def badge(self) -> SafeString:
        """The kind."""
        return badge(self.kind, self.colour)


class Timeline:
    """A section of moments, the oldest first; of the same time, in the order that they are given in."""

    title: ClassVar[Text] = _("What happened")
    template: ClassVar[str] = "admin/sections/timeline.html"

    def __init__(self, moments: Iterable[Moment]) -> None:
        in_order = sorted(moments, key=attrgetter("at"))
        called = people(moment.by for moment in in_order)
        self.moments = [replace(moment, by=called[moment.by]) for moment in in_order]
