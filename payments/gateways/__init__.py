"""The gateways behind one interface. Only the modules of this package import a gateway's SDK."""

from django.conf import settings

from core.errors import invalid
from payments.gateways.base import Gateway
from payments.gateways.stripe import StripeGateway

NAMES = ("stripe",)


def gateway(name: str) -> Gateway:
    """The gateway of that name. Raises FieldsInvalid if it is not offered."""
    if name == "stripe" and settings.STRIPE_SECRET_KEY:
        return StripeGateway()
    raise invalid("gateway", "unknown", f"Payments through {name} are not offered.")
