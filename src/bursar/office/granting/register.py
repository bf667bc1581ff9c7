"""The register of grants: who was promised what under which plan, found by filters, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select

from bursar.errors import InvalidInput, NotFound
from bursar.ledger import NEVER, Store
from bursar.ledger.session import Session
from bursar.money import Amount, Unit
from bursar.office.granting import grants
from bursar.office.granting.grants import NOTHING_DUE, Grant
from bursar.office.metering.limits import POOL_PREFIX
from bursar.office.tables import calendar_position, grant_pause, grant_terms, person, plan_grant

State = Literal["running", "paused", "ahead", "over", "any"]
STATES: tuple[State, ...] = get_args(State)
MAX_ROWS = 500
_WIDE = 31


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; empty texts admit everything."""

    plan: str = ""
    tier: str = ""
    team: str = ""
    person: str = ""
    """Part of a handle or a name."""
    state: State = "running"

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise InvalidInput("state", repr(str(self.state)[:40]), f"one of {', '.join(STATES)}")


@dataclass(frozen=True, slots=True)
class Row:
    """One grant as it is now; instants in microseconds UTC."""

    grant: Grant
    handle: str
    name: str
    team: str
    state: State
    tier: str
    amount: Amount
    terms: str
    next_due: int
    """0: nothing more."""
    changes_at: int
    """When terms that are announced take effect, 0 for none."""


@dataclass(frozen=True, slots=True)
class PlanSum:
    """What is promised under a plan now."""

    grants: int
    amount: Amount
    """Of all of them together, each period."""


def found(connection: Connection, wanted: Filter, now: int, *, after: str = "", limit: int = 50) -> list[Row]:
    """Grants that fit, by handle; `after` is the last row's `place`, for the next page."""
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidInput("limit", str(limit), f"1 to {MAX_ROWS}")
    query = (
        select(plan_grant.c.id, person.c.handle, person.c.name, person.c.team, calendar_position.c.next_due)
        .join(person, person.c.id == plan_grant.c.person)
        .join(calendar_position, calendar_position.c.grant_id == plan_grant.c.id)
        .where(*_conditions(wanted, now))
        .order_by(person.c.handle, plan_grant.c.id)
        .limit(limit)
    )
    if after:
        handle, _, grant_id = after.partition(" ")
        query = query.where(or_(person.c.handle > handle, and_(person.c.handle == handle, plan_grant.c.id > grant_id)))
    rows = connection.execute(query).all()
    by_id = {one.id: one for one in grants.listed(connection, ids=[row.id for row in rows])}
    return [_row(by_id[row.id], row, now) for row in rows]


def holder(connection: Connection, grant_id: str) -> str:
    """The id of the person whose grant it is. Raises NotFound."""
    found = connection.execute(select(plan_grant.c.person).where(plan_grant.c.id == grant_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no grant {grant_id[:80]!r}", "the register of grants has those that there are")
    return str(found)


def place(row: Row) -> str:
    """Where a row stands in the order, for the next page."""
    return f"{row.handle} {row.grant.id}"


def state_of(grant: Grant, now: int) -> State:
    """Whether a grant runs at an instant."""
    history = grant.history
    if history.ends is not None and history.ends <= now:
        return "over"
    if history.starts > now:
        return "ahead"
    if any(one.start <= now and (one.until is None or now < one.until) for one in history.pauses):
        return "paused"
    return "running"


def choices(connection: Connection) -> dict[str, list[str]]:
    """What the filters have to choose from: plans, tiers, teams."""
    columns = {"plan": plan_grant.c.plan, "tier": grant_terms.c.tier, "team": person.c.team}
    return {
        name: [str(one) for one in connection.execute(select(column).distinct().order_by(column)).scalars() if one]
        for name, column in columns.items()
    }


def sums_by_plan(connection: Connection, now: int) -> dict[str, PlanSum]:
    """Running grants of each plan and what they come to; a plan has one unit in all of its versions that are in use."""
    nanos = grant_terms.c.amount_nanos
    # A plain sum of promises in tokens can exceed 64 bits; PostgreSQL shifts by a plain integer only.
    high, low = func.sum(nanos.op(">>")(literal_column(str(_WIDE)))), func.sum(nanos.op("&")((1 << _WIDE) - 1))
    query = (
        select(plan_grant.c.plan, grant_terms.c.unit, func.count(), high, low)
        .join(grant_terms, grant_terms.c.grant_id == plan_grant.c.id)
        .where(plan_grant.c.starts <= now, _not_over(now), grant_terms.c.number == _current(now))
        .group_by(plan_grant.c.plan, grant_terms.c.unit)
        .order_by(plan_grant.c.plan, func.count())
    )
    return {
        row[0]: PlanSum(int(row[2]), Amount((int(row[3]) << _WIDE) + int(row[4]), Unit(row[1])))
        for row in connection.execute(query)
    }


@dataclass(frozen=True, slots=True)
class Having:
    """What a person has under a plan now."""

    grant: str
    tier: str
    amount: Amount


def having(connection: Connection, plan: str, now: int, person_id: str = "") -> dict[str, Having]:
    """Running grants under a plan, by person, of everybody or one; without their histories, which many do not need."""
    terms = grant_terms.c
    query = (
        select(plan_grant.c.person, plan_grant.c.id, terms.tier, terms.amount_nanos, terms.unit)
        .join(grant_terms, terms.grant_id == plan_grant.c.id)
        .where(plan_grant.c.plan == plan, plan_grant.c.starts <= now, _not_over(now), terms.number == _current(now))
    )
    if person_id:
        query = query.where(plan_grant.c.person == person_id)
    units: dict[str, Unit] = {}
    return {
        row[0]: Having(row[1], row[2], Amount(row[3], units.setdefault(row[4], Unit(row[4]))))
        for row in connection.execute(query)
    }


def _conditions(wanted: Filter, now: int) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.plan:
        conditions.append(plan_grant.c.plan == wanted.plan)
    if wanted.team:
        conditions.append(person.c.team == wanted.team)
    if wanted.person:
        part = wanted.person.strip().lower()
        conditions.append(
            or_(
                person.c.handle.contains(part, autoescape=True),
                func.lower(person.c.name).contains(part, autoescape=True),
            )
        )
    if wanted.tier:
        conditions.append(
            select(grant_terms.c.grant_id)
            .where(
                grant_terms.c.grant_id == plan_grant.c.id,
                grant_terms.c.tier == wanted.tier,
                grant_terms.c.number == _current(now),
            )
            .exists()
        )
    paused = (
        select(grant_pause.c.grant_id)
        .where(
            grant_pause.c.grant_id == plan_grant.c.id,
            grant_pause.c.start <= now,
            or_(grant_pause.c.until == 0, grant_pause.c.until > now),
        )
        .exists()
    )
    match wanted.state:
        case "running":
            conditions += [plan_grant.c.starts <= now, _not_over(now), ~paused]
        case "paused":
            conditions += [plan_grant.c.starts <= now, _not_over(now), paused]
        case "ahead":
            conditions += [plan_grant.c.starts > now, _not_over(now)]
        case "over":
            conditions.append(~_not_over(now))
    return conditions


def _not_over(now: int) -> ColumnElement[bool]:
    return or_(plan_grant.c.ends == 0, plan_grant.c.ends > now)


def _current(now: int) -> Any:
    """The number of the terms in force; of the first ones, before the grant begins."""
    terms = grant_terms.alias()
    return (
        select(func.coalesce(func.max(terms.c.number), 0))
        .where(terms.c.grant_id == plan_grant.c.id, terms.c.start <= now)
        .correlate(plan_grant)
        .scalar_subquery()
    )


def _row(grant: Grant, row: Any, now: int) -> Row:
    segment = grant.history.segment_at(now)
    ahead = [one.start for one in grant.history.segments if one.start > max(now, grant.history.starts)]
    return Row(
        grant,
        row.handle,
        row.name,
        row.team,
        state_of(grant, now),
        segment.tier,
        segment.amount,
        grants.in_words(segment.amount, segment.plan),
        0 if row.next_due >= NOTHING_DUE else row.next_due,
        min(ahead, default=0),
    )


# Given by hand: one lot without a plan.


@dataclass(frozen=True, slots=True)
class ByHand:
    """A lot that was given outside of any plan; nano-units, microseconds UTC."""

    grant: str
    person: str
    label: str
    amount: Amount
    available: int
    spent: int
    effective: int
    expires: int
    """0: never."""
    revoked: bool


def by_hand(store: Store, *, person_id: str = "", grant_id: str = "", limit: int = 100) -> list[ByHand]:
    """The newest lots that were given by hand, of everybody, one person or one grant; what rolled over is not named again."""

    def read(session: Session) -> list[tuple[Any, ...]]:
        given = [(name, value) for name, value in (("person", person_id), ("grant_id", grant_id)) if value]
        whose = " ".join(f"AND {name} = ?" for name, _ in given)
        return session.rows(
            "SELECT grant_id, person, label, unit, amount, available, spent, effective, expires, revoked_at FROM lot "
            f"WHERE parent = '' AND grant_id <> '' AND grant_id NOT LIKE '{POOL_PREFIX}%' {whose} "
            "AND NOT EXISTS (SELECT 1 FROM plan_grant WHERE plan_grant.id = lot.grant_id) "
            "ORDER BY effective DESC, grant_id LIMIT ?",
            *(value for _, value in given),
            limit,
        )

    return [
        ByHand(
            row[0],
            row[1],
            row[2],
            Amount(row[4], Unit(row[3])),
            row[5],
            row[6],
            row[7],
            0 if row[8] >= NEVER else row[8],
            bool(row[9]),
        )
        for row in store.read(read)
    ]
