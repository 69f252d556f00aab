"""What belongs to an object, in tables below the fields of its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.http import HttpRequest, HttpResponse

from core.admin.display import Text
from core.money import Money


class Section(Protocol):
    """Anything with a title and a template that draws it as `section`."""

    @property
    def title(self) -> Text: ...

    @property
    def template(self) -> str: ...


@dataclass(frozen=True)
class Cell:
    """What stands below a title; None is shown as a dash. Figures stand below one another."""

    title: Text
    value: object
    is_figure: bool


@dataclass(frozen=True)
class Table:
    """A section of rows: texts, amounts or ready-made HTML."""

    title: Text
    headers: Sequence[Text]
    rows: Sequence[Sequence[object]]
    template: ClassVar[str] = "admin/sections/table.html"

    @property
    def titles(self) -> list[Cell]:
        """The headers; those of amounts are figures."""
        figures = {place for row in self.rows for place, value in enumerate(row) if isinstance(value, Money)}
        return [Cell(header, None, place in figures) for place, header in enumerate(self.headers)]

    @property
    def cells(self) -> list[list[Cell]]:
        """All rows for the template."""
        titles = self.titles
        return [
            [Cell(of.title, value, of.is_figure) for of, value in zip(titles, row, strict=True)] for row in self.rows
        ]


@dataclass(frozen=True)
class Facts:
    """A section of a few named values; None is left out."""

    title: Text
    facts: Sequence[tuple[Text, object]]
    template: ClassVar[str] = "admin/sections/facts.html"


class WithSections:
    """Mixed into a model admin: its pages show `sections` below the fields."""

    change_form_after_template = "admin/sections/all.html"

    def sections(self, request: HttpRequest, obj: Any) -> Iterable[Section]:
        """The sections of an object, as far as this user may see them."""
        return ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context["sections"] = list(self.sections(request, obj))
        response: HttpResponse = super().render_change_form(  # type: ignore[misc]
            request, context, *args, obj=obj, **kwargs
        )
        return response
