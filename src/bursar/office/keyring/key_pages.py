"""Access keys of everybody, page by page: found by hint, owner, label or project, with when each was last used."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, tuple_

from bursar.errors import InvalidInput
from bursar.office.keyring import key_use
from bursar.office.keyring.keys import AccessKey, read
from bursar.office.tables import ORGANISATION, access_key, person

STATES = ("live", "ended", "all")
MAX_SEARCH_CHARS = 100
ROWS = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A key in the list; `used` is 0 for never, as far as is known."""

    key: AccessKey
    name: str
    team: str
    used: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys, the newest first, and where the next page begins (empty: nowhere)."""

    keys: tuple[Shown, ...]
    next: str


def page(
    connection: Connection, now: int, *, text: str = "", state: str = "live", after: str = "", rows: int = ROWS
) -> Page:
    """Keys that match; `after` is the id of the last one on the page before. Raises InvalidInput."""
    if state not in STATES:
        raise InvalidInput("state", repr(state[:40]), f"one of {', '.join(STATES)}")
    if len(text) > MAX_SEARCH_CHARS:
        raise InvalidInput("find", f"{len(text)} characters", f"at most {MAX_SEARCH_CHARS}")
    row = access_key.c
    query = (
        select(access_key, person.c.handle, person.c.name.label("holder"), person.c.team)
        .join(person, person.c.id == row.person)
        .where(person.c.organisation == ORGANISATION)
    )
    over = (row.revoked > 0) | ((row.expires > 0) & (row.expires <= now))
    if state != "all":
        query = query.where(over if state == "ended" else ~over)
    wanted = text.strip()
    if wanted:
        columns = (row.hint, row.label, row.project, row.id, person.c.handle, person.c.name, person.c.team)
        query = query.where(or_(*(one.icontains(wanted, autoescape=True) for one in columns)))
    if after:
        last = connection.execute(select(row.created, row.id).where(row.id == after)).first()
        if last is None:
            raise InvalidInput("after", repr(after[:40]), "the id of a key")
        query = query.where(tuple_(row.created, row.id) < tuple_(last.created, last.id))
    found = connection.execute(query.order_by(row.created.desc(), row.id.desc()).limit(rows + 1)).all()
    kept = found[:rows]
    used = key_use.last_used(connection, [one.id for one in kept])
    shown = tuple(Shown(read(one), one.holder, one.team, used.get(one.id, 0)) for one in kept)
    return Page(shown, kept[-1].id if len(found) > rows else "")
