"""run.py itself: what an unsuitable Python gets to read."""

import ast

from run import complaint
from tests.embedded.conftest import PROJECT


def test_old_pythons_can_read_run_py() -> None:
    ast.parse((PROJECT / "run.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_which_one_is_needed() -> None:
    assert "Python 3.11 or newer, this is Python 3.9" in complaint((3, 9), "posix")


def test_windows_is_sent_to_wsl() -> None:
    assert "WSL" in complaint((3, 13), "nt")


def test_a_suitable_python_is_told_nothing() -> None:
    assert complaint((3, 11), "posix") == ""
