"""Several organisations in one PostgreSQL database: adding one, and which there are.

Both are for whoever owns the database: the role that Bursar works as sees its own organisation only, and can make none.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from bursar.errors import Conflict, InvalidInput
from bursar.ledger.separation import APP_ROLE, checked_organisation
from bursar.office import audit
from bursar.office.catalogue import pricing
from bursar.office.database import as_owner, check_schema, open_engine, reading, transaction
from bursar.office.desk import Clock, system_clock
from bursar.office.settings import Settings
from bursar.office.tables import control_version, notice_watch, organisation
from bursar.office.vault import create_master_key

MAX_TITLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Organisation:
    """One of an installation: its id, which `BURSAR_ORGANISATION` takes, and what it is called."""

    name: str
    title: str


def add(settings: Settings, name: str, title: str, *, actor: str, clock: Clock = system_clock) -> Organisation:
    """Add an organisation with what an installation begins with: empty books, today's prices, a master key of its own.

    Raises Conflict where there is one of that name, or on SQLite.
    """
    made = Organisation(checked_organisation(name), _checked_title(title))
    _refuse_a_file(settings)
    engine = open_engine(settings.url, name)
    try:
        _check_set_up(settings)
        theirs = settings.model_copy(update={"organisation": name})
        with as_owner(engine, name) as owner, transaction(owner) as connection:
            if connection.execute(select(organisation.c.id).where(organisation.c.id == name)).first():
                raise Conflict(f"there is an organisation {name} already")
            _seed(connection, made)
            # From here on below the policies, also where the URL names a superuser.
            connection.exec_driver_sql(f"SET LOCAL ROLE {APP_ROLE}")
            pricing.pin(connection, clock())
            audit.record(connection, clock(), actor, "organisation.add", name, {"title": made.title})
            if not settings.master_key:
                create_master_key(theirs.key_file)
        check_schema(engine)
    finally:
        engine.dispose()
    return made


def listed(settings: Settings) -> list[Organisation]:
    """Every organisation of this database, by name; of a file the one that it holds. Raises Conflict if it is not set up."""
    _check_set_up(settings)
    engine = open_engine(settings.url, settings.organisation)
    try:
        with as_owner(engine, settings.organisation) as owner, reading(owner) as connection:
            rows = connection.execute(select(organisation).order_by(organisation.c.id)).all()
    finally:
        engine.dispose()
    return [Organisation(row.id, row.name) for row in rows]


def _seed(connection: Connection, made: Organisation) -> None:
    """The rows that revisions of the schema made for the first organisation; each table's organisation is the connection's."""
    connection.execute(insert(organisation).values(id=made.name, name=made.title))
    connection.execute(insert(control_version).values(id=1, version=1))
    connection.execute(insert(notice_watch).values(id=1, seq=0, expiries_seen=0))
    connection.exec_driver_sql("INSERT INTO head (id, batch, seq, recorded, hash) VALUES (1, 0, 0, 0, '')")


def _check_set_up(settings: Settings) -> None:
    engine = open_engine(settings.url)
    try:
        check_schema(engine)
    finally:
        engine.dispose()


def _refuse_a_file(settings: Settings) -> None:
    if settings.url.startswith("sqlite"):
        raise Conflict(
            "a file of SQLite holds one organisation",
            "give the second one a home of its own (BURSAR_HOME), or keep both in PostgreSQL",
        )


def _checked_title(title: str) -> str:
    if len(title) > MAX_TITLE_CHARS or not title.isprintable():
        raise InvalidInput("title", f"{len(title)} characters", f"printable text of at most {MAX_TITLE_CHARS}")
    return title
