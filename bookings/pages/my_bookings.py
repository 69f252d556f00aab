"""The bookings of whoever is signed in, newest first."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.pages.booking import state_of
from bookings.queries import bookings_in_full

_ON_A_PAGE = 20


@never_cache
@require_safe
@login_required
def list_bookings(request: HttpRequest) -> HttpResponse:
    """One page of them."""
    found = bookings_in_full().filter(owner_id=request.user.pk).order_by("-id")
    page = Paginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    rows = [(booking, state_of(booking, now)) for booking in page]
    return render(request, "bookings/list.html", {"page": page, "rows": rows})
