"""What Flutterwave's hosted page is asked to take: https://developer.flutterwave.com/v3.0/docs/flutterwave-standard"""

from datetime import timedelta
from typing import Any

from core.correlation import current_id
from core.errors import invalid
from payments.gateways.flutterwave.reading import to_flutterwave
from payments.models import Payment

# As long as Stripe's: the longest hold, and a little. Nothing can end a page earlier; later money is late money.
PAGE_LIFE = timedelta(minutes=61)
# What merchants can be paid in: https://flutterwave.com/us/support, "currencies accepted on Flutterwave".
CURRENCIES = frozenset(
    (
        "NGN", "USD", "EUR", "GBP", "CAD", "CLP", "COP", "EGP", "GHS", "GNF", "KES", "MAD", "MWK", "RWF", "SLE", "STN",
        "TZS", "UGX", "XAF", "XOF", "ZAR", "ZMW",
    )
)  # fmt: skip


def parameters(payment: Payment) -> dict[str, Any]:
    """The page of a payment. Raises FieldsInvalid for a currency that Flutterwave does not take."""
    if payment.currency not in CURRENCIES:
        raise invalid("gateway", "currency", f"Payments in {payment.currency} are not offered through Flutterwave.")
    booking = payment.booking
    customer = {"email": booking.contact_email}
    if booking.contact_phone:
        customer["phonenumber"] = booking.contact_phone
    cities = f"{booking.boarding.place.local_city} – {booking.alighting.place.local_city}"
    return {
        "tx_ref": str(payment.id),
        "amount": to_flutterwave(payment.money),
        "currency": payment.currency,
        "redirect_url": payment.return_page(),
        "customer": customer,
        "session_duration": int(PAGE_LIFE.total_seconds() // 60),
        "customizations": {"title": "Berth", "description": f"{cities} · {booking.trip.number}"},
        "meta": {"booking_reference": booking.reference, "correlation_id": current_id()},
    }
