"""System checks: what works, and should be known."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's name for it


@register
def redis_is_named(**_kwargs: Any) -> list[CheckMessage]:
    """Without Redis the service works, alone and more slowly."""
    if settings.REDIS_URL:
        return []
    return [
        Warning(
            "REDIS_URL is not set: each process caches for itself, and e-mails wait until a worker runs.",
            hint="Set REDIS_URL, or REDIS_HOST, REDIS_PORT and REDIS_PASSWORD.",
            id="core.W001",
        )
    ]
