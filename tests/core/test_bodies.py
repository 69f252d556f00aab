"""A connection serves on after a request whose body no view has read, at the server that production uses."""

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from tests.services import PATIENCE

LATE = 0.02  # seconds between head and body, as a busy client sends them


@contextmanager
def connected(web: str) -> Iterator[socket.socket]:
    parts = urlsplit(web)
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as line:
        yield line


def head(path: str, length: int, token: str = "") -> bytes:
    fields = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {length}"]
    if token:
        fields.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(fields) + "\r\n\r\n").encode()


def status(line: socket.socket) -> int:
    """Of the next answer, read to its end."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.recv(65536) or pytest.fail("the server closed the connection")
    top, _, body = received.partition(b"\r\n\r\n")
    length = int(next(field for field in top.lower().split(b"\r\n") if field.startswith(b"content-length")).split()[1])
    while len(body) < length:
        body += line.recv(65536) or pytest.fail("the server closed the connection")
    return int(top.split()[1])


def token() -> str:
    user = User.objects.create_user("traveller@example.com")
    access = AccessToken()
    access["sub"], access["device"] = str(user.pk), str(uuid.uuid4())
    return str(access)


@pytest.mark.parametrize(
    ("path", "who", "expected"),
    [
        ("/api/v1/bookings", str, 401),
        (f"/api/v1/payments/{uuid.uuid4()}/sync", token, 404),
        ("/health/live", str, 403),  # a form from elsewhere
    ],
    ids=["not signed in", "takes no body", "forged"],
)
def test_the_next_request_is_answered_on_the_same_connection(web, path: str, who: Callable[[], str], expected: int):
    bearer = who()
    with connected(web) as line:
        for _request in range(3):
            line.sendall(head(path, 2, bearer))
            # Nobody answers before the body is there: the wait is what a server that does not read it would use.
            line.settimeout(LATE)
            with pytest.raises(TimeoutError):
                line.recv(1, socket.MSG_PEEK)
            line.settimeout(PATIENCE)
            line.sendall(b"{}")
            assert status(line) == expected


def test_a_large_body_that_nobody_wants_is_not_read(web):
    with connected(web) as line:
        line.sendall(head("/api/v1/bookings", 64 * 1024 + 1))
        assert status(line) == 401
