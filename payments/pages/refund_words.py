"""Refunds in the words of whoever gets them."""

from django.utils.translation import gettext as _

from payments.models import Refund, RefundReason

# Working days until the money shows: https://docs.stripe.com/refunds and
# https://developer.flutterwave.com/v3.0/docs/refunds; where nothing is said here, Stripe's.
_ARRIVAL = {"stripe": (5, 10), "flutterwave": (3, 15)}


def arrival(gateway: str) -> str:
    """How long money takes that was sent back through a gateway."""
    first, last = _ARRIVAL.get(gateway, _ARRIVAL["stripe"])
    return _("Banks usually take %(first)s to %(last)s working days to show it.") % {"first": first, "last": last}


def why(refund: Refund) -> str:
    """Why it goes back; empty where only staff would understand."""
    return "" if refund.reason == RefundReason.GATEWAY else str(refund.get_reason_display())
