from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from core import outbox
from core.admin.display import pretty_json, status_column, time_column
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from core.models import OutboxMessage

STATUS = status_column(_("status"), {"pending": "info", "sent": "success", "failed": "danger"})

CREATED, DUE, SENT = (
    time_column("created_at", _("created at")),
    time_column("due_at", _("due at")),
    time_column("sent_at", _("sent at")),
)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnly, ModelAdmin):
    """What waits to be sent, was sent, or could not be sent, newest first."""

    list_display = (CREATED, "kind", "subject", STATUS, "attempts", SENT, "error")
    list_filter = ("status", among("kind", _("kind"), lambda: [(kind, kind) for kind in outbox.kinds()]))
    search_fields = ("subject__exact", "correlation_id__exact")
    search_help_text = _("Subject (a booking's reference, a payment's or refund's id) or correlation id")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("kind", "subject"), (STATUS, "attempts"), (CREATED, DUE), (SENT, "correlation_id"), "last_error", "content",
    )  # fmt: skip
    actions: ClassVar = ["send_again"]

    @admin.display(description=_("last error"))
    def error(self, message: OutboxMessage) -> str:
        return Truncator(message.last_error).chars(80)

    @admin.display(description=_("payload"))
    def content(self, message: OutboxMessage) -> SafeString:
        return pretty_json(message.payload)

    @admin.action(description=_("Send again what was given up"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Make the selected messages due now if they were given up; others are left as they are."""
        put_back = outbox.send_again([message.pk for message in queryset])
        for message in OutboxMessage.objects.filter(pk__in=put_back):
            self.log_change(request, message, "Sent again.")
        self.message_user(
            request,
            ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", len(put_back))
            % {"count": len(put_back)},
            messages.SUCCESS if put_back else messages.WARNING,
        )

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """For the action above: the right to change messages, though nobody changes one by hand."""
        return bool(request.user.has_perm("core.change_outboxmessage"))
