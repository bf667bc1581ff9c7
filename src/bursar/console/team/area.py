"""The area that all of these pages are in, and whom they are about."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection

from bursar.console.area import Area
from bursar.console.visit import Visitor
from bursar.office.access import Action, Subject
from bursar.office.database import reading
from bursar.office.oversight import subjects
from bursar.office.oversight.reads import MAX_AT_ONCE
from bursar.office.oversight.subjects import Member
from bursar.office.workforce import people

AREA = Area("Team", ("/team", "/team/approvals", "/team/burn", "/team/fairness"))
MAX_INDIRECT = 300
"""A team with more people below it is shown by its direct reports, unless somebody asks for all of them."""


@dataclass(frozen=True, slots=True)
class Team:
    """Whom a page is about; without a lead, there is one to be chosen."""

    lead: str
    """Handle."""
    name: str
    members: tuple[Member, ...]
    subjects: tuple[Subject, ...]
    direct: bool
    """Only those who report to the lead directly."""
    has_indirect: bool
    leads: tuple[tuple[str, str, int], ...]
    """Whom somebody who sees every team may choose: handle, name, how many report to them."""
    own: bool
    """The caller leads it."""

    @property
    def whole(self) -> bool:
        """Everybody of whom the caller may know: sums of a part could be taken from it, and leave one person over."""
        return bool(self.leads) or (self.own and not self.direct)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.members]

    def address(self, path: str, **more: str) -> str:
        """A page about the same people."""
        given = {**({} if self.own else {"of": self.lead}), **({"whom": "direct"} if self.direct else {}), **more}
        return f"{path}?{urlencode(given)}" if given else path


def team(visit: Visitor, act: Action, of: str = "", whom: str = "") -> Team:
    """The caller's own team, or that of somebody whom the caller may see. Raises NotFound, Forbidden."""
    with reading(visit.caller.desks.engine) as connection:
        every = visit.reaches(act, "house")
        choices = tuple(subjects.leads(connection, visit.actor.organisation)) if every else ()
        lead = _lead(connection, visit, act, of, choices)
        if lead is None:
            return Team("", "", (), (), direct=False, has_indirect=False, leads=choices, own=False)
        found = subjects.members(connection, lead.person, limit=MAX_AT_ONCE)
        names = people.names(connection, [lead.person])[lead.person]
    has_indirect = any(one.level > 1 for one in found)
    direct = has_indirect and (whom == "direct" or (whom != "all" and len(found) > MAX_INDIRECT))
    shown = tuple(one for one in found if one.level == 1 or not direct)
    above = (lead.person, *lead.managers)
    return Team(
        names["handle"],
        names["name"] or names["handle"],
        shown,
        tuple(Subject(visit.actor.organisation, one.id, above) for one in shown),
        direct=direct,
        has_indirect=has_indirect,
        leads=choices,
        own=lead.person == visit.actor.person,
    )


def _lead(
    connection: Connection, visit: Visitor, act: Action, of: str, choices: tuple[tuple[str, str, int], ...]
) -> Subject | None:
    """Who leads the team that is meant; None where there is one to be chosen."""
    me = visit.person["handle"] if visit.person else ""
    if of and of != me:
        return subjects.required(connection, visit.actor, act, of)[0]
    if me and (not choices or any(handle == me for handle, _, _ in choices)):
        return subjects.subject_of(connection, visit.actor.person)
    return None
