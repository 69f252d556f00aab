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


class CancellationSerializer(serializers.Serializer[Any]):
    expected_refund = MoneySerializer()
