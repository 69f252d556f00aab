"""Addresses of what there is not: nothing goes wrong there, and nothing is written."""

import re

import pytest

from tests.rights.addresses import every_address, filled_in
from tests.rights.matrix import Undone, everything
from tests.rights.world import World

TYPED = {"_form_submitted": "on", "reason": "x", "note": "x", "amount": "1", "seats": "1A"}


def answers(world: World, who: str, value: str, addresses: list[str]) -> dict[str, int]:
    found = {}
    for address in addresses:
        path = filled_in(address, dict.fromkeys(re.findall(r"<(\w+)>", address), value))
        for method in ("GET", "POST"):
            found[f"{method} {path}"] = world.people[who].ask(method, path, TYPED).status_code
    return found


@pytest.mark.parametrize("value", ["0", "none"])
def test_nothing_goes_wrong_where_nothing_is(business, value):
    before = everything()
    of_staff = {address for address in every_address() if address.startswith("/admin/") and "<" in address}
    others = {address for address in every_address() if "<" in address} - of_staff
    with Undone():
        found = answers(business, "root", value, sorted(of_staff)) | answers(business, "owner", value, sorted(others))
        assert everything() == before
    assert {request for request, status in found.items() if status >= 500} == set()
