"""A decision of staff on a page of its own: they say what and why, see what will come of it, and confirm.

It runs outside any transaction of the admin's, so that a use case can open its own.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from unfold.views import UnfoldModelAdminViewMixin
from unfold.widgets import UnfoldAdminTextInputWidget

from core import idempotency
from core.actors import current_actor
from core.admin.display import Text
from core.admin.sections import Section
from core.correlation import new_id
from core.errors import IdempotencyInProgress, IdempotencyPayloadMismatch, Problem

_SCOPE = "staff.decision"


class ReasonField(forms.CharField):
    """Why it is done; kept in the history of what it is done to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget(), **kwargs)


class ReasonForm(forms.Form):
    """All that somebody is asked."""

    reason = ReasonField()


@dataclass(frozen=True)
class Outlook:
    """What will come of a decision. `agreed` comes back with the confirmation: what must not change meanwhile."""

    sections: Sequence[Section]
    agreed: str = ""

    @cached_property
    def digest(self) -> str:
        """Of all that is shown."""
        drawn = [render_to_string(section.template, {"section": section}) for section in self.sections]
        return hashlib.sha256("".join(drawn).encode()).hexdigest()


class Decision(UnfoldModelAdminViewMixin, FormView, ABC):  # type: ignore[type-arg]
    """A form, then the outlook, then the deed, which is done once however often its confirmation is sent.

    Whatever is refused is told in words, and nothing was done. What was done is in the log of the subject.
    """

    template_name = "admin/decision.html"
    form_class: type[forms.Form] = ReasonForm
    title: Text
    explanation: Text
    button: Text  # of the confirmation
    is_as_shown: ClassVar[bool] = True  # else the use case itself looks at what was `agreed`, or it is done anyway

    @cached_property
    def subject(self) -> Any:
        """What it is about, read once: the object whose page the decision begins on, and ends on."""
        found = self.model_admin.get_object(self.request, self.kwargs["object_id"])
        if found is None:
            raise Http404
        return found

    @abstractmethod
    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """What will come of what was typed; changes nothing. Raises Problem if it is refused."""

    @abstractmethod
    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Do it, and return what was done, in words. Raises Problem if it is refused."""

    def explain(self, error: Problem) -> str:
        """Why it is refused, for people."""
        return error.detail

    # ------------------------------------------------------------------------------------------------------- steps
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A decision that nobody can take now leads back to the subject."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Problem as error:
            messages.error(request, self.explain(error))
            return self._leave()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Confirmed: do it. Else show what will come of it, or let them change what they typed."""
        if "confirm" in request.POST and (key := request.POST.get("key")):
            return self._confirm_once(key)
        form = self.get_form()
        if not form.is_valid() or "change" in request.POST:
            return self.form_invalid(form)
        return self._show(form)

    def _confirm_once(self, key: str) -> HttpResponse:
        """A key is good for one try, even if its process died midway: then nobody knows, and somebody has to look."""
        path = idempotency.request_hash("POST", self.request.path, None)
        try:
            begun = idempotency.begin(_SCOPE, current_actor(), idempotency.checked_key(key), path)
        except (IdempotencyInProgress, IdempotencyPayloadMismatch):
            begun = None
        if not isinstance(begun, idempotency.Claim) or begun.fencing > 1:
            messages.info(self.request, _("This was sent before. Here is what has become of it."))
            return self._leave()
        response = self._confirm()
        begun.complete(response.status_code, None)
        return response

    def _confirm(self) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        agreed = self.request.POST.get("agreed", "")
        try:
            if self.is_as_shown and self.outlook(form.cleaned_data).digest != agreed:
                return self._show(form, notice=gettext("It would come to something else by now: look at it again."))
            done = self.carry_out(form.cleaned_data, agreed)
        except Problem as error:
            return self._show(form, notice=self.explain(error))
        self.model_admin.log_change(self.request, self.subject, f"{self.title}: {form.cleaned_data['reason']}")
        messages.success(self.request, done)
        return self._leave()

    def _show(self, form: forms.Form, notice: str = "") -> HttpResponse:
        try:
            outlook = self.outlook(form.cleaned_data)
        except Problem as error:
            form.add_error(None, self.explain(error))
            return self.render_to_response(self.get_context_data(form=form), status=error.status)
        agreed = outlook.digest if self.is_as_shown else outlook.agreed
        context = self.get_context_data(form=form, outlook=outlook, agreed=agreed, notice=notice, key=new_id())
        return self.render_to_response(context, status=409 if notice else 200)

    # ------------------------------------------------------------------------------------------------------- pages
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the template needs, and what the header shows the way by."""
        opts = self.subject._meta  # noqa: SLF001 - Django's documented one
        return super().get_context_data(**kwargs, opts=opts, original=self.subject, leave=self._address())

    def _leave(self) -> HttpResponse:
        return redirect(self._address())

    def _address(self) -> str:
        opts = self.subject._meta  # noqa: SLF001
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[self.subject.pk])
