"""The audit log page by page, filtered; and who looked at whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_

from bursar.errors import InvalidInput
from bursar.office.audit import count
from bursar.office.database import reading
from bursar.office.standing import taken
from bursar.office.tables import audit, person, personal_read, user_account
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "audit-export"
EXPORT_LINES = 1_000
"""Lines that are read at once."""
ROWS = 50
SEARCHED = 50_000
"""Lines that one page of a search looks through: a text is in no index, and a log of years is long."""
MAX_SEARCH_CHARS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A change; the instant in microseconds UTC."""

    seq: int
    at: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    """As it was recorded."""
    hash: str


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, the newest first; `next` is the number that the next page is before, 0 at the end."""

    lines: tuple[Line, ...]
    next: int


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody read figures of somebody else, first in that hour at this instant."""

    at: int
    who: str
    name: str
    role: str
    action: str
    what: str
    whom: str
    """Handle; empty for everybody at once."""
    account: str
    person: str


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks, the newest first, and where the next page begins."""

    looks: tuple[Look, ...]
    next: tuple[int, str, str, str, str] | None
    """What the last line is sorted by: instant, account, action, page, person."""


def page(
    connection: Connection,
    *,
    action: str = "",
    actors: list[str] | None = None,
    text: str = "",
    start: int = 0,
    end: int = 0,
    before: int = 0,
    rows: int = ROWS,
) -> Page:
    """Lines that match: an action or what it begins with (`account.`), beginnings of actors, a text in subject or detail.

    At most `SEARCHED` lines are looked through at a time; `next` then goes on where they end, whatever was found.
    """
    if len(text) > MAX_SEARCH_CHARS or len(action) > MAX_SEARCH_CHARS:
        raise InvalidInput("find", f"{max(len(text), len(action))} characters", f"at most {MAX_SEARCH_CHARS}")
    row, query = audit.c, select(audit)
    wanted: list[ColumnElement[bool]] = []
    if action:
        wanted.append(row.action.startswith(action, autoescape=True) if action.endswith(".") else row.action == action)
    if actors is not None:
        wanted.append(or_(*(row.actor.startswith(one, autoescape=True) for one in actors)))
    if text:
        wanted.append(or_(row.subject.icontains(text, autoescape=True), row.detail.icontains(text, autoescape=True)))
    if start:
        wanted.append(row.at >= start)
    if end:
        wanted.append(row.at < end)
    floor = 0
    if wanted:
        top = before or int(connection.execute(select(func.max(row.seq))).scalar() or 0) + 1
        floor = max(0, top - SEARCHED)
        wanted.append(row.seq >= floor)
    if before:
        wanted.append(row.seq < before)
    found = connection.execute(query.where(*wanted).order_by(row.seq.desc()).limit(rows + 1)).all()
    kept = found[:rows]
    # Lines count from 1: before that there is nothing to go on to.
    further = kept[-1].seq if len(found) > rows else floor if floor > 1 else 0
    return Page(tuple(_line(one) for one in kept), further)


def work(desk: Desk, asked: dict[str, Any], progress: Callable[[int, int], None]) -> Outcome:
    """The whole log as JSON lines, the oldest first, as long work is done; there is nothing to ask."""
    found: list[str] = []
    with reading(desk.engine) as connection:
        whole, before = count(connection), 0
        while lines := page(connection, before=before, rows=EXPORT_LINES).lines:
            found += [_exported(one) for one in lines]
            before = lines[-1].seq
            progress(len(found), whole + 1)
    return Outcome("".join(f"{one}\n" for one in reversed(found)).encode(), "application/x-ndjson", "audit.ndjson")


def _exported(one: Line) -> str:
    moment = datetime.fromtimestamp(one.at // 1_000_000, UTC).replace(microsecond=one.at % 1_000_000)
    names = ("actor", "action", "subject", "detail", "hash")
    told = {"seq": one.seq, "at": moment.isoformat().replace("+00:00", "Z")}
    return json.dumps({**told, **{name: getattr(one, name) for name in names}}, ensure_ascii=False)


def actions(desk: Desk) -> list[str]:
    """Every action that the log has, with the areas that several share, by name."""
    return taken(desk, "audit-actions", _actions).value


def _actions(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        found = sorted(connection.execute(select(audit.c.action).distinct()).scalars())
    areas = [one.partition(".")[0] + "." for one in found]
    return sorted({*found, *(one for one in areas if areas.count(one) > 1)})


def actors_named(connection: Connection, text: str) -> list[str]:
    """What the labels of an actor begin with: of an account found by login or name, else the text itself."""
    if len(text) > MAX_SEARCH_CHARS:
        raise InvalidInput("who", f"{len(text)} characters", f"at most {MAX_SEARCH_CHARS}")
    row = user_account.c
    query = select(row.id).where(
        or_(row.login.icontains(text, autoescape=True), row.name.icontains(text, autoescape=True))
    )
    return [*(f"{one} " for one in connection.execute(query).scalars()), text]


def looks(
    connection: Connection,
    organisation: str,
    *,
    who: str = "",
    whom: str = "",
    after: tuple[int, str, str, str, str] | None = None,
    rows: int = ROWS,
) -> Looks:
    """Who looked at whom; `who` an account's login or name, `whom` a handle or name, `after` what a page gave as next."""
    if max(len(who), len(whom)) > MAX_SEARCH_CHARS:
        raise InvalidInput("who", f"{max(len(who), len(whom))} characters", f"at most {MAX_SEARCH_CHARS}")
    line, account = personal_read.c, user_account.c
    query = (
        select(personal_read, account.login, account.name, person.c.handle)
        .join(user_account, account.id == line.account)
        .outerjoin(person, person.c.id == line.person)
        .where(line.organisation == organisation)
    )
    if who:
        query = query.where(
            or_(account.login.icontains(who, autoescape=True), account.name.icontains(who, autoescape=True))
        )
    if whom:
        query = query.where(
            or_(person.c.handle.icontains(whom, autoescape=True), person.c.name.icontains(whom, autoescape=True))
        )
    order = (line.at, line.account, line.action, line.what, line.person)
    if after is not None:
        query = query.where(tuple_(*order) < tuple_(*after))
    found = connection.execute(query.order_by(*(one.desc() for one in order)).limit(rows + 1)).all()
    kept = found[:rows]
    last = kept[-1] if len(found) > rows else None
    place = None if last is None else (last.at, last.account, last.action, last.what, last.person)
    return Looks(tuple(_look(one) for one in kept), place)


def _line(row: Any) -> Line:
    return Line(row.seq, row.at, row.actor, row.action, row.subject, json.loads(row.detail), row.hash)


def _look(row: Any) -> Look:
    return Look(row.at, row.login, row.name, row.role, row.action, row.what, row.handle or "", row.account, row.person)
