"""Fairness of access: how evenly allotments and use are shared in the house, and how groups of the roster stand beside it.

Allotment is what running grants promise in a year, at their terms of that day; use is the `DAYS` days until then at list
price. Groups are those of one attribute of the roster, as it stands today. A group of fewer than five people is never told
apart, and which groups are is decided for the tables of all attributes at once (`insight.telling`), so that no sum or
difference of what is told is about fewer either. What is told on two different days is not protected from each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.insight.adjusted import AdjustedGap, Controlled, controlled
from bursar.insight.fairness import (
    FOUR_FIFTHS,
    Inequality,
    Parts,
    fisher,
    impact_ratio,
    inequality,
    theil_parts,
)
from bursar.insight.telling import NOT_GIVEN, OTHERS, told_apart
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.money import NANO
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.figures.small_groups import LEAST_PEOPLE
from bursar.office.figures.total_pay import year_of
from bursar.office.granting import grants
from bursar.office.standing import Taken, taken
from bursar.office.tables import person

if TYPE_CHECKING:
    from bursar.office.desk import Desk
    from bursar.office.granting.grants import Grant

ATTRIBUTES = {"level": "level", "job_family": "job family", "role": "role", "team": "team", "location": "place of work"}
"""Of the roster, by which groups are made."""
OF = {"allotment": "what is promised in a year", "use": "what was used"}
DAYS = 90
UNIT = "USD"
DAYS_OF_YEAR = 365
MAX_LEVELS = 30
"""Levels and job families that a regression takes as columns of their own."""
TAINTED = ("level", "job_family")
"""Controls that may hide a gap themselves: who is promoted, and who is hired into what, is decided by people too."""
LORENZ_POINTS = 10

__all__ = ["ATTRIBUTES", "DAYS", "NOT_GIVEN", "OF", "OTHERS", "Fairness", "Group", "Standing", "fairness", "judged"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One person as fairness looks at them; amounts in USD, as floats: nothing here is paid out."""

    record: Mapping[str, str]
    tenure: float
    """Years since the first day; 0 where it is not known."""
    allotment: float
    """Promised in a year."""
    use: float
    """Of the last `DAYS` days."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of at least five people beside all others."""

    name: str
    """`OTHERS` for small groups told as one."""
    people: int
    with_access: float
    """Share of its people who have any."""
    ratio: float
    """That share over the highest of all groups: below four fifths is worth a look."""
    chance: float | None
    """Fisher's p of that difference, against the group with the highest share; None for that group itself."""
    mean: float
    gap: float | None
    """How much less its people have on average than everybody else; None where there is nobody else with any."""
    adjusted: AdjustedGap | None
    """What is left of it beside level, job family and tenure; None where the people are too few, or level explains all."""
    untainted: AdjustedGap | None
    """The same beside tenure alone: level and job family may hide a gap themselves."""

    @property
    def is_below_four_fifths(self) -> bool:
        return self.ratio < FOUR_FIFTHS

    @property
    def is_above_line(self) -> bool:
        """A gap, beside whichever controls, from which on it has to be explained or mended."""
        return any(one is not None and one.is_above_line for one in (self.adjusted, self.untainted))


@dataclass(frozen=True, slots=True)
class Fairness:
    """The whole house by one attribute, for allotments or for use."""

    attribute: str
    people: int
    whole: Inequality | None
    """None where nobody has anything, or everybody is too few."""
    parts: Parts | None
    groups: tuple[Group, ...]
    merged: int
    """Groups that are told as one."""
    amounts: tuple[float, ...]
    """Everybody's, from the least on; for the curve, not for a list."""

    @property
    def curve(self) -> list[tuple[float, float]]:
        """Points of the Lorenz curve, at least five people apart."""
        count = len(self.amounts)
        points = min(LORENZ_POINTS, count // LEAST_PEOPLE)
        if self.whole is None or not points:
            return []
        whole, at = sum(self.amounts), [count * step // points for step in range(points + 1)]
        return [(place / count, sum(self.amounts[:place]) / whole) for place in at]


def fairness(desk: Desk, attribute: str, what: str, at: str = "") -> Taken[Fairness]:
    """The house by an attribute of the roster; `what` is `allotment` or `use`, `at` a day of the past. Raises InvalidInput."""
    if attribute not in ATTRIBUTES:
        raise InvalidInput("by", repr(attribute[:40]), f"one of {', '.join(ATTRIBUTES)}")
    if what not in OF:
        raise InvalidInput("of", repr(what[:40]), " or ".join(OF))
    if at:
        instant = desk.instant(at, field="at")
        if instant > desk.now():
            raise InvalidInput("at", at, "a day that has been")
        return Taken(judged(_standing(desk, instant, what), attribute, what), instant)
    return taken(
        desk, f"parity:{attribute}:{what}", lambda own: judged(_standing(own, own.now(), what), attribute, what)
    )


def judged(people_: Sequence[Standing], attribute: str, what: str) -> Fairness:
    """Pure: everybody's figures into those that may be shown."""
    amount: Callable[[Standing], float] = (lambda one: one.allotment) if what == "allotment" else (lambda one: one.use)
    every = sorted(amount(one) for one in people_)
    if not any(every) or len(every) < LEAST_PEOPLE:
        return Fairness(attribute, len(every), None, None, (), 0, tuple(every))
    told = told_apart([one.record for one in people_], tuple(ATTRIBUTES), LEAST_PEOPLE)
    groups: dict[str, list[Standing]] = {}
    for one in people_:
        groups.setdefault(told.group(attribute, one.record[attribute]), []).append(one)
    ordered = sorted(groups, key=lambda name: (name == OTHERS, -len(groups[name]), name))
    rates = {name: _access(groups[name], amount) for name in ordered}
    most = groups[max(ordered, key=lambda name: rates[name])]
    ratios = impact_ratio(rates)
    having = [one for one in people_ if amount(one) > 0]
    beside = [_controlled(having, amount, attribute, tainted) for tainted in (TAINTED, ())]
    whole = sum(every)
    found = []
    for name in ordered:
        some = groups[name]
        inside = {id(one) for one in some}
        here, count = sum(amount(one) for one in some), len(every) - len(some)
        found.append(
            Group(
                name,
                len(some),
                rates[name],
                ratios[name],
                None if some is most else _chance(some, most, amount),
                here / len(some),
                1 - here / len(some) / ((whole - here) / count) if count and here and whole > here else None,
                *(_adjusted(one, [id(each) in inside for each in having]) for one in beside),
            )
        )
    return Fairness(
        attribute,
        len(every),
        inequality(every),
        theil_parts({name: [amount(one) for one in some] for name, some in groups.items()}),
        tuple(found),
        told.merged(attribute),
        tuple(every),
    )


def _controlled(
    having: Sequence[Standing], amount: Callable[[Standing], float], attribute: str, tainted: Sequence[str]
) -> Controlled | None:
    """Among those who have something: tenure and, if wished, level and job family (unless that is what is asked)."""
    controls: dict[str, list[Any]] = {}
    for name in tainted:
        values = [one.record[name] for one in having]
        if name != attribute and 1 < len(set(values)) <= MAX_LEVELS:
            controls[name] = values
    tenures = [one.tenure for one in having]
    if len(set(tenures)) > 1:
        controls["tenure"] = tenures
    if len(having) < LEAST_PEOPLE * 2:
        return None
    return controlled([amount(one) for one in having], controls)


def _adjusted(beside: Controlled | None, in_group: Sequence[bool]) -> AdjustedGap | None:
    if beside is None or sum(in_group) < LEAST_PEOPLE:
        return None
    try:
        return beside.gap(in_group)
    except InvalidInput:
        return None


def _access(some: Sequence[Standing], amount: Callable[[Standing], float]) -> float:
    return sum(amount(one) > 0 for one in some) / len(some)


def _chance(some: Sequence[Standing], best: Sequence[Standing], amount: Callable[[Standing], float]) -> float:
    have, had = (sum(amount(one) > 0 for one in group) for group in (some, best))
    return fisher(have, len(some) - have, had, len(best) - had)


def _standing(desk: Desk, at: int, what: str) -> list[Standing]:
    """Everybody who was there, with the figure that is asked for; the other one is 0."""
    today = from_micros(at).date()
    columns = ("id", "hire_date", "leave_date", "status", "created", *ATTRIBUTES)
    with reading(desk.engine) as connection:
        rows = connection.execute(select(*(person.c[name] for name in columns))).all()
        running = grants.listed(connection, active_at=at) if what == "allotment" else []
    promised: dict[str, float] = {}
    for grant in running:
        promised[grant.person] = promised.get(grant.person, 0.0) + _yearly(grant, at)
    used = desk.store.read(lambda session: _used(session, at)) if what == "use" else {}
    day, found = today.isoformat(), []
    for person_id, hired, left, status, created, *values in rows:
        if _is_there(hired, left, status, created, day, at):
            record = dict(zip(ATTRIBUTES, values, strict=True))
            amounts = promised.get(person_id, 0.0), used.get(person_id, 0) / NANO
            found.append(Standing(record, _years(hired, today), *amounts))
    return found


def _is_there(hired: str, left: str, status: str, created: int, day: str, at: int) -> bool:
    """Whether somebody was of the house on a day: from the first day, else from when they were added, until the last."""
    came = hired <= day if hired else created <= at
    gone = left < day if left else status == "left"
    return came and not gone


def _yearly(grant: Grant, now: int) -> float:
    """What a grant in dollars promises in a year, as its holder's statement of total pay has it."""
    promised = year_of(grant.history.segment_at(now))
    return promised.nanos / NANO if str(promised.unit) == UNIT else 0.0


def _used(session: Session, now: int) -> dict[str, int]:
    today = now // MICROS_PER_DAY
    days = kept_usage.person_totals(session, today - DAYS + 1, today + 1)
    rows = session.rows(
        f"SELECT person, {wide_sum('list_nanos')} FROM {days.sql} AS u GROUP BY person", *days.parameters
    )
    return {str(row[0]): wide(row[1], row[2]) for row in rows}


def _years(hired: str, today: date) -> float:
    return max(0, (today - date.fromisoformat(hired)).days) / DAYS_OF_YEAR if hired else 0.0
