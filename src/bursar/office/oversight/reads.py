"""Who looked: whoever reads figures of somebody else leaves a line that this person can see.

`look` is the one way to such figures: it asks the access table and writes the line before anything is read, so a page
that cannot be logged is not shown. One line per reader, person, report and hour: browsing does not flood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Forbidden, InvalidInput
from bursar.office import openings
from bursar.office.access import Action, Actor, Role, Subject, require
from bursar.office.database import reading, transaction
from bursar.office.tables import person, personal_read, user_account

MICROS_PER_HOUR = 3_600_000_000
MAX_WHAT_CHARS = 100
MAX_AT_ONCE = 1_000
"""People of one look; a page of more is about everybody, and is looked at as such."""
MAX_READS = 1_000
"""Lines of one answer."""
SINGLE_PEOPLE = ("burn.read", "usage.read", "running.read", "ratio.read")
"""What somebody else's figures of use are read by: nothing of it where the house does without figures of single people."""
EVERYBODY = ""
"""Stands for the person where somebody looked at the whole organisation at once."""


@dataclass(frozen=True, slots=True)
class Read:
    """One look: who (login and name of the account), in which role, at what, first when in that hour."""

    who: str
    name: str
    role: Role
    action: str
    what: str
    """The page or report."""
    at: int
    """Microseconds UTC."""
    everybody: bool
    """Not at this person in particular."""


def look(engine: Engine, actor: Actor, act: Action, subjects: Sequence[Subject], what: str, now: int) -> int:
    """Require the right to read about each subject, and write down what is to be written; returns how many lines are new.

    Raises Forbidden or NotFound if the actor may not, Unavailable if the look cannot be written down.
    """
    if not 1 <= len(what) <= MAX_WHAT_CHARS or not what.isprintable():
        raise InvalidInput("what", repr(what[:MAX_WHAT_CHARS]), f"1 to {MAX_WHAT_CHARS} printable characters")
    if len(subjects) > MAX_AT_ONCE:
        raise InvalidInput("subjects", f"{len(subjects)} people", f"at most {MAX_AT_ONCE}, else everybody at once")
    roles = {one.person: require(actor, act, one).role for one in subjects}
    if act.name in SINGLE_PEOPLE and any(one == EVERYBODY or one != actor.person for one in roles):
        _refuse_single_people(engine, act)
    if not act.logged:
        return 0
    seen = {one: role for one, role in roles.items() if one == EVERYBODY or one != actor.person}
    missing = sorted(seen.keys() - _written(engine, actor, act, list(seen), what, now))
    if not missing:
        return 0
    rows = [{**_line(actor, act, what, now), "person": one, "role": seen[one], "at": now} for one in missing]
    with transaction(engine) as connection:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
        added = insert(personal_read).values(rows).on_conflict_do_nothing().returning(personal_read.c.person)
        return len(connection.execute(added).all())


def _refuse_single_people(engine: Engine, act: Action) -> None:
    with reading(engine) as connection:
        if openings.is_open(connection, openings.WORKS_COUNCIL):
            raise Forbidden(
                f"{act.name}: this house does without figures of single people", "an owner opens and closes it"
            )


def reads_of(connection: Connection, person_id: str, *, before: int = 0, limit: int = 100) -> list[Read]:
    """Who looked at a person's figures since the person was added, the newest first; `before` an instant, for the next page."""
    if not 1 <= limit <= MAX_READS:
        raise InvalidInput("limit", str(limit), f"1 to {MAX_READS}")
    holder = connection.execute(select(person.c.organisation, person.c.created).where(person.c.id == person_id)).first()
    if holder is None:
        return []
    line, account = personal_read.c, user_account.c
    query = (
        select(personal_read, account.login, account.name)
        .join(user_account, account.id == line.account)
        .where(
            line.organisation == holder.organisation,
            or_(line.person == person_id, (line.person == EVERYBODY) & (line.at >= holder.created)),
            or_(account.person.is_(None), account.person != person_id),
        )
        .order_by(line.at.desc(), account.login, line.action, line.what)
        .limit(limit)
    )
    if before:
        query = query.where(line.at < before)
    return [
        Read(row.login, row.name, row.role, row.action, row.what, row.at, row.person == EVERYBODY)
        for row in connection.execute(query)
    ]


def _written(engine: Engine, actor: Actor, act: Action, people: list[str], what: str, now: int) -> set[str]:
    """Who of these is in the log of this hour already: a second glance takes no write lock."""
    line = personal_read.c
    query = select(line.person).where(line.person.in_(people))
    for name, value in _line(actor, act, what, now).items():
        query = query.where(line[name] == value)
    with reading(engine) as connection:
        return set(connection.execute(query).scalars())


def _line(actor: Actor, act: Action, what: str, now: int) -> dict[str, str | int]:
    return {
        "organisation": actor.organisation,
        "account": actor.account,
        "action": act.name,
        "what": what,
        "hour": now // MICROS_PER_HOUR,
    }
