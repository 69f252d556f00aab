from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import status_column, time_column
from core.admin.read_only import ReadOnly
from core.models import IdempotencyRecord

STATUS = status_column(_("status"), {"started": "info", "completed": "success", "failed": "danger"})
CREATED, LOCKED, EXPIRES = (
    time_column("created_at", _("created at")),
    time_column("locked_until", _("locked until")),
    time_column("expires_at", _("expires at")),
)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnly, ModelAdmin):
    """How repeated requests stand, newest first. What was answered names people, so it is not shown."""

    list_display = (CREATED, "scope", "owner", STATUS, "response_status", LOCKED, EXPIRES)
    list_filter = ("scope", "status")
    search_fields = ("owner__exact", "key__exact")
    search_help_text = _("Owner (user:7) or key")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("scope", "owner"), (STATUS, "response_status"), ("key", "fencing"), CREATED, (LOCKED, EXPIRES),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdempotencyRecord]:
        records: QuerySet[IdempotencyRecord] = super().get_queryset(request)
        return records.defer("response_body")
