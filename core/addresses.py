"""Whence requests come: the peer of the connection, or whom a proxy of ours names as its own. And whither they go."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_IPV6_PREFIX = 64  # bits: what one household or machine is given; it can take any address in it

Address = IPv4Address | IPv6Address


def address_of(request: HttpRequest) -> Address | None:
    """The visitor's address; None over a Unix socket, which knows none."""
    return _read(request.META.get("REMOTE_ADDR", ""))


def network_of(request: HttpRequest) -> str:
    """What of the address a visitor cannot change at will: of IPv6 the network."""
    address = address_of(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def is_staff_site(request: HttpRequest) -> bool:
    """Whether the request is for the staff site, in whatever language."""
    match = request.resolver_match
    return bool(match and match.route.partition("/")[2].startswith(settings.ADMIN_PATH))


class ProxiesMiddleware:
    """Puts the visitor's address in the place of those of our own proxies (TRUSTED_PROXIES).

    Each proxy appends the peer that it saw to X-Forwarded-For, and whatever stands before that anyone may have written:
    so the header is read from its end, while it was written by one of ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.TRUSTED_PROXIES:
            hops = request.headers.get("X-Forwarded-For", "").split(",")
            address = address_of(request)
            while _is_ours(address) and hops and (address := _read(hops.pop())):
                request.META["REMOTE_ADDR"] = str(address)
        return self.get_response(request)


def _is_ours(address: Address | None) -> bool:
    # Whoever comes over a Unix socket is on this machine.
    return address is None or any(address in network for network in settings.TRUSTED_PROXIES)


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
