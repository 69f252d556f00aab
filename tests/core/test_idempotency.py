"""The first answer to a key is kept and replayed."""

import pytest

from core import idempotency
from core.errors import IdempotencyInProgress, IdempotencyKeyMissing, IdempotencyPayloadMismatch
from core.idempotency import Claim, Replay, begin, checked_key, request_hash
from tests.database import as_owner

pytestmark = pytest.mark.django_db


def test_the_stored_answer_is_replayed():
    claim = begin("s", "user:1", "k", "h")
    claim.complete(201, {"reference": "X"})
    assert begin("s", "user:1", "k", "h") == Replay(201, {"reference": "X"})


def test_a_refusal_is_replayed_too():
    begin("s", "user:1", "k", "h").fail(409, {"code": "seat_unavailable"})
    assert begin("s", "user:1", "k", "h") == Replay(409, {"code": "seat_unavailable"})


def test_while_the_first_runs_the_second_is_told_so():
    begin("s", "user:1", "k", "h")
    with pytest.raises(IdempotencyInProgress):
        begin("s", "user:1", "k", "h")


@pytest.mark.parametrize("finished", [True, False])
def test_a_key_of_another_request_is_refused(finished):
    claim = begin("s", "user:1", "k", "h")
    if finished:
        claim.complete(201, {})
    with pytest.raises(IdempotencyPayloadMismatch):
        begin("s", "user:1", "k", "other")


@pytest.mark.parametrize(("scope", "owner", "key"), [("t", "user:1", "k"), ("s", "user:2", "k"), ("s", None, "k")])
def test_keys_are_per_operation_and_owner(scope, owner, key):
    begin("s", "user:1", "k", "h")
    assert isinstance(begin(scope, owner, key, "h"), Claim)


def test_nobody_in_particular_has_keys_as_well():
    begin("s", None, "k", "h").complete(200, {})
    assert begin("s", None, "k", "h") == Replay(200, {})


def test_a_released_key_can_begin_again_and_remembers_what_was_made():
    claim = begin("s", "user:1", "k", "h")
    claim.point_at("payment-7")
    claim.release()
    again = begin("s", "user:1", "k", "h")
    assert (again.subject, again.fencing) == ("payment-7", 2)


@pytest.mark.django_db(transaction=True)
def test_a_lapsed_claim_is_taken_over_by_the_same_request_only_and_the_slow_one_is_fenced_off():
    slow = begin("s", "user:1", "k", "h")
    with as_owner() as cursor:
        cursor.execute("UPDATE core_idempotencyrecord SET locked_until = now() - interval '1 second'")
    with pytest.raises(IdempotencyPayloadMismatch):
        begin("s", "user:1", "k", "other")
    taken = begin("s", "user:1", "k", "h")
    with pytest.raises(IdempotencyInProgress):
        slow.complete(201, {"by": "slow"})
    taken.complete(201, {"by": "taken"})
    assert begin("s", "user:1", "k", "h") == Replay(201, {"by": "taken"})


@pytest.mark.django_db(transaction=True)
def test_an_expired_record_is_begun_anew_even_with_another_request():
    begin("s", "user:1", "k", "h").complete(201, {})
    with as_owner() as cursor:
        cursor.execute("UPDATE core_idempotencyrecord SET expires_at = now()")
    claim = begin("s", "user:1", "k", "other")
    assert (claim.subject, claim.request_hash) == ("", "other")


def test_equal_requests_hash_alike_however_they_are_spelt():
    assert request_hash("POST", "/a", {"x": 1, "y": [1, 2]}) == request_hash("POST", "/a", {"y": [1, 2], "x": 1})
    different = [
        request_hash("POST", "/a", {"x": 1}),
        request_hash("PUT", "/a", {"x": 1}),
        request_hash("POST", "/b", {"x": 1}),
        request_hash("POST", "/a", {"x": "1"}),
        request_hash("POST", "/a", {"x": [2, 1]}),
        request_hash("POST", "/a", {"x": [1, 2]}),
    ]
    assert len(set(different)) == len(different)


@pytest.mark.parametrize("key", [None, "", "x" * 256, "naïve", "tab\t", "line\n"])
def test_a_key_is_1_to_255_printable_ascii_characters(key):
    with pytest.raises(IdempotencyKeyMissing):
        checked_key(key)


def test_beginning_takes_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        idempotency.begin("s", "user:1", "k", "h")
