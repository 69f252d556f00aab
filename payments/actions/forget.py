"""Forget who paid: what gateways told of them, and what they were told. Amounts, times and ids stay."""

import json
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from bookings.actions.forget import forget_travellers
from bookings.models import Booking, Trip
from core.privacy import FORGOTTEN_EMAIL
from core.transactions import in_one_transaction
from payments.gateways.calls import redacted
from payments.models import GatewayEvent, Payment

TRIPS_A_RUN = 1_000


def forget_payers(bookings: QuerySet[Booking]) -> None:
    """Take names, addresses and the like out of what is stored of their payments, in the caller's transaction."""
    for payment in Payment.objects.filter(booking__in=bookings).exclude(status__in=Payment.OPEN):
        payment.parameters = redacted(payment.parameters)
        payment.save(update_fields=["parameters"])
    for event in GatewayEvent.objects.filter(payment__booking__in=bookings, processed_at__isnull=False):
        event.body = json.dumps(redacted(json.loads(event.body)))
        event.save(update_fields=["body"])


def forget_travellers_of_old() -> dict[str, int]:
    """Forget travellers and payers of trips that arrived RETENTION_DAYS ago. Returns how many trips and bookings."""
    counts = {"trips": 0, "bookings": 0}
    if settings.RETENTION:
        for trip_id in _due(timezone.now() - settings.RETENTION):
            counts["trips"] += 1
            counts["bookings"] += _forget_trip(trip_id)
    return counts


def _due(arrived_before: datetime) -> list[int]:
    """Trips that arrived before then and whose travellers are known, the oldest first."""
    known = Booking.objects.filter(trip=OuterRef("pk")).exclude(contact_email=FORGOTTEN_EMAIL)
    trips = Trip.objects.filter(Exists(known), service_date__lte=arrived_before.date())
    arrived = trips.annotate(arrives_at=Max("stops__arrives_at")).filter(arrives_at__lt=arrived_before)
    return list(arrived.order_by("service_date", "pk").values_list("pk", flat=True)[:TRIPS_A_RUN])


@in_one_transaction
def _forget_trip(trip_id: int) -> int:
    bookings = Booking.objects.filter(trip_id=trip_id)
    forget_payers(bookings)
    return forget_travellers(bookings)
