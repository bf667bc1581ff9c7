"""What the organisation has opened: things that are off until an owner turns them on, each with why it is off.

A row of the table `setting` per thing; every change is a line of the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from bursar.errors import InvalidInput
from bursar.office import audit
from bursar.office.tables import ORGANISATION, Whose, leaderboard_member, setting

_PREFIX = "open."
_OPEN, _CLOSED = "yes", "no"


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that an organisation may open."""

    name: str
    title: str
    what: str
    why: str
    """Why it is closed by default."""
    lost: str = ""
    """What closing takes away for good; empty: opening it again brings everything back."""


VISITORS = Opening(
    "offers-for-visitors",
    "Offers for visitors",
    "Whoever has the address may weigh an offer without signing in.",
    "It costs this machine's time, and it says to the world that offers here count tokens.",
)
LEADERBOARD = Opening(
    "leaderboard",
    "Leaderboard",
    "Whoever chooses to may stand on a leaderboard; nobody else ever does.",
    "Rankings by use were gamed and taken down elsewhere; it needs somebody who wants it and says what it is for.",
    "Everybody is taken off it. Who stood on it agreed to this one; whoever wants to stand on a later one joins again.",
)
PAUSING = Opening(
    "pause-unusual-keys",
    "Pausing of unusual keys",
    "An access key that burns far beyond its usual rate is paused within a minute, until somebody resumes it.",
    "It stops work that may be meant. Without it, whoever holds the key, the platform team and owners are told.",
)
WORKS_COUNCIL = Opening(
    "works-council",
    "Without figures of single people",
    "Nobody sees how much somebody else uses: no runway, no spend against pay, no study of one person. Sums of five people "
    "and more stay, and so do one's own page, payroll and the books.",
    "Somebody has to find who runs dry before the period ends; where a works council agreed otherwise, this is how it holds.",
)
HIRING = Opening(
    "grants-on-hire",
    "Grants on hire",
    "Whoever is added to the roster, by hand, by an import or by a directory, is given every tool plan that is for them at "
    "once, from their first day on.",
    "A promise is somebody's decision. Opened, the decision is the plan's: whoever changes who a plan is for, gives.",
)
OPENINGS: dict[str, Opening] = {one.name: one for one in (VISITORS, LEADERBOARD, PAUSING, WORKS_COUNCIL, HIRING)}


@dataclass(frozen=True, slots=True)
class State:
    """Whether something is open."""

    opening: Opening
    open: bool


def is_open(connection: Connection, opening: Opening, organisation: Whose = ORGANISATION) -> bool:
    """Whether an organisation has opened something; closed until somebody says otherwise."""
    here = (setting.c.organisation == organisation) & (setting.c.name == _PREFIX + opening.name)
    return connection.execute(select(setting.c.value).where(here)).scalar_one_or_none() == _OPEN


def listed(connection: Connection, organisation: Whose = ORGANISATION) -> list[State]:
    """Everything that may be opened, and whether it is."""
    query = select(setting.c.name, setting.c.value).where(setting.c.organisation == organisation)
    found = {row.name: row.value for row in connection.execute(query.where(setting.c.name.startswith(_PREFIX)))}
    return [State(one, found.get(_PREFIX + one.name) == _OPEN) for one in OPENINGS.values()]


def named(name: str) -> Opening:
    """Raises InvalidInput for what cannot be opened."""
    found = OPENINGS.get(name)
    if found is None:
        raise InvalidInput("name", repr(name[:60]), f"one of {', '.join(OPENINGS)}")
    return found


def change(
    connection: Connection, name: str, *, to: bool, by: str, now: int, organisation: Whose = ORGANISATION
) -> Opening:
    """Open or close something, with its line in the audit log; what is so already changes nothing.

    Who stood on a leaderboard that is closed agreed to that one: it begins anew without them.
    """
    opening = named(name)
    if is_open(connection, opening, organisation) == to:
        return opening
    here = (setting.c.organisation == organisation) & (setting.c.name == _PREFIX + name)
    value = _OPEN if to else _CLOSED
    if connection.execute(update(setting).where(here).values(value=value)).rowcount == 0:
        connection.execute(insert(setting).values(organisation=organisation, name=_PREFIX + name, value=value))
    if opening is LEADERBOARD and not to:
        connection.execute(leaderboard_member.delete().where(leaderboard_member.c.organisation == organisation))
    audit.record(connection, now, by, "setting.change", name, {"open": to})
    return opening
