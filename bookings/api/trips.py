"""Places, trips and seats: public."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings import queries
from bookings.api import presenters
from bookings.api.serializers import (
    PlaceSearchSerializer,
    PlaceSerializer,
    SeatsSerializer,
    StretchSerializer,
    TripDetailSerializer,
    TripSearchSerializer,
    TripSerializer,
    validated,
)
from core.api.pagination import NewestFirst, Page, page_of


class ByCode(NewestFirst):
    """Places in the order of their codes."""

    ordering = "code"


class PlaceListView(GenericAPIView[Any]):
    pagination_class = ByCode
    permission_classes = (AllowAny,)
    serializer_class = PlaceSerializer
    queryset = queries.places()

    @extend_schema(operation_id="places_list", parameters=[PlaceSearchSerializer], responses=PlaceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Places where trips stop."""
        asked = validated(PlaceSearchSerializer(data=request.query_params))
        page = self.paginate_queryset(queries.places(asked["q"]))
        return self.get_paginated_response([presenters.place_json(place) for place in page or ()])


class TripListView(APIView):
    limits: ClassVar = {"GET": "search"}
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="trips_list",
        parameters=[TripSearchSerializer, OpenApiParameter("cursor", str)],
        responses=Page.of(TripSerializer),
    )
    def get(self, request: Request) -> Response:
        """Trips on sale with enough free seats, by departure."""
        wanted = validated(TripSearchSerializer(data=request.query_params))
        found = queries.search_trips(wanted["origin"], wanted["destination"], wanted["date"])
        fitting = [one for one in found.trips if one.seats_left >= wanted["passengers"]]
        return Response(
            page_of(
                request,
                fitting,
                key=lambda one: f"{one.trip.departs_at.timestamp():.0f}-{one.trip.id}",
                present=lambda one: presenters.trip_json(one.trip, one.seats_left, found.origin, found.destination),
            )
        )


class TripView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="trip", parameters=[StretchSerializer], responses=TripDetailSerializer)
    def get(self, request: Request, trip_id: int) -> Response:
        """A trip with its stops and the cancellation policy that a booking made now would have."""
        asked = validated(StretchSerializer(data=request.query_params))
        stretch = queries.stretch(trip_id, asked["origin"].upper(), asked["destination"].upper())
        return Response(presenters.trip_detail_json(stretch, queries.offer(stretch)))


class TripSeatsView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="trip_seats", parameters=[StretchSerializer], responses=SeatsSerializer)
    def get(self, request: Request, trip_id: int) -> Response:
        """Every seat of the vehicle with price and state on the stretch, right now."""
        asked = validated(StretchSerializer(data=request.query_params))
        stretch = queries.stretch(trip_id, asked["origin"].upper(), asked["destination"].upper())
        seats = queries.seats(stretch, viewer_id=request.user.pk)
        return Response(
            {
                "trip": str(trip_id),
                "origin": presenters.named(stretch.boarding.place),
                "destination": presenters.named(stretch.alighting.place),
                "seats": [presenters.seat_json(seat) for seat in seats],
            }
        )
