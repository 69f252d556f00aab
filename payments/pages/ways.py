"""The ways to pay that a booking's page offers."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from bookings.models import Booking
from core.errors import FieldsInvalid
from payments.gateways import NAMES, gateway
from payments.models import Payment

_BRANDS = {"stripe": "Stripe", "flutterwave": "Flutterwave"}
_MEANS: dict[str, Promise] = {
    "stripe": gettext_lazy("by card"),
    "flutterwave": gettext_lazy("by card or from a bank account"),
}


@dataclass(frozen=True)
class Way:
    """A gateway as travellers see it."""

    gateway: str

    @property
    def brand(self) -> str:
        """Its own name."""
        return _BRANDS[self.gateway]

    @property
    def means(self) -> str:
        """What one pays with there."""
        return str(_MEANS[self.gateway])


def ways_to_pay(booking: Booking) -> list[Way]:
    """Every gateway that is set up and takes what this booking owes."""
    return [Way(name) for name in NAMES if _takes(name, booking)]


def _takes(name: str, booking: Booking) -> bool:
    wanted = Payment(
        booking=booking,
        gateway=name,
        currency=booking.currency,
        amount=booking.owed.amount,
        fare_amount=booking.fare_amount,
        tax_amount=booking.tax_amount,
        fee_amount=booking.fee_amount,
    )
    try:
        gateway(name).parameters(wanted)
    except FieldsInvalid:
        return False
    return True
