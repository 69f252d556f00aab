"""One test database, made and migrated by the owner and used as the runtime role, as in production."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import TransactionTestCase

from tests import figures
from tests.database import flush_as_owner
from tests.services import Sandbox, sandbox_server, web_server
from tests.side_by_side import WORKER


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, request) -> Iterator[None]:
    """Create the test database as the owner, let the runtime role use it, and drop it at the end."""
    with django_db_blocker.unblock():
        owner, runtime = connections["owner"], connections["default"]
        original = owner.settings_dict["NAME"]
        owner.settings_dict["TEST"]["NAME"] = "_".join(filter(None, ("test", original, WORKER)))
        owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        runtime.close()
        runtime.settings_dict["NAME"] = owner.settings_dict["NAME"]
    yield
    with django_db_blocker.unblock():
        runtime.close()
        runtime.close_pool()
        owner.creation.destroy_test_db(original, verbosity=0)


@pytest.fixture(autouse=True)
def fast_passwords(settings) -> None:
    """A cheap hash: its strength is Django's to test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def empty_cache(request) -> None:
    """Nothing cached by one test is seen by the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def closed_circuits() -> None:
    """What one test learnt of a gateway that is down, another does not know."""
    from payments.gateways import circuit

    for name in ("stripe", "flutterwave"):
        circuit.of(name).reset()


def _flush(self: TransactionTestCase) -> None:
    flush_as_owner()


# The runtime role may not truncate, and the guards would refuse it: tests with real commits are cleaned by the owner.
TransactionTestCase._fixture_teardown = _flush  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory) -> Iterator[Sandbox]:
    """One gateway sandbox for all tests."""
    with sandbox_server(tmp_path_factory.mktemp("sandbox") / "state.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process, settings) -> Sandbox:
    """The sandbox, empty, delivering nothing by itself; our gateway calls go there over HTTP."""
    settings.STRIPE_API_BASE = sandbox_process.url
    settings.FLUTTERWAVE_API_BASE = sandbox_process.flutterwave_base
    sandbox_process.reset()
    sandbox_process.mode(delivery="drop")
    return sandbox_process


@pytest.fixture(scope="session")
def web_process(django_db_setup, sandbox_process) -> Iterator[str]:
    """One web server for all tests that need real HTTP."""
    bases = {"STRIPE_API_BASE": sandbox_process.url, "FLUTTERWAVE_API_BASE": sandbox_process.flutterwave_base}
    with web_server(**bases) as url:
        yield url


@pytest.fixture
def web(transactional_db, web_process, sandbox) -> Iterator[str]:
    """The address of the web server; the sandbox delivers its events there, none of them into the next test."""
    sandbox.control("endpoint", url=f"{web_process}/webhooks/stripe")
    sandbox.control("flutterwave/endpoint", url=f"{web_process}/webhooks/flutterwave")
    sandbox.mode(delivery="auto", charge_updated_delay_seconds=0)
    yield web_process
    sandbox.control("quiet")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests counted and measured."""
    ended = ("passed", "failed")
    for line in figures.lines(report for outcome in ended for report in terminalreporter.getreports(outcome)):
        terminalreporter.write_line(line, bold=True)
