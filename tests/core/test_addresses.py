"""Whose address a request has: X-Forwarded-For is believed as far as proxies of ours wrote it."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core.addresses import ProxiesMiddleware, address_of

VISITOR = "203.0.113.9"


def address(peer: str, forwarded: str | None = None) -> str:
    """The visitor's address, when `peer` connects and sends this header."""
    seen = []

    def view(request):
        seen.append(str(address_of(request)))
        return HttpResponse()

    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    ProxiesMiddleware(view)(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))
    return seen[0]


@pytest.fixture
def proxies(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize("peer", [VISITOR, "10.0.0.1", ""])
def test_without_proxies_of_ours_nobody_is_believed(settings, peer):
    settings.TRUSTED_PROXIES = []
    assert address(peer, "198.51.100.7") == (peer or "None")


@pytest.mark.usefixtures("proxies")
@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.1", VISITOR, VISITOR),
        ("fd00::1", VISITOR, VISITOR),
        ("::ffff:10.0.0.1", VISITOR, VISITOR),
        ("", VISITOR, VISITOR),  # a Unix socket
        ("10.0.0.1", f"{VISITOR}, 10.2.3.4", VISITOR),  # one behind the other
        ("10.0.0.1", f"10.9.9.9, {VISITOR}", VISITOR),  # what the visitor wrote comes first
        ("10.0.0.1", f"127.0.0.1,198.51.100.7,{VISITOR}", VISITOR),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        (VISITOR, "198.51.100.7", VISITOR),  # no proxy of ours
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", f"{VISITOR}, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 10.2.3.4", "10.2.3.4"),
    ],
)
def test_a_proxy_of_ours_names_its_peer(peer, forwarded, found):
    assert address(peer, forwarded) == found
