"""The gateways behind one interface. Only the modules of this package import a gateway's SDK."""

from collections.abc import Callable

from django.conf import settings

from core.errors import invalid
from payments.gateways.base import Gateway
from payments.gateways.flutterwave import FlutterwaveGateway
from payments.gateways.stripe import StripeGateway

_GATEWAYS: dict[str, Callable[[], Gateway]] = {"stripe": StripeGateway, "flutterwave": FlutterwaveGateway}
NAMES = tuple(_GATEWAYS)


def offered_names() -> list[str]:
    """The gateways whose keys are set."""
    return [name for name in NAMES if _is_offered(name)]


def gateway(name: str) -> Gateway:
    """The gateway of that name. Raises FieldsInvalid if it is not offered."""
    if _is_offered(name):
        return _GATEWAYS[name]()
    raise invalid("gateway", "unknown", f"Payments through {name} are not offered.")


def _is_offered(name: str) -> bool:
    match name:
        case "stripe":
            return bool(settings.STRIPE_SECRET_KEY)
        case "flutterwave":
            keys = (settings.FLUTTERWAVE_PUBLIC_KEY, settings.FLUTTERWAVE_SECRET_KEY)
            return all(keys) and bool(settings.FLUTTERWAVE_WEBHOOK_SECRETS)
    return False
