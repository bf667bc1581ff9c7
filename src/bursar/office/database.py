"""Opening the database and bringing its schema up to date, on both engines.

Control-plane changes go through `transaction`, which refuses to commit a change that the audit log does not tell of;
plain look-ups go through `reading`, which takes no lock from the ledger's writer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import TableClause

from bursar.errors import Conflict, InvalidInput, Unavailable
from bursar.ledger import separation
from bursar.office.tables import AUDITED, DEFAULT_ORGANISATION, audit, control_version, schema_floor

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_TIMEOUT_SECONDS = 10
"""SQLite: how long a change waits for another writer."""
CONNECT_TIMEOUT_SECONDS = 10
"""PostgreSQL: how long to wait for a connection, where the URL does not say."""
_EXPECTED_URL = "sqlite:///path, a path, or postgresql://user@host/database"
_VERSIONS = Path(__file__).parent / "migrations" / "versions"
HALF_COPIED = "half-copied"
"""In place of a revision: a copy of another database that was not finished, or did not agree with it."""
_SEVERAL_HOSTS = re.compile(
    r"(?P<before>postgres[^:]*://(?:[^@/?]*@)?)(?P<hosts>[^/?@]*,[^/?@]*)(?P<path>/[^?]*)?(?P<query>\?.*)?"
)
_PORT = re.compile(r":[0-9]+$")
_NOT_ALLOWED = "42501"  # a right that the role lacks, or a row of another organisation
_MIGRATION_LOCK = 0x627572736172  # "bursar": PostgreSQL's name of the lock that lets one process migrate at a time


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database stands; `current` is its revision (None: never set up), `head` what this code needs."""

    current: str | None
    head: str
    relation: Literal["empty", "older", "current", "newer", "half-copied"]


def open_engine(url: str, organisation: str = DEFAULT_ORGANISATION) -> Engine:
    """An engine for `sqlite:///path`, a path, or `postgresql://...`, with the settings that the ledger relies on.

    On PostgreSQL its connections see and write the rows of this organisation only, as a role below the policies.
    Raises InvalidInput without repeating the URL, which may hold a password, and for another organisation of a file.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed, separation.options(organisation))
    separation.alone(organisation)
    return _open_sqlite(parsed)


@contextmanager
def as_owner(engine: Engine, organisation: str = DEFAULT_ORGANISATION) -> Iterator[Engine]:
    """The same database as whoever its URL names: to change the schema, or to add an organisation.

    The policies hold for an owner too, with this organisation's rows, unless it is a superuser.
    """
    if engine.dialect.name != "postgresql":
        yield engine
        return
    owner = _open_postgresql(engine.url, separation.options(organisation, role=""))
    try:
        yield owner
    finally:
        owner.dispose()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction of the control plane, committed at the end, undone by any error.

    Raises Unavailable if the database cannot be reached or written, Conflict if a constraint refuses.
    """
    with _spoken(), engine.begin() as connection:
        condition = _condition.get()
        if condition is not None:
            _condition.set(None)
            connection.execute(select(control_version.c.version).with_for_update())
            condition(connection)
        connection.info["changed"] = set()
        yield connection
        changed = connection.info.pop("changed")
        if changed & AUDITED and audit.name not in changed:
            raise AssertionError(f"{', '.join(sorted(changed))} changed without a line in the audit log")


_condition: ContextVar[Callable[[Connection], None] | None] = ContextVar("condition", default=None)


@contextmanager
def only_if(condition: Callable[[Connection], None]) -> Iterator[None]:
    """Within it, the first transaction begins with `condition`, whose error undoes and ends it.

    The version row is locked before, and every audited change has to write it: what the condition saw is still so when
    the change is committed, also beside other nodes.
    """
    before = _condition.set(condition)
    try:
        yield
        if _condition.get() is not None:
            raise AssertionError("nothing was asked to change under the condition")
    finally:
        _condition.reset(before)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for look-ups: it takes no write lock, and what it writes is undone. Raises Unavailable."""
    with _spoken(), engine.connect() as connection:
        yield connection.execution_options(bursar_reads=True)


def key_of(connection: Connection, *columns: str) -> list[str]:
    """The columns that `ON CONFLICT` has to name for a key: on PostgreSQL the organisation is in front of each."""
    first = "organisation"
    return [first, *columns] if connection.dialect.name == "postgresql" and first not in columns else list(columns)


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; does nothing if it is there already, or newer and fit to be served.

    Raises Conflict for one that is newer and not fit, or half copied.
    """
    state = schema_state(engine)
    if state.relation == "newer":
        check_schema(engine)
    if state.relation in ("current", "newer"):
        return
    if state.relation == "half-copied":
        raise _unusable(state)
    from alembic import command  # a tenth of a second that only a migration waits for

    with _spoken(), as_owner(engine) as owner, owner.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            # A revision that forgot to lift a policy fails, instead of changing one organisation's rows only.
            connection.exec_driver_sql("SET LOCAL row_security = off")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schema_state(engine: Engine) -> SchemaState:
    """Compare a database with this code. Raises Unavailable if it cannot be reached."""
    known = revisions()
    with as_owner(engine) as owner, reading(owner) as connection:
        current = None
        if inspect(connection).has_table("alembic_version"):
            current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if current is None:
        return SchemaState(None, known[-1], "empty")
    if current == known[-1]:
        return SchemaState(current, known[-1], "current")
    if current == HALF_COPIED:
        return SchemaState(current, known[-1], "half-copied")
    return SchemaState(current, known[-1], "older" if current in known else "newer")


@cache
def revisions() -> tuple[str, ...]:
    """Every revision of the schema in order, by the names of their files: `r0007_seats.py` is 0007."""
    return tuple(one.stem[1:5] for one in revision_files())


@cache
def revision_files() -> tuple[Path, ...]:
    """Their files, in order."""
    return tuple(sorted(_VERSIONS.glob("r[0-9][0-9][0-9][0-9]_*.py")))


def check_schema(engine: Engine) -> None:
    """Raise Conflict with what to do if the database is older than this Bursar, or newer and not meant for it any more.

    A newer database says itself which code may still serve it: `schema_floor` is the oldest revision that does.
    """
    state = schema_state(engine)
    if state.relation == "empty":
        raise Conflict("this database has not been set up", "run `bursar init`")
    if state.relation == "half-copied" or (state.relation == "newer" and not _still_serves(engine, state)):
        raise _unusable(state)
    if state.relation == "older":
        raise Conflict(
            f"the database is at revision {state.current}, this Bursar needs {state.head}",
            "run `bursar db migrate`; `bursar db migrate --preview` says what it would do",
        )
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            _check_separation(connection)


def _check_separation(connection: Connection) -> None:
    """Raise Conflict unless the policies hold for this connection, and its organisation is there."""
    above = connection.exec_driver_sql(
        "SELECT current_user FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
    ).scalar()
    if above is not None:
        raise Conflict(
            f"the database's role {above} is above the policies that keep organisations apart",
            f"take SUPERUSER and BYPASSRLS from {separation.APP_ROLE}, which connections run as",
        )
    open_tables = connection.exec_driver_sql(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity) AND relname NOT IN ('alembic_version', 'schema_floor') "
        "AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY relname"
    ).scalars()
    found = ", ".join(open_tables)
    if found:
        raise Conflict(
            f"row-level security is not forced on {found}: every organisation would see the others' rows",
            "ALTER TABLE ... ENABLE and FORCE ROW LEVEL SECURITY, as the owner",
        )
    if connection.exec_driver_sql("SELECT 1 FROM organisation").scalar() is None:
        name = connection.exec_driver_sql(f"SELECT current_setting('{separation.SETTING}')").scalar()
        raise Conflict(f"there is no organisation {name!r} in this database", f"`bursar organisation add {name}`")


def _unusable(state: SchemaState) -> Conflict:
    if state.relation == "half-copied":
        return Conflict(
            "the database is a copy that was not finished, or did not agree with what it was copied from",
            "drop it, and run `bursar db copy` again into an empty one; what it was copied from is as it was",
        )
    return Conflict(f"the database is of a newer Bursar (revision {state.current})", "upgrade Bursar")


def _still_serves(engine: Engine, state: SchemaState) -> bool:
    with reading(engine) as connection:
        if not inspect(connection).has_table(schema_floor.name):
            return False
        floor = connection.execute(select(schema_floor.c.revision)).scalar_one_or_none()
    return floor is not None and floor <= state.head


def _parsed(url: str) -> URL:
    if "://" not in url:
        if not url or url == ":memory:":
            raise InvalidInput("database_url", repr(url), _EXPECTED_URL)
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(_one_place(url))
    except (ArgumentError, ValueError):
        raise InvalidInput("database_url", "text that is not a URL", _EXPECTED_URL) from None
    scheme, plus, driver = parsed.drivername.partition("+")
    if scheme == "sqlite" and not plus:
        if parsed.database in (None, "", ":memory:") or parsed.host or parsed.query:
            raise InvalidInput("database_url", "sqlite without a plain path", _EXPECTED_URL)
        return parsed
    if scheme in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    raise InvalidInput("database_url", repr(parsed.drivername), _EXPECTED_URL)


def _one_place(url: str) -> str:
    """Several hosts as PostgreSQL writes them (`postgresql://a:5432,b:5433/name`) in the form that SQLAlchemy reads too."""
    found = _SEVERAL_HOSTS.fullmatch(url)
    if found is None:
        return url
    places = [one.rpartition(":") if _PORT.search(one) else (one, "", "") for one in found["hosts"].split(",")]
    hosts = ",".join(host.strip("[]") for host, _, _ in places)
    ports = ",".join(port or "5432" for _, _, port in places)
    query = f"{found['query']}&" if found["query"] else "?"
    return f"{found['before']}{found['path'] or ''}{query}host={hosts}&port={ports}"


def _open_postgresql(url: URL, options: str) -> Engine:
    if find_spec("psycopg") is None:
        raise Unavailable("PostgreSQL needs the package psycopg", "install Bursar as `bursar[postgresql]`")
    given = url.query.get("options", "")
    arguments: dict[str, Any] = {"options": f"{given if isinstance(given, str) else ' '.join(given)} {options}".strip()}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT_SECONDS
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
    event.listen(engine, "after_execute", _remember_change)
    return engine


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below decides when a transaction starts
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("bursar_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    event.listen(engine, "after_execute", _remember_change)
    return engine


def _remember_change(connection: Connection, statement: Any, *_: Any) -> None:
    changed = connection.info.get("changed")
    if changed is not None and isinstance(statement, UpdateBase) and isinstance(statement.table, TableClause):
        changed.add(statement.table.name)


@contextmanager
def _spoken() -> Iterator[None]:
    """Turn the drivers' errors into ours. Only the first line is repeated: further ones may quote a row."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(f"the database is not available: {_first_line(error)}") from error
    except IntegrityError as error:
        raise Conflict(f"the database refuses this: {_first_line(error)}") from error
    except DatabaseError as error:
        if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
            raise Conflict(f"the database refuses this: {_first_line(error)}") from error
        if "not a database" in str(error.orig):
            raise Conflict("the file is not a Bursar database", "name another file, or move this one away") from error
        raise


def _first_line(error: DatabaseError | InterfaceError) -> str:
    return str(error.orig).partition("\n")[0]


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_VERSIONS.parent).replace("%", "%%"))
    return config
