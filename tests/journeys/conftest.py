"""Real services for journeys: web server and worker, and somebody who travels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.traveller import Traveller
from tests.services import Sandbox, celery_worker
from tests.world import make_trip


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """Where the worker's e-mails go."""
    return tmp_path / "mails"


@pytest.fixture
def worker(transactional_db, sandbox: Sandbox, mails: Path, web: str) -> Iterator[None]:
    """A Celery worker for every queue."""
    with celery_worker(EMAIL_URL=f"filemail:///{mails}", STRIPE_API_BASE=sandbox.url, PUBLIC_URL=web):
        yield


@pytest.fixture
def traveller(web: str) -> Iterator[Traveller]:
    """Somebody who has just registered, and for whom there is one trip."""
    make_trip()
    with Traveller(web) as traveller:
        yield traveller
