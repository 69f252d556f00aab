"""The store by itself: what is undone when something fails half-way."""

import pytest

from sandbox.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(str(tmp_path / "state.sqlite3"))
    yield store
    store.close()


def add(store, identifier):
    store.add("thing", {"id": identifier, "created": 1})


def things(store):
    return [thing["id"] for thing in store.select("thing")]


def test_a_transaction_that_fails_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.transaction():
        add(store, "one")
        with store.transaction():
            add(store, "two")
        raise RuntimeError
    assert things(store) == []


def test_what_fails_behind_a_savepoint_takes_only_itself_along(store):
    with store.transaction():
        add(store, "before")
        with pytest.raises(RuntimeError), store.savepoint():
            add(store, "inside")
            raise RuntimeError
        add(store, "after")
    assert things(store) == ["before", "after"]
