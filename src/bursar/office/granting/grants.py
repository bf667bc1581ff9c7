"""Grants in the office's books: who was promised which version of which plan, what changed since, and why.

Terms are only ever added: a grant keeps the version that it was made under until an amendment takes effect, and an
amendment that is less than the person has is in force only after the notice that the old terms promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from bursar.calendar import from_micros, micros, to_local, to_utc
from bursar.errors import Conflict, NotFound
from bursar.money import Amount, Unit, format_amount
from bursar.office.tables import calendar_position, grant_fact, grant_pause, grant_terms, plan_grant
from bursar.office.terms import plans
from bursar.plans.schedule import History, Pause, Recorded, Segment, next_due, periods_of
from bursar.plans.terms import PARTS, Plan, Tier
from bursar.plans.vesting import Accelerated, Happened, Portion

NOTHING_DUE = 2**62
"""The next event of a grant that has none."""

MAX_IDS = 10_000
"""Grants that are asked for by their ids in one statement."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A plan bound to a person."""

    id: str
    person: str
    plan: str
    history: History
    created: int
    actor: str
    note: str
    changes: tuple[dict[str, Any], ...]
    """One for each segment: version, announced, actor, reason."""

    @property
    def current(self) -> Segment:
        return self.history.segments[-1]


@dataclass(frozen=True, slots=True)
class Amendment:
    """New terms of a grant from an instant on."""

    version: plans.Version
    tier: str
    amount: Amount
    start: int
    reason: str


def tier_for(plan: Plan, person: dict[str, Any]) -> Tier:
    """The tier that a person falls into. Raises Conflict where the plan is not for them."""
    tier = plan.tier_of(person)
    if tier is None:
        raise Conflict(
            f"plan {plan.name} is not for {person['handle']}",
            "no tier matches and there is no `otherwise`; `bursar plan show` prints who it is for",
        )
    return tier


def create(
    connection: Connection, grant_id: str, person: dict[str, Any], first: Amendment, *, actor: str, note: str, now: int
) -> Grant:
    """Bind a person to a version of a plan. The caller writes the audit line and runs the calendar."""
    connection.execute(
        insert(plan_grant).values(
            id=grant_id,
            person=person["id"],
            plan=first.version.name,
            starts=first.start,
            hire_date=person["hire_date"],
            created=now,
            actor=actor,
            note=note,
        )
    )
    _add_terms(connection, grant_id, 0, first, actor, now)
    grant = named(connection, grant_id)
    _place(connection, grant, first.start - 1)
    return grant


def amended(grant: Grant, change: Amendment) -> History:
    """The history with new terms at its end."""
    segment = Segment(change.start, change.version.plan, change.tier, change.amount)
    return replace(grant.history, segments=(*grant.history.segments, segment))


def amend(connection: Connection, grant: Grant, change: Amendment, *, actor: str, now: int) -> Grant:
    """Add terms to a grant. The caller has checked the notice and writes the audit line."""
    if change.start <= grant.current.start:
        raise Conflict(
            f"grant {grant.id} has terms from {day_of(grant.current)} on already", "amend it from a later day"
        )
    _add_terms(connection, grant.id, len(grant.history.segments), change, actor, now)
    return _moved(connection, grant.id)


def first_day(grant: Grant, new: Plan, amount: Amount, now: int) -> tuple[str, int]:
    """Which notice a change needs, and the first instant at which it may take effect: a local midnight.

    `same`: nothing of it is the person's, as where a plan changes another tier; that needs none.
    """
    current = grant.history.segment_at(now)
    kind = "same" if amount == current.amount else "improve"
    if amount.unit != current.amount.unit or new.allotment.every != current.plan.allotment.every:
        kind = "adjust"
    elif amount.nanos < current.amount.nanos:
        kind = "reduce"
    elif amount.nanos == current.amount.nanos and _of_everybody(new) != _of_everybody(current.plan):
        kind = "adjust"
    days = {"same": 0, "improve": 0, "adjust": current.plan.notice.adjust, "reduce": current.plan.notice.reduce}[kind]
    return kind, midnight_after(now, days, current.plan)


def _of_everybody(plan: Plan) -> Plan:
    """The terms without who gets how much."""
    return replace(plan, digest="", tiers=(), eligible={})


def midnight_after(now: int, days: int, plan: Plan) -> int:
    """Now without notice; else the first local midnight that lies whole days of notice ahead."""
    if not days:
        return now
    local = to_local(from_micros(now), plan.zone)
    ahead = days + (local.time() > time())
    return micros(to_utc(datetime.combine(local.date() + timedelta(days=ahead), time()), plan.zone))


def aligned(grant: Grant, new: Plan, at: int) -> int:
    """Where terms with other periods may begin: at the next boundary of the old ones, so that nothing is paid twice."""
    current = grant.history.segment_at(at)
    old = current.plan
    same = (
        (new.allotment.every, new.allotment.anchor, new.zone) == (old.allotment.every, old.allotment.anchor, old.zone)
        and new.unit == old.unit
        and (new.vesting is None) == (old.vesting is None)
    )
    if same or old.allotment.every is None:
        return at
    period = next(periods_of(grant.history, current, at, at + 1))
    return at if micros(period.start) == at else micros(period.end)


def pause(connection: Connection, grant: Grant, start: int, until: int, reason: str) -> Grant:
    """Stop releases from an instant on; `until` 0 leaves the end open."""
    if any(one.until is None or one.until > start for one in grant.history.pauses):
        raise Conflict(f"grant {grant.id} is paused then already", "resume it first")
    connection.execute(insert(grant_pause).values(grant_id=grant.id, start=start, until=until, reason=reason))
    return _moved(connection, grant.id)


def resume(connection: Connection, grant: Grant, at: int) -> Grant:
    """End the open pause of a grant."""
    pauses = [one for one in grant.history.pauses if one.until is None or one.until > at]
    if not pauses:
        raise Conflict(f"grant {grant.id} is not paused")
    if at < pauses[-1].start:
        raise Conflict(f"the pause of grant {grant.id} has not begun yet")
    connection.execute(
        update(grant_pause)
        .where(grant_pause.c.grant_id == grant.id, grant_pause.c.start == pauses[-1].start)
        .values(until=at)
    )
    return _moved(connection, grant.id)


def end(connection: Connection, grant: Grant, at: int, kind: str, now: int) -> Grant:
    """End a grant at an instant: `left`, `revoked` (its notice has been checked) or `ended`."""
    if grant.history.ends is not None and grant.history.ends <= at:
        raise Conflict(f"grant {grant.id} ends {day(grant.history.ends, grant.current.plan)} already")
    connection.execute(
        update(plan_grant).where(plan_grant.c.id == grant.id).values(ends=at, end_kind=kind, end_known=now)
    )
    return _moved(connection, grant.id)


def named(connection: Connection, grant_id: str) -> Grant:
    """A grant by its id. Raises NotFound."""
    found = listed(connection, ids=[grant_id])
    if not found:
        raise NotFound(f"there is no grant {grant_id[:80]!r}", "`bursar grant list` shows which there are")
    return found[0]


def listed(
    connection: Connection,
    *,
    person: str = "",
    ids: Iterable[str] | None = None,
    plan: str = "",
    active_at: int = 0,
    not_over_at: int = 0,
) -> list[Grant]:
    """Grants with their histories, in the order of their start; `not_over_at`: those that begin later too."""
    meant: list[ColumnElement[bool]] = []
    if person:
        meant.append(plan_grant.c.person == person)
    if plan:
        meant.append(plan_grant.c.plan == plan)
    if active_at:
        meant += [plan_grant.c.starts <= active_at, or_(plan_grant.c.ends == 0, plan_grant.c.ends > active_at)]
    if not_over_at:
        meant.append(or_(plan_grant.c.ends == 0, plan_grant.c.ends > not_over_at))
    if ids is not None:
        wanted = list(ids)
        if len(wanted) > MAX_IDS:  # more than an engine takes as parameters
            halves = (wanted[: len(wanted) // 2], wanted[len(wanted) // 2 :])
            both = [
                one
                for half in halves
                for one in listed(
                    connection, person=person, ids=half, plan=plan, active_at=active_at, not_over_at=not_over_at
                )
            ]
            return sorted(both, key=lambda one: (one.history.starts, one.id))
        meant.append(plan_grant.c.id.in_(wanted))
    rows = connection.execute(select(plan_grant).where(*meant).order_by(plan_grant.c.starts, plan_grant.c.id)).all()
    terms: dict[str, list[Any]] = {}
    pauses: dict[str, list[Any]] = {}
    facts: dict[str, list[Any]] = {}
    parts = ((grant_terms, "number", terms), (grant_pause, "start", pauses), (grant_fact, "number", facts))
    for table, order, found in parts:
        part = select(table).where(table.c.grant_id.in_(select(plan_grant.c.id).where(*meant)))
        for row in connection.execute(part.order_by(table.c.grant_id, order)):
            found.setdefault(row.grant_id, []).append(row)
    known: dict[tuple[str, int], Plan] = {}
    return [
        _grant(connection, row, terms[row.id], pauses.get(row.id, []), facts.get(row.id, []), known) for row in rows
    ]


def day(at: int, plan: Plan) -> str:
    """The local date of an instant."""
    return to_local(from_micros(at), plan.zone).date().isoformat()


def day_of(segment: Segment) -> str:
    return day(segment.start, segment.plan)


def in_words(amount: Amount, plan: Plan) -> str:
    """`$500 every month`."""
    every = plan.allotment.every
    return format_amount(amount) + (" once" if every is None else f" every {every}")


def _add_terms(connection: Connection, grant_id: str, number: int, terms: Amendment, actor: str, now: int) -> None:
    connection.execute(
        insert(grant_terms).values(
            grant_id=grant_id,
            number=number,
            start=terms.start,
            plan=terms.version.name,
            version=terms.version.number,
            tier=terms.tier,
            amount_nanos=terms.amount.nanos,
            unit=str(terms.amount.unit),
            announced=now,
            actor=actor,
            reason=terms.reason,
        )
    )


def _grant(
    connection: Connection,
    row: Any,
    terms: list[Any],
    pauses: list[Any],
    facts: list[Any],
    known: dict[tuple[str, int], Plan],
) -> Grant:
    segments, changes = [], []
    for one in terms:
        key = (one.plan, one.version)
        if key not in known:
            known[key] = plans.numbered(connection, *key).plan
        segments.append(Segment(one.start, known[key], one.tier, Amount(one.amount_nanos, _unit(one.unit))))
        changes.append({"version": one.version, "announced": one.announced, "actor": one.actor, "reason": one.reason})
    history = History(
        row.id,
        row.starts,
        tuple(segments),
        date.fromisoformat(row.hire_date) if row.hire_date else None,
        tuple(Pause(one.start, one.until or None) for one in pauses),
        row.ends or None,
        row.end_kind,
        row.end_known,
        tuple(Recorded(_fact(one), one.known) for one in facts),
    )
    return Grant(row.id, row.person, row.plan, history, row.created, row.actor, row.note, tuple(changes))


@lru_cache(maxsize=256)
def _unit(code: str) -> Unit:
    return Unit(code)


def _fact(row: Any) -> Happened | Accelerated:
    day_of_fact = date.fromisoformat(row.day)
    if row.kind == "event":
        return Happened(row.condition, day_of_fact)
    share = Portion(row.share_ppm, PARTS, remainder=True) if row.share_ppm else None
    return Accelerated(share, day_of_fact, row.reason)


def record(
    connection: Connection, grant: Grant, kind: str, *, condition: str, share: int, actor: str, reason: str, now: int
) -> Grant:
    """Record that an event of vesting happened today, or that vesting is accelerated; `share` 0 is all of the rest."""
    plan = grant.history.segment_at(now).plan
    if plan.vesting is None:
        raise Conflict(f"grant {grant.id} does not vest")
    today = day(now, plan)
    if any(one.fact.date.isoformat() == today and _kind(one.fact) == kind for one in grant.history.facts):
        raise Conflict(f"an {kind} of grant {grant.id} was recorded today already", "record another one tomorrow")
    connection.execute(
        insert(grant_fact).values(
            grant_id=grant.id,
            number=len(grant.history.facts),
            kind=kind,
            condition=condition,
            day=today,
            share_ppm=share,
            known=now,
            actor=actor,
            reason=reason,
        )
    )
    return _moved(connection, grant.id)


def _kind(fact: Happened | Accelerated) -> str:
    return "event" if isinstance(fact, Happened) else "acceleration"


def _moved(connection: Connection, grant_id: str) -> Grant:
    """The grant as it is now, its next event looked for again."""
    grant = named(connection, grant_id)
    position = connection.execute(select(calendar_position).where(calendar_position.c.grant_id == grant_id)).first()
    if position is None:
        raise NotFound(f"grant {grant_id} has no calendar")
    following = next_due(grant.history, position.done_until)
    connection.execute(
        update(calendar_position)
        .where(calendar_position.c.grant_id == grant_id)
        .values(next_due=NOTHING_DUE if following is None else following.at)
    )
    return grant


def _place(connection: Connection, grant: Grant, done_until: int) -> None:
    following = next_due(grant.history, done_until)
    connection.execute(
        insert(calendar_position).values(
            grant_id=grant.id,
            person=grant.person,
            done_until=done_until,
            next_due=NOTHING_DUE if following is None else following.at,
        )
    )
