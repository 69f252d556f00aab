"""Where a request comes from, as far as it tells."""

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models.device import USER_AGENT_LENGTH
from core.addresses import address_of


@dataclass(frozen=True)
class Client:
    """The program and the network address that a request came from."""

    user_agent: str
    ip: str | None

    @classmethod
    def of(cls, request: HttpRequest | Request) -> Self:
        """The sender of this request."""
        address = address_of(request)
        return cls(
            user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH],
            ip=str(address) if address else None,
        )
