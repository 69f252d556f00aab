"""The code on a ticket: which passenger of which booking, signed, so that a scanner can check it with our public key.

`B1.<booking reference>.<passenger's number in it>.<signature>`, the signature being Ed25519 (RFC 8032) over all before
it, in base64url without padding.
"""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from bookings.models import Booking, Passenger


def code_of(booking: Booking, passenger: Passenger) -> str:
    """The code of one of the booking's passengers; the same each time. The booking's passengers are prefetched."""
    everybody = sorted(one.pk for one in booking.passengers.all())  # they come and stay in this order
    told = f"B1.{booking.reference}.{everybody.index(passenger.pk) + 1}"
    signature = urlsafe_b64encode(_key(settings.TICKET_SECRETS[0]).sign(told.encode())).rstrip(b"=")
    return f"{told}.{signature.decode()}"


def _key(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(SHA256(), 32, salt=None, info=b"berth tickets").derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
