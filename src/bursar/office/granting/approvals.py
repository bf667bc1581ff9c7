"""Requests for more, as whoever decides needs them: what is left, what it would cost, what was asked before.

Who may see and decide which of them is the access table's and the request's own chain together: the table says whom a
role reaches, the chain whose turn it is. Nobody decides about themselves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bursar.calendar import parse_zone
from bursar.errors import InvalidInput
from bursar.money import Amount, Unit
from bursar.office.access import Actor, Subject, action, allow, require
from bursar.office.database import reading
from bursar.office.figures.runways import MICROS_PER_DAY, Runway, runway
from bursar.office.granting import topups
from bursar.office.oversight import subjects
from bursar.office.oversight.subjects import Member
from bursar.office.tables import person, topup_request
from bursar.office.telling import watch

if TYPE_CHECKING:
    from bursar.office.desk import Desk

READ, DECIDE = action("topup.read"), action("topup.decide")
MAX_OPEN = 200
"""Open requests of one inbox; whoever has more begins with the oldest."""
MAX_DECIDED = 20
MEASURED_MICROS = 180 * MICROS_PER_DAY
"""How far back answers are looked at for how long they take."""
YEAR_MICROS = 365 * MICROS_PER_DAY
MICROS_PER_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One open request with its impact."""

    id: str
    member: Member
    amount: Amount
    reason: str
    """In the person's own words."""
    created: int
    expires: int
    grant: str
    chain: tuple[str, ...]
    """Who decides, in order; those before `turn` have agreed."""
    turn: int
    mine: bool
    """It is the actor's to decide now."""
    subject: Subject
    runway: Runway
    """Of their purse in USD."""
    expected: int | None
    """What of it would be spent before the next allotment comes, at the present rate, nano-units; None: not known."""
    before: int
    """Requests of the last year before this one."""
    granted_before: int
    """What was approved of them in the same unit, nano-units."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """Open requests that an actor may see, the actor's own turn first, then the oldest; and what was decided lately."""

    open: tuple[Asked, ...]
    decided: tuple[dict[str, Any], ...]
    answers: int
    """Decisions that the median is of."""
    median_minutes: int

    @property
    def mine(self) -> list[Asked]:
        return [one for one in self.open if one.mine]

    @property
    def others(self) -> list[Asked]:
        return [one for one in self.open if not one.mine]

    @property
    def subjects(self) -> list[Subject]:
        """Whose requests are told."""
        found = {one.subject.person: one.subject for one in self.open}
        return [*found.values(), *(one["subject"] for one in self.decided if one["subject"].person not in found)]


def inbox(desk: Desk, actor: Actor) -> Inbox:
    """What an actor may see of the requests for more. The caller writes down the look before it shows anything."""
    now = desk.now()
    with reading(desk.engine) as connection:
        rows = _open(connection, now)
        recent = _decided(connection, now)
        about = subjects.subjects_of(connection, {row.person for row in (*rows, *recent)})
        seen = [row for row in rows if allow(actor, READ, _named(about[row.person], row)).allowed]
        told = [row for row in recent if allow(actor, READ, about[row.person]).allowed]
        before = _before(connection, [row.person for row in seen], now)
    members = [_member(row) for row in seen]
    outlooks = watch.outlooks(desk, [watch.Holder(one.id, one.zone) for one in members], now)
    found = []
    for row, member in zip(seen, members, strict=True):
        chain = json.loads(row.approvers)
        turn = len(topups.given(row.approved_by))
        subject = _named(about[row.person], row)
        how = runway(member, outlooks.get(member.id), now)
        earlier = [one for one in before.get(row.person, ()) if one.id != row.id]
        found.append(
            Asked(
                row.id,
                member,
                Amount(row.amount_nanos, Unit(row.unit)),
                row.reason,
                row.created,
                row.expires,
                row.grant_id,
                tuple(one["name"] for one in chain),
                turn,
                may_decide(actor, subject, chain[turn]["person"]),
                subject,
                how,
                _expected(row, how, now),
                len(earlier),
                sum(topups.granted(one) for one in earlier if one.state == "approved" and one.unit == row.unit),
            )
        )
    took = [(row.decided - row.created) // MICROS_PER_MINUTE for row in told if row.decided > now - MEASURED_MICROS]
    lately = [{**_told(row), "subject": about[row.person]} for row in told[:MAX_DECIDED]]
    ordered = sorted(found, key=lambda one: (not one.mine, one.created, one.id))
    return Inbox(tuple(ordered), tuple(lately), len(took), int(median(took)) if took else 0)


def may_decide(actor: Actor, subject: Subject, turn: str) -> bool:
    """Whether it is this actor's to decide now; `turn` is whom the chain names, empty for anybody with the right."""
    return turn in ("", actor.person) and allow(actor, DECIDE, subject).allowed


def decide(
    desk: Desk, actor: Actor, login: str, request_id: str, *, approve: bool, amount: str = "", note: str = ""
) -> dict[str, Any]:
    """Approve or decline as the actor, whose turn it has to be. Raises Forbidden, NotFound, Conflict, InvalidInput."""
    with reading(desk.engine) as connection:
        row = topups.row_of(connection, request_id)
        subject = _named(subjects.subject_of(connection, row.person), row)
    if not allow(actor, READ, subject).allowed:
        raise topups.missing(request_id)
    require(actor, DECIDE, subject)
    if not approve and not note.strip():
        raise InvalidInput("note", "nothing", "why not: the person reads it")
    return topups.decide(
        desk, request_id, by=actor.person, login=login, approve=approve, amount=amount, note=note.strip()
    )


def _open(connection: Connection, now: int) -> Sequence[Any]:
    query = _rows().where(topup_request.c.state == "open", topup_request.c.expires > now)
    return connection.execute(query.order_by(topup_request.c.created, topup_request.c.id).limit(MAX_OPEN)).all()


def _decided(connection: Connection, now: int) -> Sequence[Any]:
    since = topup_request.c.decided > now - MEASURED_MICROS
    query = _rows().where(topup_request.c.state.in_(("approved", "denied")), since)
    return connection.execute(query.order_by(topup_request.c.decided.desc(), topup_request.c.id)).all()


def _before(connection: Connection, people: Sequence[str], now: int) -> dict[str, list[Any]]:
    """Requests of the last year of some people."""
    found: dict[str, list[Any]] = {}
    if people:
        lately = topup_request.c.created > now - YEAR_MICROS
        query = select(topup_request).where(topup_request.c.person.in_(sorted(set(people))), lately)
        for row in connection.execute(query):
            found.setdefault(row.person, []).append(row)
    return found


def _rows() -> Any:
    columns = (person.c.handle, person.c.name, person.c.team, person.c.zone, person.c.manager)
    return select(topup_request, *columns).join(person, person.c.id == topup_request.c.person)


def _named(subject: Subject, row: Any) -> Subject:
    """The person, with whom the request names as next."""
    chain, turn = json.loads(row.approvers), len(topups.given(row.approved_by))
    names = {chain[turn]["person"]} - {""} if turn < len(chain) else set()
    return Subject(subject.organisation, subject.person, subject.managers, frozenset(names), subject.account)


def _member(row: Any) -> Member:
    return Member(row.person, row.handle, row.name, row.team, parse_zone(row.zone), row.manager, 0)


def _expected(row: Any, how: Runway, now: int) -> int | None:
    """What of an amount would be used up by the end of the period, beyond what is left."""
    if row.unit != watch.UNIT or not how.rate_day or not how.resets:
        return None
    wanted = how.rate_day * (how.resets - now) // MICROS_PER_DAY
    return int(max(0, min(row.amount_nanos, wanted - how.left)))


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "handle": row.handle,
        "name": row.name,
        "amount": Amount(row.amount_nanos, Unit(row.unit)),
        "granted": Amount(topups.granted(row), Unit(row.unit)) if row.state == "approved" else None,
        "state": row.state,
        "reason": row.reason,
        "note": row.note,
        "created": row.created,
        "decided": row.decided,
        "by": row.decided_by,
    }
