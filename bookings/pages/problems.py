"""What people read when a use case refuses: errors have stable codes, and each code its words in both languages."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.errors import NotFound, Problem

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

_WORDS: dict[str, Promise] = {
    "trip_closed": gettext_lazy("This trip is not on sale any more."),
    "still_needed": gettext_lazy(
        "There are bookings that are held, or whose journey is still to come. Travel or cancel them first."
    ),
    "hold_expired": gettext_lazy("The time to pay is over, and the seats are on sale again."),
    "hold_limit_reached": gettext_lazy("The time cannot be extended any further."),
    "too_many_seats": gettext_lazy("These are more seats than one person may hold at once."),
    "passengers_incomplete": gettext_lazy("Every passenger needs a name before you can pay."),
    "payment_in_progress": gettext_lazy("A payment is under way. Finish it or give it up first."),
    "invalid_state": gettext_lazy("The booking has changed meanwhile. This is how it stands now."),
    "idempotency_in_progress": gettext_lazy("Your request is still being worked on. Please look again in a moment."),
    "gateway_error": gettext_lazy(
        "The payment service did not accept the request. No money was taken; please try again."
    ),
    "gateway_unavailable": gettext_lazy(
        "The payment service cannot be reached right now. No money was taken; please try again in a minute."
    ),
    "rate_limited": gettext_lazy("That was too often. Please wait a minute and try again."),
    "validation_error": gettext_lazy("Something in the form does not fit. Please check it."),
}


def explain(problem: Problem) -> str:
    """The problem in the reader's language."""
    seats: list[str] = problem.members.get("seats", [])
    if problem.code == "seat_unavailable" and seats:
        return ngettext(
            "Seat %(seats)s was taken a moment ago. Please choose another one.",
            "Seats %(seats)s were taken a moment ago. Please choose others.",
            len(seats),
        ) % {"seats": _(", ").join(seats)}
    if problem.code == "seat_unavailable":
        return _("The seats were sold to somebody else meanwhile.")
    return str(_WORDS.get(problem.code) or _("Something went wrong. Please try again."))


def tell_problems(view: View[P]) -> View[P]:
    """A problem becomes a message on the page of the booking that the view is about; nothing to see becomes 404."""

    @functools.wraps(view)
    def run(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error
        except Problem as error:
            if "reference" not in kwargs:
                raise
            messages.error(request, explain(error))
            return redirect("bookings:booking", kwargs["reference"])

    return run
