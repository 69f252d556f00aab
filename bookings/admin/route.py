from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import PaginationInlineFormSet

from bookings.admin.counts import count_of
from bookings.admin.policy import PolicyField, policy_lines
from bookings.models import Operator, Route, RouteStop


class RouteStopsFormSet(PaginationInlineFormSet):
    """Stops that make a line: numbered from 0 without a gap, each reached after the one before was left."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        filled = [form for form in self.forms if form.instance.pk or form.has_changed()]
        stops = [form.instance for form in filled if form not in self.deleted_forms]
        stops.sort(key=lambda stop: stop.position)
        if len(stops) < 2 or [stop.position for stop in stops] != list(range(len(stops))):
            raise ValidationError(_("Number the stops 0, 1, 2 … without a gap; a route has at least two."))
        if any(later.arrives_after <= earlier.departs_after for earlier, later in pairwise(stops)):
            raise ValidationError(_("Each stop is reached after the one before it was left."))


class RouteStopInline(TabularInline):
    model = RouteStop
    formset = RouteStopsFormSet
    fields = ("position", "place", "arrives_after", "departs_after")
    autocomplete_fields = ("place",)
    extra = 0
    min_num = 2
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[RouteStop]:
        stops: QuerySet[RouteStop] = super().get_queryset(request)
        return stops.select_related("place")


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Fees of the policy are typed in the operator's currency."""

    cancellation_policy = PolicyField(
        says=_("Empty: the operator's. It holds for new bookings, where the fare says nothing else."), required=False
    )

    class Meta:
        model = Route
        fields = ("name", "operator", "mode", "commission_bps", "cancellation_policy")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = self.fields.get("cancellation_policy")
        if isinstance(policy, PolicyField):
            chosen = self.data.get(self.add_prefix("operator")) or self.instance.operator_id
            operator = Operator.objects.filter(pk=chosen).first() if str(chosen or "").isdecimal() else None
            policy.use(operator.currency if operator else "")


@admin.register(Route)
class RouteAdmin(ModelAdmin):
    """Lines that operators run. A trip keeps the stops that its route had when it was made."""

    form = RouteForm
    list_display = ("name", "operator", "mode", "stop_count")
    list_filter = ("operator", "mode")
    list_select_related = ("operator",)
    search_fields = ("name", "operator__name", "stops__place__code")
    ordering = ("operator__name", "name")
    readonly_fields = ("commission", "policy")
    inlines = (RouteStopInline,)

    def get_fields(self, request: HttpRequest, obj: Route | None = None) -> Any:
        may_change = obj is None or self.has_change_permission(request, obj)
        if may_change:
            return ("name", ("operator", "mode"), "commission_bps", "cancellation_policy")
        return ("name", ("operator", "mode"), "commission", "policy")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        routes: QuerySet[Route] = super().get_queryset(request)
        return routes.annotate(stop_count=count_of(RouteStop, "route"))

    @admin.display(description=_("stops"), ordering="stop_count")
    def stop_count(self, route: Route) -> int:
        count: int = route.stop_count  # type: ignore[attr-defined]
        return count

    @admin.display(description=_("cancellation policy"))
    def policy(self, route: Route) -> str:
        """A line for each tier."""
        if route.cancellation_policy is None:
            return gettext("the operator's")
        return policy_lines(route.cancellation_policy, route.operator.currency)

    @admin.display(description=_("commission"))
    def commission(self, route: Route) -> str:
        """Of fares without tax."""
        return gettext("the operator's") if route.commission_bps is None else f"{route.commission_bps / 100:g} %"
