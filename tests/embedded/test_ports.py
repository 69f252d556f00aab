"""A port that is taken is told before anything starts."""

import socket

import pytest

from embedded import commands
from embedded.errors import RunError
from embedded.ports import free_ports, refuse_taken


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_refused_with_advice(taken) -> None:
    with pytest.raises(RunError, match=f"port {taken} is taken: stop what runs there or give --port N"):
        refuse_taken(taken)


def test_a_free_port_is_not_refused() -> None:
    refuse_taken(free_ports([0])[0])


def test_a_port_that_cannot_exist_is_a_wrong_option(capsys) -> None:
    with pytest.raises(SystemExit):
        commands._parse(["--port", "70000"])

    assert "70000 is no port" in capsys.readouterr().err


def test_a_wish_is_granted_unless_somebody_listens_there(taken) -> None:
    [free] = free_ports([0])

    granted, other = free_ports([free, taken])

    assert granted == free
    assert other not in (taken, free)
