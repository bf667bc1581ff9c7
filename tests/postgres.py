"""Databases with today's schema, on both engines: migrated once per session, copied for each test.

A test module asks for these fixtures with `pytest_plugins = ("tests.postgres",)`; the PostgreSQL server itself is started
by `tests/conftest.py`.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from bursar.office import audit
from bursar.office.database import migrate, open_engine, transaction

TEMPLATE = "bursar_template"
_names = itertools.count()

Changing = Callable[[], AbstractContextManager[Connection]]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("template") / "bursar.db"
    _migrated(str(file))
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The server's URL, once it holds a migrated database to copy."""
    _run(postgres_server, f"CREATE DATABASE {TEMPLATE}")
    _migrated(postgres_server.replace("/postgres?", f"/{TEMPLATE}?"))
    return postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with today's schema and nothing in it, on each engine in turn."""
    if request.param == "sqlite":
        file = tmp_path / "bursar.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: str = request.getfixturevalue("postgres_template")
    name = f"bursar_copy_{next(_names)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield server.replace("/postgres?", f"/{name}?")
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """The opened database of `migrated_url`."""
    opened = open_engine(migrated_url)
    yield opened
    opened.dispose()


@pytest.fixture
def changing(engine: Engine) -> Changing:
    """`with changing() as connection:` is a transaction that ends with a line in the audit log."""

    @contextmanager
    def begin() -> Iterator[Connection]:
        with transaction(engine) as connection:
            yield connection
            audit.record(connection, 1, "test", "test.change", "something", {})

    return begin


def _migrated(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def _run(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
