"""A user's bookings."""

from typing import Any, ClassVar, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings import queries
from bookings.actions.extend import extend
from bookings.actions.hold import Contact, Key, Traveller, hold
from bookings.actions.name_passengers import name_passengers
from bookings.api.presenters import booking_json
from bookings.api.serializers import BookingSerializer, NewBookingSerializer, TravellerSerializer, validated
from bookings.models import Booking, BookingStatus
from bookings.tickets.files import CALENDAR, PDF, TicketFile
from core import idempotency
from core.api.idempotent import KEY_HEADER, answer_once
from core.errors import IdempotencyPayloadMismatch, Problem

SCOPE = "booking.create"


class BookingListView(GenericAPIView[Any]):
    limits: ClassVar = {"POST": "hold"}
    serializer_class = BookingSerializer
    queryset = Booking.objects.none()

    @extend_schema(
        operation_id="bookings_list",
        parameters=[OpenApiParameter("status", str, enum=BookingStatus.values)],
        responses=BookingSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One's own bookings, newest first."""
        mine = queries.bookings_in_full().filter(owner_id=request.user.pk)
        if status := validated(_Filter(data=request.query_params)).get("status"):
            mine = mine.filter(status=status)
        page = self.paginate_queryset(mine) or []
        changes = queries.history(page)
        return self.get_paginated_response([booking_json(booking, changes[booking.pk]) for booking in page])

    @extend_schema(
        operation_id="booking_create",
        parameters=[KEY_HEADER],
        request=NewBookingSerializer,
        responses={201: BookingSerializer},
    )
    def post(self, request: Request) -> Response:
        """Hold seats: all of them or none. The answer's `expires_at` tells how long."""
        wanted = validated(NewBookingSerializer(data=request.data))
        owner_id = cast("int", request.user.pk)

        def work(claim: idempotency.Claim) -> tuple[int, dict[str, Any]]:
            try:
                booking = hold(
                    trip_id=int(wanted["trip"]),
                    origin=wanted["origin"].upper(),
                    destination=wanted["destination"].upper(),
                    seats=wanted["seats"],
                    contact=Contact(**wanted["contact"], language=request.LANGUAGE_CODE),
                    travellers=[Traveller(**traveller) for traveller in wanted["passengers"]],
                    owner_id=owner_id,
                    key=Key(claim.key, claim.request_hash),
                    before_commit=lambda booking: claim.complete(201, booking_json(booking)),
                )
            except Problem:
                # What this key made once is its answer, even if the trip could not be booked any more.
                if earlier := _made_before(owner_id, claim):
                    return _complete(claim, earlier)
                raise
            return 201, booking_json(booking)

        return answer_once(request, SCOPE, wanted, work)


class _Filter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=BookingStatus.choices, required=False)


def _made_before(owner_id: int, claim: idempotency.Claim) -> Booking | None:
    """The booking that this key made: a booking keeps its key when the stored answer is long gone, or never was."""
    booking = queries.bookings_in_full().filter(owner_id=owner_id, idempotency_key=claim.key).first()
    if booking and booking.request_hash != claim.request_hash:
        raise IdempotencyPayloadMismatch
    return booking


def _complete(claim: idempotency.Claim, booking: Booking) -> tuple[int, dict[str, Any]]:
    answer = booking_json(booking, queries.history([booking])[booking.pk])
    claim.complete(201, answer)
    return 201, answer


class OwnBookingView(APIView):
    """Base of the views of one booking of the caller."""

    def own(self, request: Request, reference: str) -> Booking:
        """The booking. Raises NotFound, for another's too."""
        return queries.find_booking(reference, owner_id=request.user.pk)

    @staticmethod
    def answer(booking: Booking) -> Response:
        """The booking with its history."""
        return Response(booking_json(booking, queries.history([booking])[booking.pk]))


class BookingView(OwnBookingView):
    @extend_schema(operation_id="booking", responses=BookingSerializer)
    def get(self, request: Request, reference: str) -> Response:
        """One booking."""
        return self.answer(self.own(request, reference))


class TicketFileView(OwnBookingView):
    """Base of the views of a ticket's files."""

    file: ClassVar[TicketFile]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:  # noqa: FBT001, FBT002
        """A file is what it is, and a refusal a problem document, whatever the caller accepts."""
        return JSONRenderer(), JSONRenderer.media_type

    def get(self, request: Request, reference: str) -> HttpResponse:
        """The file, in the language that the caller accepts."""
        return self.file.answer(self.own(request, reference))


@extend_schema_view(get=extend_schema(responses={(200, PDF.content_type): OpenApiTypes.BINARY}))
class TicketView(TicketFileView):
    file = PDF


@extend_schema_view(get=extend_schema(responses={(200, CALENDAR.content_type): OpenApiTypes.BINARY}))
class CalendarView(TicketFileView):
    file = CALENDAR


class ExtendView(OwnBookingView):
    @extend_schema(operation_id="booking_extend", request=None, responses=BookingSerializer)
    def post(self, request: Request, reference: str) -> Response:
        """Let the hold run longer."""
        return self.answer(extend(self.own(request, reference).pk))


class PassengersView(OwnBookingView):
    @extend_schema(
        operation_id="booking_passengers",
        request=TravellerSerializer(many=True),
        responses=BookingSerializer,
    )
    def put(self, request: Request, reference: str) -> Response:
        """Say who travels on which seat; seats that are not named keep their passenger."""
        booking = self.own(request, reference)
        travellers = validated(TravellerSerializer(data=request.data, many=True, allow_empty=False))
        return self.answer(name_passengers(booking.pk, [Traveller(**traveller) for traveller in travellers]))
