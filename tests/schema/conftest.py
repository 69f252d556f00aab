"""The web server that is fuzzed."""

import re
from collections.abc import Iterator

import pytest

from config.environment import RATE_LIMITS
from tests.schema.world import SECRET, World, make_world
from tests.services import Sandbox, web_server

# Limits are counted as ever, only that nobody comes to them; no token expires, nobody holds too many seats.
GENEROUS = {
    "RATE_LIMITS": re.sub(r"=[^,]+", "=1000000/m", RATE_LIMITS),
    "JWT_EXPIRES_IN": "12h",
    "HOLD_MINUTES": "600",
    "HOLD_MAX_MINUTES": "1200",
    "MAX_HELD_SEATS": "1000",
    "JOBS_SECRET": SECRET,
    "DJANGO_SETTINGS_MODULE": "tests.schema.settings",
}


@pytest.fixture(scope="module")
def generous_server(django_db_setup, sandbox_process) -> Iterator[str]:
    """A web server for all that is asked here."""
    bases = {"STRIPE_API_BASE": sandbox_process.url, "FLUTTERWAVE_API_BASE": sandbox_process.flutterwave_base}
    with web_server(**bases, **GENEROUS) as url:
        yield url


@pytest.fixture
def world(transactional_db, generous_server: str, sandbox: Sandbox) -> World:
    """Two travellers there."""
    return make_world(generous_server, sandbox)
