"""A program for the tests: `python -m tests.embedded.hold FOLDER [--only SERVER] [--throw-away] [--no-namespaces]`.

Starts PostgreSQL and Valkey, or only `postgres` or `valkey`, on a state folder as run.py does, prints the environment
as JSON and stays until it is told to stop. With --no-namespaces the system refuses user namespaces, as a container
often does.
"""

import argparse
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


def hold(folder: Path, *, only: str | None, throw_away: bool) -> None:
    state = State(folder)
    state.take("hold")
    with Stack(state, "hold") as stack:
        ports = environment.choose_ports(os.environ, state, sandbox=False)
        if only in (None, "postgres"):
            postgres.start(stack, ports.postgres, os.environ, throw_away=throw_away)
        if only in (None, "valkey"):
            valkey.start(stack, ports.valkey, os.environ)
        env = environment.compose(os.environ, ports, state, environment="test", web_port=8000)
        stack.share(environment.shared(env))
        sys.stdout.write(json.dumps(environment.shared(env)) + "\n")
        sys.stdout.flush()
        while True:
            stack.check()
            time.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=["postgres", "valkey"])
    parser.add_argument("--throw-away", action="store_true")
    parser.add_argument("--no-namespaces", action="store_true")
    given = parser.parse_args()
    if given.no_namespaces:
        identity.root_in_disguise = refused
    stop_request.listen()
    try:
        hold(given.folder, only=given.only, throw_away=given.throw_away)
    except StopRequest:
        sys.exit(0)
    except RunError as error:
        sys.exit(str(error))
