from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import Text, link, person, time_column
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from core.models import StatusChange
from core.transitions import Stateful

AT = time_column("at", _("at"))


def _kinds() -> list[tuple[str, Text]]:
    stateful = [model._meta for model in apps.get_models() if issubclass(model, Stateful)]  # noqa: SLF001
    return [(meta.label_lower, meta.verbose_name or meta.label) for meta in stateful]


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnly, ModelAdmin):
    """Who moved what from one status to the next, newest first."""

    list_display = (AT, "subject", "from_status", "to_status", "actor", "reason")
    list_filter = (among("subject_type", _("of"), _kinds),)
    search_fields = ("subject_id__exact", "actor__exact", "correlation_id__exact")
    search_help_text = _("Id of the thing, actor (user:7, job:expire_holds) or correlation id")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (AT, "subject", "from_status", "to_status", "by", "reason", "correlation_id")

    @admin.display(description=_("by"))
    def by(self, change: StatusChange) -> str:
        """Who it was."""
        return person(change.actor)

    @admin.display(description=_("of"))
    def subject(self, change: StatusChange) -> str | SafeString:
        """What changed; a link where it has a page."""
        text = f"{change.subject_type} {change.subject_id}"
        try:
            return link(change.subject_type.replace(".", "_"), change.subject_id, text)
        except NoReverseMatch:
            return text
