"""What Stripe's hosted page is asked to sell: https://docs.stripe.com/api/checkout/sessions/create"""

import time
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from core.correlation import current_id
from core.money import Money
from payments.gateways.stripe.reading import to_stripe
from payments.models import Payment

# Stripe takes sessions that end 30 minutes to 24 hours ahead. Ours end with the hold, by `end`; this is the longest
# hold, and a lost call to end it is made up for by the sweeper long before.
SESSION_LIFE = timedelta(minutes=61)
# Stripe's page has no Arabic and refuses to be asked for it; `auto` then follows the browser.
_LOCALES = {"en": "en"}


def parameters(payment: Payment) -> dict[str, Any]:
    """The session of a payment."""
    booking = payment.booking
    names = {
        "payment_id": str(payment.id),
        "booking_reference": booking.reference,
        "correlation_id": current_id(),
    }
    with override(booking.language):
        seats = len(booking.live_passengers())
        title = f"{booking.boarding.place.local_city} – {booking.alighting.place.local_city}"
        about = ngettext("%(number)s, %(seats)d seat", "%(number)s, %(seats)d seats", seats) % {
            "number": booking.trip.number,
            "seats": seats,
        }
        fee_title = _("Booking fee")
    lines = [(title, about, payment.fare_amount + payment.tax_amount), (fee_title, "", payment.fee_amount)]
    return {
        "mode": "payment",
        "client_reference_id": str(payment.id),
        "customer_email": booking.contact_email,
        "locale": _LOCALES.get(booking.language, "auto"),
        "expires_at": int(time.time() + SESSION_LIFE.total_seconds()),
        "success_url": payment.return_page(),
        "cancel_url": f"{payment.return_page()}?left=1",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": payment.currency.lower(),
                    "unit_amount": to_stripe(Money(amount, payment.currency)),
                    "product_data": {"name": name, **({"description": text} if text else {})},
                },
            }
            for name, text, amount in lines
            if amount
        ],
        "metadata": names,
        "payment_intent_data": {"metadata": names, "description": f"Berth {booking.reference}"},
    }
