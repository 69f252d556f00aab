"""What is kept of the one who looks: to take along, or to be forgotten."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import privacy


def _me(request: HttpRequest) -> privacy.Person:
    return privacy.Person(user_id=cast("int", request.user.pk))


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """What is kept and for how long; a POST closes the account and forgets whose it was."""
    if request.method != "POST":
        return render(request, "account/privacy.html")
    try:
        privacy.forget(_me(request))
    except privacy.StillNeeded as error:
        return render(request, "account/privacy.html", {"reasons": error.members["reasons"]}, status=error.status)
    logout(request)
    messages.success(request, _("Your account is closed, and we have forgotten whose it was."))
    return redirect("bookings:search")


@never_cache
@login_required
@reauthentication_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """All of it as a file."""
    answer = JsonResponse(privacy.told(_me(request)), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer
