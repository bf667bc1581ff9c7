"""Subjects of the access table, read from the roster: a person with the chain of managers above, a manager's team.

Every level is followed by one recursive statement, so a face pays one look-up per request, and a list of people one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Connection, func, literal, select

from bursar.calendar import parse_zone
from bursar.office.access import Action, Actor, Decision, Subject, missing, require
from bursar.office.tables import person

MAX_LEVELS = 64
"""Levels of managers that are followed; the roster refuses rings, and no organisation is that deep."""


def subject_of(connection: Connection, person_id: str, *, named: frozenset[str] = frozenset()) -> Subject:
    """The subject that a person is. `named` are ids of people whom the matter names. Raises NotFound."""
    first = select(person.c.id, person.c.organisation, person.c.manager, literal(0).label("level"))
    chain = first.where(person.c.id == person_id).cte("chain", recursive=True)
    above = person.alias()
    chain = chain.union_all(
        select(above.c.id, above.c.organisation, above.c.manager, chain.c.level + 1)
        .join(chain, (above.c.handle == chain.c.manager) & (above.c.organisation == chain.c.organisation))
        .where(chain.c.level < MAX_LEVELS)
    )
    rows = connection.execute(select(chain.c.id, chain.c.organisation).order_by(chain.c.level)).all()
    if not rows:
        raise missing(person_id)
    return Subject(rows[0].organisation, person_id, tuple(row.id for row in rows[1:]), named)


def subjects_of(connection: Connection, people: Iterable[str]) -> dict[str, Subject]:
    """The subjects that some people are, by id, with one statement; who does not exist is left out."""
    wanted = sorted(set(people))
    if not wanted:
        return {}
    first = select(
        person.c.id.label("start"), person.c.id, person.c.organisation, person.c.manager, literal(0).label("level")
    )
    chain = first.where(person.c.id.in_(wanted)).cte("chain", recursive=True)
    above = person.alias()
    chain = chain.union_all(
        select(chain.c.start, above.c.id, above.c.organisation, above.c.manager, chain.c.level + 1)
        .join(chain, (above.c.handle == chain.c.manager) & (above.c.organisation == chain.c.organisation))
        .where(chain.c.level < MAX_LEVELS)
    )
    rows = connection.execute(select(chain.c.start, chain.c.id, chain.c.organisation).order_by(chain.c.level)).all()
    found: dict[str, list[str]] = {}
    organisations = {row.start: row.organisation for row in rows if row.start == row.id}
    for row in rows:
        if row.id != row.start:
            found.setdefault(row.start, []).append(row.id)
    return {one: Subject(where, one, tuple(found.get(one, ()))) for one, where in organisations.items()}


def required(
    connection: Connection, actor: Actor, act: Action, name: str, *, named: frozenset[str] = frozenset()
) -> tuple[Subject, Decision]:
    """The person that somebody calls by handle, e-mail address or id, if the actor may; else what `require` raises.

    Somebody of another organisation, somebody unseen and nobody at all get one and the same answer.
    """
    if not name or not name.isprintable():
        raise missing(name)
    lower, here = name.lower(), person.c.organisation == actor.organisation
    # One look-up by an index each: a condition with OR would read the whole roster.
    for meant in (person.c.handle == lower, (person.c.email == lower) & (person.c.email != ""), person.c.id == name):
        row = connection.execute(select(person.c.id).where(here, meant)).first()
        if row is not None:
            subject = subject_of(connection, row.id, named=named)
            return subject, require(actor, act, subject, named=name)
    raise missing(name)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a team."""

    id: str
    handle: str
    name: str
    team: str
    zone: ZoneInfo
    manager: str
    """Handle."""
    level: int
    """How many levels below whoever leads; 1 is a direct report."""


def team_of(connection: Connection, manager_id: str) -> list[str]:
    """Ids of everybody who reports to somebody, directly or not, level by level."""
    team = _below(manager_id)
    found = select(team.c.id).where(team.c.level > 0).order_by(team.c.level, team.c.handle)
    return list(dict.fromkeys(connection.execute(found).scalars()))


def members(connection: Connection, manager_id: str, *, direct: bool = False, limit: int = 1_000) -> list[Member]:
    """Who reports to somebody and did not leave, directly or also indirectly, level by level; at most `limit`."""
    team = _below(manager_id, 1 if direct else MAX_LEVELS)
    columns = (person.c.id, person.c.handle, person.c.name, person.c.team, person.c.zone, person.c.manager)
    query = (
        select(*columns, team.c.level)
        .join(team, team.c.id == person.c.id)
        .where(team.c.level > 0, person.c.status != "left")
        .order_by(team.c.level, person.c.handle)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    return [
        Member(one.id, one.handle, one.name, one.team, parse_zone(one.zone), one.manager, one.level) for one in rows
    ]


def leads(connection: Connection, organisation: str) -> list[tuple[str, str, int]]:
    """Handle and name of everybody to whom others report, and how many do directly."""
    report = person.alias()
    query = (
        select(person.c.handle, person.c.name, func.count(report.c.id))
        .join(report, (report.c.manager == person.c.handle) & (report.c.organisation == person.c.organisation))
        .where(person.c.organisation == organisation, report.c.status != "left")
        .group_by(person.c.handle, person.c.name)
        .order_by(person.c.handle)
    )
    return [(row[0], row[1], int(row[2])) for row in connection.execute(query)]


def _below(manager_id: str, levels: int = MAX_LEVELS) -> CTE:
    first = select(person.c.id, person.c.organisation, person.c.handle, literal(0).label("level"))
    team = first.where(person.c.id == manager_id).cte("team", recursive=True)
    below = person.alias()
    return team.union_all(
        select(below.c.id, below.c.organisation, below.c.handle, team.c.level + 1)
        .join(team, (below.c.manager == team.c.handle) & (below.c.organisation == team.c.organisation))
        .where(team.c.level < levels)
    )


def everybody(actor: Actor) -> Subject:
    """The subject of a page that shows all people of the actor's organisation at once."""
    return Subject(actor.organisation)
