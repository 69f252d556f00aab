"""Whatever is asked of the API is answered as docs/openapi.yaml says, and nobody is told what is another's.

SCHEMA_SECONDS lets all callers together ask for so long, SCHEMA_SEED repeats a run; see docs/developer-reference.md.
"""

import os
import time
from random import randrange

import pytest
import yaml

from tests.database import every_row
from tests.docs.documents import read
from tests.schema.fuzz import Caller, Fuzzed, fuzz
from tests.schema.sensible import sensible
from tests.schema.world import SECRET, World
from tests.services import Sandbox

SECONDS = int(os.environ.get("SCHEMA_SECONDS", "0"))
SEED = int(os.environ.get("SCHEMA_SEED") or (randrange(2**32) if SECONDS else 1))
EXAMPLES = 40 if SECONDS else 10  # that are made up of each operation; as often as there is time for, if there is any
CALLERS = ("user", "stranger", "nobody")
CLOSE = "POST /api/v1/me/close"

pytestmark = pytest.mark.timeout(0 if SECONDS else 240)


@pytest.mark.parametrize("name", CALLERS)
def test_every_call_answers_as_documented_and_tells_nobody_what_is_anothers(
    world: World, sandbox: Sandbox, record_property, name: str
):
    begun = time.monotonic()
    fuzzed = fuzz(world.web, caller(name, world), examples=EXAMPLES, seconds=SECONDS // len(CALLERS), seed=SEED)
    record_property("cases of the schema fuzzed", fuzzed.statuses.total())
    record_property("the schema fuzzed", told(name, fuzzed, time.monotonic() - begun))
    assert not fuzzed.failures, "\n\n".join(f"{kind}\n{failure}" for kind, failure in fuzzed.failures.items())
    assert set(fuzzed.by_operation) == operations()
    if name == "user":
        done = {call for call, statuses in fuzzed.by_operation.items() if statuses.keys() & {200, 201, 204}}
        assert done == operations() - {CLOSE}, "so much a user with bookings to come may do"
        assert fuzzed.by_operation[CLOSE][409]
    else:
        assert_nothing_of_the_users_changed(world, sandbox)


def caller(name: str, world: World) -> Caller:
    """Each knows everybody's ids, and has no secrets but their own."""
    person = {"user": world.user, "stranger": world.stranger}.get(name)
    others = [one for one in world.people if one is not person]
    return Caller(
        headers={"Authorization": f"Bearer {person.access}"} if person else {},
        jobs_secret=SECRET if name == "user" else "",
        values=world.values() | ({"refreshes": person.refreshes} if person else {}),
        sensible=lambda operation: sensible(operation, world, person),
        texts_of_others=[text for one in others for text in one.secrets()],
        ids_of_others=[one_id for one in others for one_id in one.ids()],
    )


def operations() -> set[str]:
    """Every operation of the document, by `GET /api/v1/me`."""
    paths = yaml.safe_load(read("docs/openapi.yaml"))["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def assert_nothing_of_the_users_changed(world: World, sandbox: Sandbox) -> None:
    """All that was in the database and at the gateway before the stranger came is there as it was."""
    after = every_row()
    changed = {table: set(rows) - set(after[table]) for table, rows in world.before.items()}
    assert not {table: rows for table, rows in changed.items() if rows}
    known = {session["id"]: session for session in sandbox.state["sessions"]}
    assert [known[session["id"]] for session in world.sessions] == world.sessions


def told(name: str, fuzzed: Fuzzed, seconds: float) -> str:
    """A line for the end of the run."""
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(fuzzed.statuses.items()))
    return f"{name}, seed {SEED}: {fuzzed.statuses.total():,} cases in {seconds:.0f} s: {statuses}"
