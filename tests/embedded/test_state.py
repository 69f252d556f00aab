"""The state folder: one run at a time, secrets for one user, and clear words for a folder that cannot be used."""

import json
import os
import stat
import subprocess
import sys

import pytest

from embedded.errors import RunError
from embedded.state import State
from tests.embedded.conftest import PROJECT, fresh_environment


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path) -> None:
    first, second = State(tmp_path / "state"), State(tmp_path / "state")
    first.take("start")
    first.release()
    second.take("start")
    second.release()

    file = tmp_path / "state" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.secrets == second.secrets == json.loads(file.read_text())
    assert all(len(secret) >= 32 for secret in first.secrets.values())
    assert len(set(first.secrets.values())) == len(first.secrets)


def test_a_secret_that_a_newer_version_adds_is_kept_too(tmp_path) -> None:
    state = State(tmp_path)
    state.take("start")
    del state.secrets["JOBS_SECRET"]
    (tmp_path / "secrets.json").write_text(json.dumps(state.secrets))
    state.release()

    later, latest = State(tmp_path), State(tmp_path)
    later.take("start")
    later.release()
    latest.take("start")
    latest.release()

    assert later.secrets["JOBS_SECRET"] == latest.secrets["JOBS_SECRET"]
    assert later.secrets["JWT_SECRET"] == state.secrets["JWT_SECRET"]


def test_a_second_run_is_told_who_has_the_folder(tmp_path) -> None:
    first = State(tmp_path)
    first.take("start")

    with pytest.raises(RunError, match=rf"another run.py \(start, process {os.getpid()}\) uses {tmp_path}"):
        State(tmp_path).take("start")

    first.release()
    State(tmp_path).take("start")


def test_a_folder_of_another_version_is_left_alone_and_named(tmp_path) -> None:
    (tmp_path / "version").write_text("1 postgresql-17\n")

    with pytest.raises(RunError, match=rf"{tmp_path} is of another version \(1 postgresql-17, .*remove it"):
        State(tmp_path).take("start")

    assert not (tmp_path / "secrets.json").exists()


def test_a_database_whose_passwords_are_lost_is_not_opened_with_new_ones(tmp_path) -> None:
    state = State(tmp_path)
    state.take("start")
    state.release()
    (tmp_path / "postgres").mkdir()
    (tmp_path / "secrets.json").unlink()

    with pytest.raises(RunError, match=r"secrets\.json is gone"):
        State(tmp_path).take("start")


def test_a_folder_that_is_closed_to_this_user_is_named(folder) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o500)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from embedded.errors import RunError; from embedded.state import State\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: State(Path(sys.argv[1]) / 'state').take('start')\n"
        "except RunError as error: sys.exit(str(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(closed)],
        cwd=PROJECT,
        env=fresh_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"the state folder {closed / 'state'} is closed to this user")
