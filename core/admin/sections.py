"""What belongs to an object, in tables below the fields of its page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.http import HttpRequest, HttpResponse

from core.admin.display import Text


class Section(Protocol):
    """Anything with a title and a template that draws it as `section`."""

    @property
    def title(self) -> Text: ...

    @property
    def template(self) -> str: ...


@dataclass(frozen=True)
class Table:
    """A section of rows. Cells are texts, amounts or ready-made HTML; None is shown as a dash."""

    title: Text
    headers: Sequence[Text]
    rows: Sequence[Sequence[object]]
    template: ClassVar[str] = "admin/sections/table.html"


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
