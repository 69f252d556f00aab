from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class NameForm(forms.Form):
    """The name, asked for at sign-up beside what allauth asks."""

    full_name = forms.CharField(
        label=_("Full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ("full_name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth for the new user: keep the name, and the language that the page was read in."""
        user.full_name = self.cleaned_data["full_name"]
        user.language = request.LANGUAGE_CODE
        user.save(update_fields=["full_name", "language"])
