from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import link, money_column, status_column, time_column
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from payments.models import Refund

STATUS = status_column(
    _("status"),
    {"requested": "info", "submitting": "info", "submitted": "info", "succeeded": "success", "failed": "danger"},
)
AMOUNT = money_column("amount", _("amount"))
CREATED = time_column("created_at", _("requested at"))


@admin.register(Refund)
class RefundAdmin(WithSections, ReadOnly, ModelAdmin):
    """Money on its way back, newest first."""

    list_display = (CREATED, "for_booking", STATUS, AMOUNT, "reason")
    list_filter = ("status", "reason", "currency", "created_at")
    list_select_related = ("payment__booking",)
    search_fields = ("payment__booking__reference__iexact", "payment__intent_id__exact", "payment__charge_id__exact")
    search_help_text = _("Booking, or an id of the payment service (pi_…, ch_…)")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (("for_booking", STATUS), (AMOUNT, "of_payment"), (CREATED, "reason"))

    def sections(self, request: HttpRequest, obj: Refund) -> Iterable[Section]:
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("refund")})

    @admin.display(description=_("booking"))
    def for_booking(self, refund: Refund) -> SafeString:
        booking = refund.payment.booking
        return link("bookings_booking", booking.pk, booking.reference)

    @admin.display(description=_("payment"))
    def of_payment(self, refund: Refund) -> SafeString:
        return link("payments_payment", refund.payment_id, refund.payment_id)
