"""Tests in several processes at once: each has a database in Valkey of its own, as it has in PostgreSQL.

Loaded before Django's settings are read: `pytest -p tests.side_by_side -n 2 --dist loadfile`, see
https://pytest-xdist.readthedocs.io.
"""

import os
import re

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, …; empty where all tests run in one process

if WORKER:
    number = int(WORKER.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = re.sub(r"/\d*$", f"/{number}", os.environ["REDIS_URL"])
