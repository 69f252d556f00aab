"""Local ports: finding free ones, and finding out whether something answers."""

import errno
import socket
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack

from embedded.errors import RunError

LOCALHOST = "127.0.0.1"
# Proxies that the environment names are for the world outside.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_ports(wishes: Sequence[int]) -> list[int]:
    """Different ports that nobody listens on at this moment: for each wish itself, or any if it is taken or 0."""
    with ExitStack() as sockets:
        held = [sockets.enter_context(_hold(wish)) for wish in wishes]
        return [int(one.getsockname()[1]) for one in held]


def _hold(wish: int) -> socket.socket:
    if wish:
        wished = socket.socket()
        wished.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run linger on it
        try:
            wished.bind((LOCALHOST, wish))
            wished.listen(1)  # only this finds another listener
        except OSError:
            wished.close()
        else:
            return wished
    any_port = socket.socket()
    any_port.bind((LOCALHOST, 0))
    return any_port


def refuse_taken(port: int) -> None:
    """Raises RunError unless a server of this user could listen on the port."""
    taken = RunError(f"port {port} is taken: stop what runs there or give --port N.")
    with socket.socket() as probe:
        # macOS lets one bind 127.0.0.1 while somebody else listens on every address, so ask first.
        if probe.connect_ex((LOCALHOST, port)) == 0:
            raise taken
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise taken from None
            raise RunError(f"port {port} cannot be used ({error.strerror}): give --port N.") from None


def answers(url: str, host: str) -> bool:
    """Whether GET answers 200 within two seconds. `host` is the Host header, for servers that check it."""
    try:
        request = urllib.request.Request(url, headers={"Host": host})
        with _direct.open(request, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False
