from collections.abc import Iterator

import pytest

from tests.embedded.conftest import open_folder
from tests.outages.installation import Installation, installation


@pytest.fixture
def whole(django_db_setup, django_db_blocker, sandbox) -> Iterator[Installation]:
    """An installation of its own, which serves, at a sandbox that delivers."""
    sandbox.mode(delivery="auto", charge_updated_delay_seconds=0)
    with open_folder() as folder, django_db_blocker.unblock(), installation(sandbox, folder) as made:
        yield made
