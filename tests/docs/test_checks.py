"""The table of the checks is the registry."""

import finance.checks  # noqa: F401 - registers them
from finance.checks.registry import registered
from tests.docs.documents import rows, section


def test_every_check_is_told_with_what_it_proves():
    told = [(name, proves) for name, proves in rows(section("docs/setup-production.md", "Proving the books"))]
    assert told == [(one.name, one.proves.rstrip(".")) for one in registered()]
