import json
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import Text, badge, link, pretty_json, time_column
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from payments.actions.receive import process
from payments.admin.gateway import GATEWAY
from payments.models import GatewayEvent
from payments.models.gateway_event import MAX_RETRIES

_NEWEST = 2_000  # events whose types are offered as filters: enough to have every type that comes at all
RECEIVED, PROCESSED, NEXT = (
    time_column("received_at", _("received at")),
    time_column("processed_at", _("processed at")),
    time_column("next_attempt_at", _("next try at")),
)


def _types() -> list[tuple[str, str]]:
    newest = GatewayEvent.objects.order_by("-received_at")[:_NEWEST]
    return [(kind, kind) for kind in sorted(set(newest.values_list("type", flat=True)))]


class OutcomeFilter(admin.SimpleListFilter):
    """By what came of it so far."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [
            ("processed", _("processed")),
            ("waiting", _("not processed yet")),
            ("failed", _("failed, and not processed yet")),
            ("given-up", _("given up")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GatewayEvent]) -> QuerySet[GatewayEvent]:
        match self.value():
            case "processed":
                return queryset.filter(processed_at__isnull=False)
            case "waiting":
                return queryset.filter(processed_at__isnull=True)
            case "failed":
                return queryset.filter(processed_at__isnull=True, retry_count__gt=0)
            case "given-up":
                return queryset.filter(processed_at__isnull=True, retry_count__gte=MAX_RETRIES)
        return queryset


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnly, ModelAdmin):
    """What the gateways told us, newest first, as it came."""

    list_display = (RECEIVED, "type", "event_id", "outcome", "retry_count", "error")
    list_filter = (OutcomeFilter, among("type", _("type"), _types), GATEWAY)
    search_fields = ("event_id__exact", "correlation_id__exact")
    search_help_text = _("Id of the event (evt_…) or correlation id")
    ordering = ("-received_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("type", "outcome"), ("event_id", "gateway"), "of_payment", (RECEIVED, PROCESSED),
        ("retry_count", "next_try"), "last_error", ("api_version", "correlation_id"), "message",
    )  # fmt: skip
    actions: ClassVar = ["try_again"]

    @admin.display(description=_("payment"))
    def of_payment(self, event: GatewayEvent) -> SafeString | str:
        return link("payments_payment", event.payment_id, event.payment_id) if event.payment_id else "—"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GatewayEvent]:
        """Without the bodies, which only the page of one event shows."""
        events: QuerySet[GatewayEvent] = super().get_queryset(request)
        return events.defer("body")

    @admin.display(description=_("outcome"))
    def outcome(self, event: GatewayEvent) -> SafeString:
        if event.processed_at:
            return badge(_("processed"), "success")
        if event.retry_count >= MAX_RETRIES:
            return badge(_("given up"), "danger")
        return badge(_("failed"), "warning") if event.retry_count else badge(_("waiting"), "info")

    @admin.display(description=_("next try at"))
    def next_try(self, event: GatewayEvent) -> object:
        """Only where there will be one."""
        return NEXT(event) if event.processed_at is None and event.retry_count < MAX_RETRIES else None

    @admin.display(description=_("last error"))
    def error(self, event: GatewayEvent) -> str:
        return Truncator(event.last_error).chars(60)

    @admin.display(description=_("body"))
    def message(self, event: GatewayEvent) -> str | SafeString:
        try:
            return pretty_json(json.loads(event.body))
        except ValueError:
            return event.body

    @admin.action(description=_("Try again"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[GatewayEvent]) -> None:
        """Process the selected events that were not, one after the other, and tell what came of each."""
        for event in queryset.filter(processed_at__isnull=True).defer(None).order_by("received_at"):
            try:
                done = process(event)
            except Exception as error:  # whatever it is, it is kept with the event; the others have their turn
                outcome, level = f"{type(error).__name__}: {error}", messages.ERROR
            else:
                outcome = gettext("processed") if done else gettext("somebody else is at it")
                level = messages.SUCCESS if done else messages.WARNING
            self.log_change(request, event, f"Tried again: {outcome}")
            self.message_user(request, f"{event}: {outcome}", level)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """For the action above: the right to change events, though nobody changes one by hand."""
        return bool(request.user.has_perm("payments.change_gatewayevent"))
