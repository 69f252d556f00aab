"""A guest's way back to a booking, by its reference and the e-mail address that it was made with."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.pages.access import remember
from bookings.pages.forms import FindForm
from bookings.queries import find_booking
from core import limits
from core.errors import NotFound


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The form; with the right pair, the booking."""
    form = FindForm(request.POST or None)
    if form.is_valid():
        limits.take("lookup", limits.where(request))
        try:
            booking = find_booking(form.cleaned_data["reference"], contact_email__iexact=form.cleaned_data["email"])
        except NotFound:
            form.add_error(None, _("There is no booking with this reference and this address. Please check both."))
        else:
            remember(request, booking.reference)
            return redirect("bookings:booking", booking.reference)
    return render(request, "bookings/find.html", {"form": form})
