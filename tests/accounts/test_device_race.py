"""Refresh and sign out at once: whatever the order, a device never has two live branches and ends once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from rest_framework.test import APIClient

from accounts.actions import refresh as refresh_module
from accounts.actions.sign_out import sign_out
from accounts.models import Device, RefreshToken
from accounts.refresh_secret import digest
from tests.accounts.conftest import assert_problem, bearing, refresh

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable) -> list:
    """Run all at the same moment, each on a connection of its own."""
    start = Barrier(len(works))

    def begin(work: Callable):
        try:
            start.wait(10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_one_token_exchanged_by_eight_leaves_one_live_branch(api, pair) -> None:
    responses = at_once(*[lambda: refresh(APIClient(), pair["refresh"])] * 8)

    assert {response.status_code for response in responses} == {200}
    secrets = [response.json()["refresh"] for response in responses]
    assert len(set(secrets)) == 8
    live = RefreshToken.objects.get(status="active").digest
    replaced = [secret for secret in secrets if digest(secret) != live]
    assert len(replaced) == 7

    assert_problem(refresh(api, replaced[0]), 401, "token_reused")
    for secret in (*secrets, pair["refresh"]):
        assert refresh(api, secret).status_code == 401
    assert set(RefreshToken.objects.values_list("status", flat=True)) == {"revoked"}


def test_without_the_lock_one_of_two_exchanges_fails(api, pair, monkeypatch) -> None:
    """The counter-test: both see the token active, and the compare-and-set refuses the second."""
    both_have_read = Barrier(2)

    def unlocked(secret: str) -> RefreshToken:
        token = RefreshToken.objects.select_related("device__user").get(digest=digest(secret))
        both_have_read.wait(10)
        return token

    monkeypatch.setattr(refresh_module, "_locked", unlocked)
    responses = at_once(*[lambda: refresh(APIClient(), pair["refresh"])] * 2)

    assert sorted(response.status_code for response in responses) == [200, 409]
    assert RefreshToken.objects.filter(status="active").count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_a_sign_out_among_refreshes_is_final(api, pair, _round) -> None:
    works = [lambda: refresh(APIClient(), pair["refresh"])] * 3
    at_once(*works, lambda: sign_out(Device.objects.all(), reason="test"), *works)

    assert Device.objects.get().signed_out_at is not None
    assert set(RefreshToken.objects.values_list("status", flat=True)) == {"revoked"}


@pytest.mark.parametrize("_round", range(5))
def test_a_device_is_signed_out_by_one_of_eight(api, pair, _round) -> None:
    path = f"/api/v1/auth/devices/{Device.objects.get().pk}"
    responses = at_once(*[lambda: bearing(pair["access"]).delete(path)] * 8)

    assert sorted(response.status_code for response in responses) == [204] + [404] * 7
