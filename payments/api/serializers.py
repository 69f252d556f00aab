"""What the API takes about payments, and the shapes of its answers for the schema."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework import serializers

from core.api.schema import MoneySerializer
from payments.gateways import NAMES
from payments.models import PaymentStatus


class NewPaymentSerializer(serializers.Serializer[Any]):
    gateway = serializers.ChoiceField(choices=NAMES)
    return_url = serializers.URLField(
        max_length=500, required=False, default="", help_text="Below PUBLIC_URL or one of RETURN_ORIGINS."
    )

    def validate_return_url(self, value: str) -> str:
        """Only our own and the configured origins: a payment page must not become an open redirect."""
        if value and origin_of(value) not in {
            origin_of(url) for url in (settings.PUBLIC_URL, *settings.RETURN_ORIGINS)
        }:
            raise serializers.ValidationError("This origin is not allowed.", code="origin")
        return value


def origin_of(url: str) -> tuple[str, str]:
    """Scheme and host with port."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


class BreakdownSerializer(serializers.Serializer[Any]):
    fare = MoneySerializer()
    fees = MoneySerializer()
    tax = MoneySerializer()


class PaymentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    booking = serializers.CharField()
    gateway = serializers.ChoiceField(choices=NAMES)
    status = serializers.ChoiceField(choices=PaymentStatus.choices)
    amount = MoneySerializer()
    breakdown = BreakdownSerializer()
    checkout_url = serializers.URLField(allow_null=True)
    expires_at = serializers.DateTimeField()
    last_error = serializers.CharField(allow_null=True)


class SeatsSerializer(serializers.Serializer[Any]):
    seats = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=400,
        help_text="Seat numbers with commas between; all seats without it.",
    )

    def validate_seats(self, value: str) -> list[str]:
        """The numbers one by one."""
        return [seat.strip() for seat in value.split(",") if seat.strip()]


class CancellationSerializer(serializers.Serializer[Any]):
    seats = serializers.ListField(
        child=serializers.CharField(max_length=5),
        required=False,
        default=list,
        min_length=1,
        max_length=100,
        help_text="All seats without it.",
    )
    expected_refund = MoneySerializer()
    expected_fee = MoneySerializer(
        required=False, default=None, help_text="The quote's `fee`; with it nothing is kept that was not agreed to."
    )


class TierSerializer(serializers.Serializer[Any]):
    until = serializers.DateTimeField()
    refund_percent = serializers.IntegerField()
    fee = MoneySerializer()
    seats = serializers.ListField(child=serializers.CharField())


class QuoteSerializer(serializers.Serializer[Any]):
    refund = MoneySerializer()
    fee = MoneySerializer(help_text="What is kept of the price of these seats.")
    policy = TierSerializer(many=True)
    expires_at = serializers.DateTimeField(help_text="Until then this holds, unless something else happens.")
    seats = serializers.ListField(child=serializers.CharField())
