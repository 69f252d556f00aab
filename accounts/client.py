"""Where a request comes from, as far as it tells."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models.device import USER_AGENT_LENGTH


@dataclass(frozen=True)
class Client:
    """The program and the network address that a request came from."""

    user_agent: str
    ip: str | None

    @classmethod
    def of(cls, request: HttpRequest | Request) -> Self:
        """The sender of this request: the peer of the connection, since anyone can write X-Forwarded-For."""
        return cls(
            user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH],
            ip=_checked(request.META.get("REMOTE_ADDR", "")),
        )


def _checked(address: str) -> str | None:
    # The server of a Unix socket knows no address of its peer.
    try:
        return str(ip_address(address))
    except ValueError:
        return None
