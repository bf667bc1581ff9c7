"""Subjects of the access table, read from the roster: a person with the chain of managers above, a manager's team.

Every level is followed by one recursive statement, so a face pays one look-up per request, and a list of people one.
"""

from __future__ import annotations

from sqlalchemy import Connection, literal, select

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


def team_of(connection: Connection, manager_id: str) -> list[str]:
    """Ids of everybody who reports to somebody, directly or not, level by level."""
    first = select(person.c.id, person.c.organisation, person.c.handle, literal(0).label("level"))
    team = first.where(person.c.id == manager_id).cte("team", recursive=True)
    below = person.alias()
    team = team.union_all(
        select(below.c.id, below.c.organisation, below.c.handle, team.c.level + 1)
        .join(team, (below.c.manager == team.c.handle) & (below.c.organisation == team.c.organisation))
        .where(team.c.level < MAX_LEVELS)
    )
    found = select(team.c.id).where(team.c.level > 0).order_by(team.c.level, team.c.handle)
    return list(dict.fromkeys(connection.execute(found).scalars()))


def everybody(actor: Actor) -> Subject:
    """The subject of a page that shows all people of the actor's organisation at once."""
    return Subject(actor.organisation)
