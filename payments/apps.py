from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    never_deleted = (
        "payments_payment",
        "payments_refund",
        "payments_refundattempt",
        "payments_dispute",
        "payments_payout",
        "payments_balancetransaction",
        "payments_gatewayevent",
        "payments_gatewaycall",
    )
    verbose_name = _("Payments")
