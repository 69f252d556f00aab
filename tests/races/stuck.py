"""The web application, which hangs once the gateway has opened a session: the moment at which a test kills it."""

import os
from pathlib import Path
from threading import Event

from config.wsgi import application
from payments.gateways.base import Session
from payments.gateways.stripe import StripeGateway
from payments.models import Payment

__all__ = ["application"]

_start = StripeGateway.start


def start_and_hang(self: StripeGateway, payment: Payment) -> Session:
    """Open the session, tell the test by a file, and never come back with it."""
    session = _start(self, payment)
    Path(os.environ["SESSION_OPENED"]).touch()
    Event().wait()
    return session


StripeGateway.start = start_and_hang
