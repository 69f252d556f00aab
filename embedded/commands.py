"""What `run.py` offers."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from embedded import PROJECT, application, environment, installation, ports, postgres, stop_request, valkey
from embedded.environment import NOWHERE
from embedded.errors import RunError, sentence_for
from embedded.progress import say, step
from embedded.stack import Stack
from embedded.state import State
from embedded.stop_request import StopRequest
from embedded.welcome import welcome

STATE, TEST_STATE, BENCH_STATE = (PROJECT / name for name in (".state", ".state-test", ".state-bench"))
WEB_PORT = 8000
LAST_PORT = 65535
WATCH_SECONDS = 0.5
# The whole suite runs in two processes, each file whole in one of them: what a file has set up stays its own. What is
# asked for by name runs in one process, where a debugger can follow it.
SIDE_BY_SIDE = ["-p", "tests.side_by_side", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
STARTING_SECONDS = 120  # how long `manage` waits for a run that is still starting

DESCRIPTION = """\
Runs Berth on this machine: installs what it needs into .venv, starts everything, and tells how to sign in.

other commands:
  run.py test [pytest args]   run the tests, on servers of their own
  run.py manage COMMAND ...   run a management command against the demo's services
{bench}  run.py install [run|dev]    only install what running, or developing as well, needs

State, mails and logs are in .state/ (.state-test/ for tests); remove the folder to start afresh.
Variables that are set already win over everything that run.py would set: .env.example names them."""
BENCH = "  run.py bench [--peers]      run the benchmark suite\n"


def main(arguments: Sequence[str], *, install: bool = True) -> int:
    """Runs one command and returns its exit code. With `install` it first installs and moves into .venv."""
    stop_request.listen()
    try:
        return _dispatch(list(arguments), install=install)
    except RunError as error:
        for line in error.lines:
            say(f"  | {line}")
        say(f"run.py: {error}")
    except OSError as error:
        sentence = sentence_for(error)
        if not sentence:
            raise
        say(f"run.py: {sentence}")
    except StopRequest as request:
        return request.exit_code
    return 1


def start(state_folder: Path, port: int) -> int:
    """Runs everything until somebody asks to stop, which is 0. Port 0: any free one."""
    state = State(state_folder)
    state.take("start")
    port = port or ports.free_ports([0])[0]
    ports.refuse_taken(port)
    with Stack(state, "start") as stack:
        env = _start_servers(stack, "development", web_port=port)
        env.setdefault("LOG_FORMAT", "console")
        sign_ins = application.prepare(stack, env)
        application.serve(stack, env, port=port)
        stack.share(environment.shared(env))
        print(welcome(state, env, f"http://{ports.LOCALHOST}:{port}", sign_ins), flush=True)
        try:
            while True:
                stack.check()
                time.sleep(WATCH_SECONDS)
        except StopRequest:
            say("stopping …")
            return 0


def run_tests(state_folder: Path, arguments: Sequence[str]) -> int:
    """Runs pytest. The sandbox sends its webhooks nowhere: tests name an address of their own to it."""
    state = State(state_folder)
    state.take("test")
    with Stack(state, "test") as stack:
        env = _start_servers(stack, "test", throw_away=True, webhook_base=NOWHERE)
        return stack.run_in_foreground([sys.executable, "-m", "pytest", *(arguments or SIDE_BY_SIDE)], env=env)


def run_benchmarks(state_folder: Path, arguments: Sequence[str]) -> int:
    """Runs the benchmarks on servers as durable as those of `start`."""
    state = State(state_folder)
    state.take("bench")
    with Stack(state, "bench") as stack:
        env = _start_servers(stack, "development", webhook_base=NOWHERE)
        return stack.run_in_foreground([sys.executable, "-m", "benchmarks", *arguments], env=env)


def manage(state_folder: Path, arguments: Sequence[str]) -> int:
    """Runs manage.py with the services of a running `start`, in place of this process, or else with its own."""
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    state = State(state_folder)
    deadline = time.monotonic() + STARTING_SECONDS
    while not state.try_take("manage"):
        shared = state.read_run().get("environment")
        if shared:
            caller = {name: value for name, value in os.environ.items() if value or name not in shared}
            os.execve(command[0], command, {**shared, **caller})
        if time.monotonic() > deadline:
            raise state.in_use()
        time.sleep(0.1)
    with Stack(state, "manage") as stack:
        env = _start_servers(stack, "development", sandbox=False)
        return stack.run_in_foreground(command, env=env)


def _dispatch(arguments: list[str], *, install: bool) -> int:
    name = arguments[0] if arguments and arguments[0] in _commands() else "start"
    rest = arguments[1:] if name != "start" else arguments
    if os.environ.get("ENVIRONMENT") == "production":
        return _in_production(name, rest)
    if name == "install":
        return _only_install(rest)
    port = _parse(rest) if name == "start" else WEB_PORT
    if install:
        requirements = "run" if name in ("start", "manage") else "dev"
        installation.enter(PROJECT, requirements, [str(PROJECT / "run.py"), *arguments])
    match name:
        case "test":
            return run_tests(TEST_STATE, rest)
        case "bench":
            return run_benchmarks(BENCH_STATE, rest)
        case "manage":
            return manage(STATE, rest)
        case _:
            return start(STATE, port)


def _commands() -> set[str]:
    return {"test", "manage", "install", *(["bench"] if _has_benchmarks() else [])}


def _has_benchmarks() -> bool:
    return (PROJECT / "benchmarks" / "__main__.py").exists()


def _parse(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description=DESCRIPTION.format(bench=BENCH if _has_benchmarks() else ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=WEB_PORT, metavar="N", help=f"where the site listens ({WEB_PORT})"
    )
    return int(parser.parse_args(arguments).port)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def _only_install(arguments: Sequence[str]) -> int:
    if len(arguments) > 1 or set(arguments) - {"run", "dev"}:
        raise RunError("say `install`, `install run` or `install dev`.")
    installation.ensure(PROJECT, arguments[0] if arguments else "run")
    return 0


def _in_production(name: str, arguments: Sequence[str]) -> int:
    """Only manage.py, with the environment as it is and the installation that is there."""
    if name != "manage":
        raise RunError("with ENVIRONMENT=production run.py offers `manage` alone.")
    python = installation.python_of(PROJECT)
    command = [str(python) if python.exists() else sys.executable, str(PROJECT / "manage.py"), *arguments]
    os.execv(command[0], command)


def _start_servers(
    stack: Stack,
    kind: str,
    *,
    web_port: int = WEB_PORT,
    throw_away: bool = False,
    sandbox: bool = True,
    webhook_base: str = "",
) -> dict[str, str]:
    """Starts the servers that the caller has not named, and returns the environment for what uses them.

    `kind` is the ENVIRONMENT; the sandbox sends webhooks to `webhook_base`, or to the site itself.
    """
    chosen = environment.choose_ports(os.environ, stack.state, sandbox=sandbox)
    env = environment.compose(os.environ, chosen, stack.state, environment=kind, web_port=web_port)
    if chosen.postgres:
        with step("starting PostgreSQL"):
            postgres.start(stack, chosen.postgres, os.environ, throw_away=throw_away)
    if chosen.valkey:
        with step("starting Valkey"):
            valkey.start(stack, chosen.valkey, os.environ)
    if chosen.sandbox:
        with step("starting the gateway sandbox"):
            base = webhook_base or env["PUBLIC_URL"]
            application.start_sandbox(stack, env, port=chosen.sandbox, webhook_base=base)
    return env
