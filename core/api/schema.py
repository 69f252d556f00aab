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


_HEADERS: dict[str, dict[str, Any]] = {
    "X-Correlation-ID": {
        "description": "Stands in the log and in the history; the caller's own, if it was fit.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    },
    "Retry-After": {"description": "Seconds; with 429.", "schema": {"type": "integer", "minimum": 1}},
    "Idempotent-Replayed": {
        "description": "This is what the first request with the same key was answered.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}


def add_headers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """For drf-spectacular: tells the headers of every answer."""
    result["components"]["headers"] = _HEADERS
    for operation in (one for methods in result["paths"].values() for one in methods.values()):
        takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
        for status, answer in operation["responses"].items():
            has = {"X-Correlation-ID": True, "Retry-After": status == "4XX", "Idempotent-Replayed": takes_key}
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in has if has[name]}
    return result
