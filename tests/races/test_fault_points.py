"""Fault points are around every transaction and every call to a gateway, and nobody dies at one outside of tests."""

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from core import faults
from payments.gateways.calls import GATEWAYS, Operation
from tests.services import ROOT, environment

# Where a transaction begins otherwise than by core.transactions, and why no process need die around it.
TRANSACTIONS = {
    "bookings/actions/confirm.py": "a savepoint within the transaction of a payment",
    "bookings/actions/make_seat_map.py": "the operator's vehicles",
    "bookings/actions/schedule_trip.py": "the operator's trips",
    "bookings/demo.py": "the data of a demonstration",
    "finance/proof.py": "a snapshot that is read, and nothing written",
    "payments/actions/reconcile/trial.py": "a dry run, rolled back",
    "payments/effects/paying.py": "a savepoint within the transaction of a payment",
    "ledger/admin/rehearsal.py": "a preview, rolled back",
    "payments/gateways/calls.py": "the audit of a call: nothing is decided by it, and the points of the call follow",
}


APPS = ("bookings", "finance", "ledger", "payments")


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module below these folders, by its path."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_transactions_begin_in_one_place():
    begun = {path for path, tree in modules(*APPS) if "atomic" in _attributes(tree)}
    assert begun == TRANSACTIONS.keys()


def test_only_the_gateways_know_the_clients_and_each_calls_them_in_one_function():
    users = {path for path, tree in modules(*APPS) if _imports(tree) & {"stripe", "requests", "httpx"}}
    assert users == {
        "payments/gateways/flutterwave/client.py",
        "payments/gateways/stripe/client.py",
        "payments/gateways/stripe/events.py",  # signatures: nothing is called
    }
    for gateway in GATEWAYS:
        tree = ast.parse((ROOT / f"payments/gateways/{gateway}/client.py").read_text())
        assert _users(tree, "_sent") == {"fetch", "change"}
        assert _users(tree, "read") == {"fetch"}  # payments.gateways.calls.read, around a call that changes nothing
        assert _attributes(tree, of="change") >= {"send"}  # payments.gateways.calls.Change.send, around any other


def test_every_call_of_stripes_client_is_handed_over_and_made_later():
    tree = ast.parse((ROOT / "payments/gateways/stripe/__init__.py").read_text())
    later = {id(node) for inner in ast.walk(tree) if isinstance(inner, ast.Lambda) for node in ast.walk(inner)}
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self._api.")
    ]
    assert len(calls) > 5
    assert [ast.unparse(call) for call in calls if id(call) not in later] == []


def test_every_operation_of_every_gateway_has_two_points():
    for gateway in GATEWAYS:
        for operation in Operation:
            assert {f"before {gateway} {operation}", f"after {gateway} {operation}"} <= set(faults.points())


def pass_a_point(folder: Path, **env: str) -> int:
    """How a process ends that comes to a point which is armed."""
    armed = folder / "fault"
    armed.write_text("before the end")
    program = "import django; django.setup(); from core import faults; faults.passing('before the end')"
    settings = environment(FAULT_FILE=str(armed), **env)
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=settings, check=False).returncode


def test_whoever_comes_to_an_armed_point_is_gone(tmp_path):
    assert pass_a_point(tmp_path) == -signal.SIGKILL
    assert not (tmp_path / "fault").exists()


def test_outside_of_tests_no_point_is_ever_armed(tmp_path):
    assert pass_a_point(tmp_path, ENVIRONMENT="development") == 0
    assert (tmp_path / "fault").exists()


def test_another_point_than_the_armed_one_is_passed(tmp_path, settings):
    settings.FAULT_FILE = str(tmp_path / "fault")
    (tmp_path / "fault").write_text("after the end")
    faults.passing("before the end")
    assert (tmp_path / "fault").exists()


def _attributes(tree: ast.AST, of: str = "") -> set[str]:
    return {node.attr for node in ast.walk(_function(tree, of) if of else tree) if isinstance(node, ast.Attribute)}


def _imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _users(tree: ast.Module, name: str) -> set[str]:
    """The functions of a module that mention a name."""
    return {
        outer.name
        for outer in tree.body
        if isinstance(outer, ast.FunctionDef)
        if any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(outer))
    }


def _function(tree: ast.AST, name: str) -> ast.FunctionDef:
    return next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
