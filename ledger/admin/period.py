from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from core.admin.dialog import go_to
from core.admin.display import status_column, time_column
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from core.errors import Problem
from core.models import StatusChange
from ledger.actions.close_period import close_period
from ledger.models import Period
from ledger.queries import months_to_close

STATUS = status_column(_("status"), {"open": "info", "closed": "success"})
CLOSED = time_column("closed_at", _("closed at"))


class ClosingForm(BaseDialogForm):
    """Which month, and why now."""

    month = forms.ChoiceField(label=_("Month"), widget=UnfoldAdminSelectWidget())
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        month = self.fields["month"]
        assert isinstance(month, forms.ChoiceField)
        today = timezone.now().astimezone(UTC).date()
        month.choices = [(f"{one:%Y-%m}", f"{one:%Y-%m}") for one in months_to_close(today)]
        if not month.choices:
            month.help_text = _("No month is over that is still open.")


@admin.register(Period)
class PeriodAdmin(WithSections, ReadOnly, ModelAdmin):
    """Months that are closed: no entry is dated into one any more."""

    list_display = ("named", STATUS, CLOSED)
    ordering = ("-month",)
    fields = (("named", STATUS), (CLOSED,))
    actions_list: ClassVar = ["close_month"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Period]:
        periods: QuerySet[Period] = super().get_queryset(request)
        closings = StatusChange.objects.filter(
            subject_type="ledger.period", subject_id=Cast(OuterRef("pk"), CharField()), to_status="closed"
        )
        return periods.annotate(closed_at=Subquery(closings.values("at")[:1]))

    def sections(self, request: HttpRequest, obj: Period) -> Iterable[Section]:
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("period")})

    @admin.display(description=_("month"), ordering="month")
    def named(self, period: Period) -> str:
        return str(period)

    @action(
        description=_("Close a month"), icon="lock", permissions=["close"],
        dialog={
            "title": _("Close a month"),
            "description": _("Its figures stay as they are. What comes late is dated into an open month. For good."),
            "form_class": ClosingForm, "form_submit_text": _("Close the month"),
        },
    )  # fmt: skip
    def close_month(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        """By the use case."""
        month = _first(form.cleaned_data["month"])
        try:
            period = close_period(month, reason=form.cleaned_data["reason"])
        except Problem as error:
            self.message_user(request, error.detail, messages.ERROR)
        else:
            self.log_change(request, period, f"Closed: {form.cleaned_data['reason']}")
            self.message_user(request, gettext("%(month)s is closed.") % {"month": period}, messages.SUCCESS)
        return go_to(reverse("admin:ledger_period_changelist"))

    def has_close_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm("ledger.close_period"))


def _first(month: str) -> date:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
