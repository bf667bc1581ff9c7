"""Opening the database and bringing its schema up to date, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bursar.errors import Conflict, Unavailable

BUSY_TIMEOUT_SECONDS = 10


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`, with the settings that the ledger relies on."""
    if url.startswith("postgres"):
        scheme, _, rest = url.partition("://")
        return create_engine(f"postgresql+psycopg://{rest}" if "+" not in scheme else url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below decides when a transaction starts
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction of the control plane; a database that cannot be reached is Unavailable."""
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable(f"the database is not available: {error.orig}") from error


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; does nothing if it is there already."""
    with transaction(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine) -> None:
    """Raise Conflict with what to do if the database is older or newer than this Bursar."""
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        raise Unavailable(f"the database is not available: {error.orig}") from error
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_current_head()
    if current == head:
        return
    if current is None:
        raise Conflict("this database has not been set up", "run `bursar init`")
    known = {script.revision for script in scripts.walk_revisions()}
    if current not in known:
        raise Conflict(f"the database is of a newer Bursar (revision {current})", "upgrade Bursar")
    raise Conflict(
        f"the database is at revision {current}, this Bursar needs {head}", "run `bursar init` to migrate it"
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
