"""A program for the tests: `python -m tests.embedded.hold FOLDER [--throw-away] [--no-namespaces]`.

Starts PostgreSQL and Valkey on a state folder as run.py does, prints the environment as JSON and stays until it is told
to stop. With --no-namespaces the system refuses user namespaces, as a container often does.
"""

import json
import os
import sys
import time
from pathlib import Path

from embedded import environment, identity, postgres, stop_request, valkey
from embedded.errors import RunError
from embedded.identity import Identity
from embedded.stack import Stack
from embedded.state import State
from embedded.stop_request import StopRequest


def refused() -> Identity:
    """Stands for `identity.root_in_disguise` on such a system."""

    def enter() -> None:
        raise PermissionError("unshare")

    return Identity(os.geteuid(), os.getegid(), enter)


def hold(folder: Path, *, throw_away: bool) -> None:
    state = State(folder)
    state.take("hold")
    with Stack(state, "hold") as stack:
        ports = environment.choose_ports(os.environ, state, sandbox=False)
        postgres.start(stack, ports.postgres, os.environ, throw_away=throw_away)
        valkey.start(stack, ports.valkey, os.environ)
        env = environment.compose(os.environ, ports, state, environment="test", web_port=8000)
        stack.share(environment.shared(env))
        sys.stdout.write(json.dumps(environment.shared(env)) + "\n")
        sys.stdout.flush()
        while True:
            stack.check()
            time.sleep(0.05)


if __name__ == "__main__":
    if "--no-namespaces" in sys.argv:
        identity.root_in_disguise = refused
    stop_request.listen()
    try:
        hold(Path(sys.argv[1]), throw_away="--throw-away" in sys.argv)
    except StopRequest:
        sys.exit(0)
    except RunError as error:
        sys.exit(str(error))
