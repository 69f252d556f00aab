"""What the API takes, checked here and nowhere else, and the shapes of its answers for the schema."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from bookings.models import BookingPaymentStatus, BookingStatus, PassengerStatus, TripStatus
from bookings.models.mode import Mode
from bookings.models.place import Place
from core.api.schema import MoneySerializer

_SEAT_LENGTH = 6
YEARS = range(2000, 2101)


# ---------------------------------------------------------------------------------------------------------- requests
class TripSearchSerializer(serializers.Serializer[Any]):
    origin = serializers.CharField(max_length=8)
    destination = serializers.CharField(max_length=8)
    date = serializers.DateField(help_text="Local date at the origin.")
    passengers = serializers.IntegerField(min_value=1, max_value=500, default=1)

    def validate_origin(self, value: str) -> str:
        return value.upper()

    validate_destination = validate_origin

    def validate_date(self, value: dt.date) -> dt.date:
        if value.year not in YEARS:
            raise serializers.ValidationError("No trips run in this year.", code="out_of_range")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["origin"] == attrs["destination"]:
            raise serializers.ValidationError({"destination": "Must differ from the origin."}, code="same_place")
        return attrs


class PlaceSearchSerializer(serializers.Serializer[Any]):
    q = serializers.CharField(
        max_length=80, required=False, allow_blank=True, default="", help_text="A part of code, name or city."
    )


class StretchSerializer(serializers.Serializer[Any]):
    origin = serializers.CharField(max_length=8, required=False, allow_blank=True, default="")
    destination = serializers.CharField(max_length=8, required=False, allow_blank=True, default="")


class ContactSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")


class TravellerSerializer(serializers.Serializer[Any]):
    seat = serializers.CharField(max_length=_SEAT_LENGTH)
    full_name = serializers.CharField(max_length=120)
    document = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class NewBookingSerializer(serializers.Serializer[Any]):
    trip = serializers.RegexField(r"^\d{1,18}$", help_text="The trip's id.")
    origin = serializers.CharField(max_length=8)
    destination = serializers.CharField(max_length=8)
    seats = serializers.ListField(child=serializers.CharField(max_length=_SEAT_LENGTH), min_length=1, max_length=500)
    contact = ContactSerializer()
    passengers = TravellerSerializer(many=True, required=False, default=list)

    def validate_seats(self, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise serializers.ValidationError("A seat is named twice.", code="duplicate")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        seats = [passenger["seat"] for passenger in attrs["passengers"]]
        if len(set(seats)) != len(seats):
            raise serializers.ValidationError({"passengers": "A seat is named twice."}, code="duplicate")
        if unknown := set(seats) - set(attrs["seats"]):
            raise serializers.ValidationError(
                {"passengers": f"{', '.join(sorted(unknown))} is not among the seats."}, code="unknown"
            )
        return attrs


# ----------------------------------------------------------------------------------------------------------- answers
class PlaceSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()
    timezone = serializers.CharField()
    kind = serializers.ChoiceField(choices=Place.Kind.choices)


class NamedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class TripSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    mode = serializers.ChoiceField(choices=Mode.choices)
    number = serializers.CharField()
    operator = NamedSerializer()
    origin = NamedSerializer()
    destination = NamedSerializer()
    departs_at = serializers.DateTimeField()
    arrives_at = serializers.DateTimeField()
    price = MoneySerializer(allow_null=True)
    seats_left = serializers.IntegerField()
    status = serializers.ChoiceField(choices=TripStatus.choices)


class StopSerializer(NamedSerializer):
    position = serializers.IntegerField()
    arrives_at = serializers.DateTimeField()
    departs_at = serializers.DateTimeField()


class PolicyTierSerializer(serializers.Serializer[Any]):
    hours_before = serializers.IntegerField()
    refund_percent = serializers.IntegerField()
    fee = serializers.IntegerField(required=False, help_text="Kept of each seat besides, minor units.")


class TripDetailSerializer(TripSerializer):
    stops = StopSerializer(many=True)
    cancellation_policy = PolicyTierSerializer(many=True)


class SeatSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.CharField()
    fare_class = serializers.CharField()
    price = MoneySerializer(allow_null=True)
    status = serializers.ChoiceField(choices=["free", "held", "sold", "yours", "blocked"])
    features = serializers.ListField(child=serializers.CharField())


class SeatsSerializer(serializers.Serializer[Any]):
    trip = serializers.CharField()
    origin = NamedSerializer()
    destination = NamedSerializer()
    seats = SeatSerializer(many=True)


class PassengerSerializer(serializers.Serializer[Any]):
    seat = serializers.CharField()
    full_name = serializers.CharField()
    document = serializers.CharField()
    status = serializers.ChoiceField(choices=PassengerStatus.choices)


class HistorySerializer(serializers.Serializer[Any]):
    to = serializers.CharField()
    at = serializers.DateTimeField()
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python's own.
        return {"from": serializers.CharField(allow_null=True), **super().get_fields()}


class BookingSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    status = serializers.ChoiceField(choices=BookingStatus.choices)
    payment_status = serializers.ChoiceField(choices=BookingPaymentStatus.choices)
    trip = serializers.CharField()
    origin = NamedSerializer()
    destination = NamedSerializer()
    departs_at = serializers.DateTimeField()
    arrives_at = serializers.DateTimeField()
    seats = serializers.ListField(child=serializers.CharField())
    passengers = PassengerSerializer(many=True)
    contact = ContactSerializer()
    total = MoneySerializer()
    paid = MoneySerializer()
    refunded = MoneySerializer()
    expires_at = serializers.DateTimeField(allow_null=True)
    hold_extendable = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    history = HistorySerializer(many=True)


def validated(serializer: serializers.BaseSerializer[Any]) -> Any:
    """The checked data. Raises ValidationError, which becomes a problem document."""
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
