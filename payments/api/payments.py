"""Paying for a booking."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.api.bookings import OwnBookingView
from bookings.api.presenters import booking_json
from bookings.api.serializers import BookingSerializer, validated
from bookings.models import Booking
from bookings.queries import history
from core import idempotency
from core.api.idempotent import KEY_HEADER, answer_once
from core.errors import InvalidState
from core.money import Money
from payments.actions.abandon import abandon
from payments.actions.cancel import Wish, cancel
from payments.actions.start import Started, start_payment
from payments.actions.sync import sync
from payments.api.presenters import payment_json, quote_json
from payments.api.serializers import (
    CancellationSerializer,
    NewPaymentSerializer,
    PaymentSerializer,
    QuoteSerializer,
    SeatsSerializer,
)
from payments.models import Payment
from payments.queries import find_payment
from payments.quotes import quote


class PaymentListView(OwnBookingView):
    limits: ClassVar = {"POST": "pay"}

    @extend_schema(
        operation_id="payment_create",
        parameters=[KEY_HEADER],
        request=NewPaymentSerializer,
        responses={201: PaymentSerializer, 200: PaymentSerializer},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Start paying what the booking owes; send the traveller to `checkout_url`. An open payment is gone on with."""
        booking = self.own(request, reference)
        wanted = validated(NewPaymentSerializer(data=request.data))

        def work(claim: idempotency.Claim) -> tuple[int, dict[str, Any]]:
            started = start_payment(
                booking.pk,
                wanted["gateway"],
                return_url=wanted["return_url"],
                claim=claim,
                before_commit=lambda started: claim.complete(*_answer(started)),
            )
            return _answer(started)

        return answer_once(request, "payment.intent", wanted, work)


def _with_history(booking: Booking) -> dict[str, Any]:
    return booking_json(booking, history([booking])[booking.pk])


def _answer(started: Started) -> tuple[int, dict[str, Any]]:
    return 201 if started.new else 200, payment_json(started.payment)


class OwnPaymentView(APIView):
    """Base of the views of one payment of the caller."""

    def own(self, request: Request, payment_id: UUID) -> Payment:
        """The payment. Raises NotFound, for another's too."""
        return find_payment(payment_id, booking__owner_id=request.user.pk)


class PaymentView(OwnPaymentView):
    @extend_schema(operation_id="payment", responses=PaymentSerializer)
    def get(self, request: Request, payment_id: UUID) -> Response:
        """One payment."""
        return Response(payment_json(self.own(request, payment_id)))


class SyncView(OwnPaymentView):
    limits: ClassVar = {"POST": "sync"}

    @extend_schema(operation_id="payment_sync", request=None, responses=PaymentSerializer)
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Ask the gateway now, and answer with what it says."""
        return Response(payment_json(sync(self.own(request, payment_id).pk)))


class CancelView(OwnPaymentView):
    @extend_schema(operation_id="payment_cancel", request=None, responses=PaymentSerializer)
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Give the payment up; the booking goes back to `pending` while its hold runs."""
        payment = abandon(self.own(request, payment_id).pk)
        if payment.is_open or payment.is_paid:
            raise InvalidState("The payment cannot be given up any more.", state=payment.status)
        return Response(payment_json(payment))


class CancellationView(OwnBookingView):
    @extend_schema(operation_id="booking_cancellation", parameters=[SeatsSerializer], responses=QuoteSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """What would come back now, for these seats or all of them, and until when that holds."""
        asked = validated(SeatsSerializer(data=request.query_params))
        return Response(quote_json(quote(self.own(request, reference), timezone.now(), asked["seats"])))

    @extend_schema(
        operation_id="booking_cancel",
        parameters=[KEY_HEADER],
        request=CancellationSerializer,
        responses=BookingSerializer,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Cancel the booking, or these seats of it, for the refund that was quoted."""
        booking = self.own(request, reference)
        wanted = validated(CancellationSerializer(data=request.data))

        def work(claim: idempotency.Claim) -> tuple[int, dict[str, Any]]:
            wish = Wish(
                expected=Money(**wanted["expected_refund"]),
                fee=Money(**wanted["expected_fee"]) if wanted["expected_fee"] else None,
                seats=wanted["seats"],
                reason="Cancelled by the traveller.",
            )
            cancelled = cancel(
                booking.pk,
                wish,
                before_commit=lambda done: claim.complete(200, _with_history(done)),
            )
            return 200, _with_history(cancelled)

        return answer_once(request, "booking.cancel", wanted, work)
