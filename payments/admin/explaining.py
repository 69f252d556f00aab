"""Staff say what something is that no program can know: alike for findings and for lines of a balance."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.dialog import go_to
from core.admin.subject import subject
from core.errors import Problem


class NoteForm(BaseDialogForm):
    """What it is; kept with it."""

    note = forms.CharField(label=_("Explanation"), max_length=300, widget=UnfoldAdminTextInputWidget())


class Explaining(ModelAdmin):
    """The pages of what staff explain. Who may reconcile may do so."""

    def has_reconcile_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For actions with `permissions=["reconcile"]`."""
        return bool(request.user.has_perm("payments.reconcile"))

    def keep_explanation(
        self, request: HttpRequest, form: NoteForm, object_id: str, explain: Callable[..., Any]
    ) -> HttpResponse:
        """Have a use case keep what was typed, and tell how that went."""
        note, about = form.cleaned_data["note"], subject(self.model, object_id)
        try:
            explained = explain(about.pk, note=note)
        except Problem as error:
            self.message_user(request, error.detail, messages.ERROR)
        else:
            self.log_change(request, explained, f"Explained: {note}")
            self.message_user(request, gettext("It is explained."), messages.SUCCESS)
        return self.reload(object_id)

    def reload(self, object_id: str) -> HttpResponse:
        """Back to its page."""
        return go_to(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id]))
