"""Tests in several processes at once: each has a database in Valkey of its own, as it has in PostgreSQL.

Loaded before Django's settings are read: `pytest -p tests.side_by_side -n 2 --dist loadfile --no-loadscope-reorder`,
see https://pytest-xdist.readthedocs.io.
"""

import os
import re

import pytest

# These take longest, so they begin first: else one of the processes would be left alone with them at the end.
LONG = (
    "test_killed_at_every_point.py",
    "test_staff_models.py",
    "test_every_order.py",
    "test_any_history.py",
    "test_killed_machines.py",
    "test_restore_rehearsal.py",
    "test_staff_steps.py",
    "test_many_workers.py",
    "test_crowd.py",
    "test_longer_orders.py",
    "test_simulated_year.py",
    "test_schema_fuzzed.py",
    "test_growth.py",
    "test_restore.py",
    "test_buying.py",
    "test_refund_workers.py",
    "test_changing_ones_mind.py",
    "test_orders_over_http.py",
    "test_commands.py",
    "test_reconciliation_of_many.py",
    "test_gateway_faults.py",
)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, …; empty where all tests run in one process

if WORKER:
    number = int(WORKER.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = re.sub(r"/\d*$", f"/{number}", os.environ["REDIS_URL"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONG)))
