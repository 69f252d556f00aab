"""Log lines: one JSON object each, with the correlation id, and nothing in them that is secret or a person's."""

import json
import logging

import pytest
import structlog

from core import logs
from core.correlation import correlated


@pytest.fixture
def lines():
    """What would stand on standard error in production, line by line."""
    written = []

    class Keeper(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    keeper = Keeper()
    keeper.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=logs.SHARED, processors=logs.renderers("json"))
    )
    root = logging.getLogger()
    root.addHandler(keeper)
    yield written
    root.removeHandler(keeper)


def test_a_line_is_json_with_time_level_service_correlation_id_message_and_context(lines):
    with correlated("a-request-of-mine"):
        structlog.get_logger("core.test").warning("seats_held", booking="ABCD2345", seats=2)
    line = json.loads(lines[-1])
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "core.test",
        "correlation_id": "a-request-of-mine",
        "service": "berth",
        "message": "seats_held",
        "context": {"booking": "ABCD2345", "seats": 2},
    }


SECRETS = {
    "hunter2hunter2": {"password": "hunter2hunter2"},
    "whole-cookie": {"headers": {"Cookie": "whole-cookie"}},
    "inner-token": {"answers": [{"refresh_token": "inner-token"}]},
    "51abcdef": {"url": "with sk_live_51abcdef in it"},
    "eyJhbGciOi": {"header": "Bearer eyJhbGciOi.x.y"},
    "pa55word": {"cache": "redis://:pa55word@127.0.0.1:6379/0"},
    "opens-an-account": {"path": "/en/account/password/reset/key/opens-an-account/"},
    "layla.h": {"contact": "layla.h@example.com"},
    "4242 4242": {"name": "4242 4242 4242 4242"},
    "5555555555554444": {"name": "5555555555554444"},
}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_no_card_and_no_whole_address_stands_in_a_line(lines, secret):
    structlog.get_logger("core.test").info("told", **SECRETS[secret])
    assert secret not in lines[0]
    assert "***" in lines[0]


def test_of_an_address_the_first_letter_and_the_host_are_left(lines):
    structlog.get_logger("core.test").info("told", contact="layla.h@example.com")
    assert json.loads(lines[-1])["context"] == {"contact": "l***@example.com"}


def test_what_others_log_is_cleaned_as_well_and_so_is_a_traceback(lines):
    try:
        raise ValueError("Key (email)=(layla.h@example.com) already exists.")
    except ValueError:
        logging.getLogger("somebody.elses").exception("for layla.h@example.com")
        structlog.get_logger("core.test").exception("failed")
    for line in map(json.loads, lines):
        assert "ValueError: Key (email)=(l***@example.com)" in line["exception"]
        assert "layla.h" not in json.dumps(line)


def test_numbers_dates_and_ids_stay_as_they_are(lines):
    told = {"ms": 12.5, "at": "2026-12-01 10:00:00+00:00", "id": "0b6a4a4e-5f3f-4f86-9d33-2f6a1f1f4d11", "amount": 125}
    structlog.get_logger("core.test").info("told", **told)
    assert json.loads(lines[-1])["context"] == told
