"""OpenAPI: every operation documents the problem document beside its answers."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """application/problem+json (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    correlation_id = serializers.CharField()
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # the member is named so
    seats = serializers.ListField(child=serializers.CharField(), required=False)
    state = serializers.CharField(required=False)
    retry_after = serializers.IntegerField(required=False, help_text="Seconds.")


class MoneySerializer(serializers.Serializer[Any]):
    """Minor units of a currency."""

    amount = serializers.IntegerField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217.")


class ProblemAwareSchema(AutoSchema):
    """Adds the 4XX and 5XX problem answers to every operation."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for statuses in ("4XX", "5XX"):
            answer = self._get_response_for_code(  # type: ignore[no-untyped-call]
                ProblemSerializer, statuses, media_types=["application/problem+json"]
            )
            bodies.setdefault(statuses, answer)
        return bodies
