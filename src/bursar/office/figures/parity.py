"""Fairness of access: how evenly allotments and use are shared in the house, and how groups of the roster stand beside it.

Allotment is what running grants promise in a year, at their terms of today; use is the last `DAYS` days at list price.
Groups are those of one attribute of the roster. A group of fewer than five people is never told apart
(`office.small_groups`): it is told together with others, so that no subtraction leads to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.insight.fairness import (
    AdjustedGap,
    Inequality,
    Parts,
    adjusted_gap,
    impact_ratio,
    inequality,
    theil_parts,
)
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.money import NANO
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.figures.small_groups import LEAST_PEOPLE, split
from bursar.office.figures.total_pay import year_of
from bursar.office.granting import grants
from bursar.office.standing import Taken, taken
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk
    from bursar.office.granting.grants import Grant

ATTRIBUTES = {"level": "level", "job_family": "job family", "role": "role", "team": "team", "location": "place of work"}
"""Of the roster, by which groups are made."""
DAYS = 90
UNIT = "USD"
DAYS_OF_YEAR = 365
MAX_LEVELS = 30
"""Levels and job families that a regression takes as columns of their own."""
OTHERS = ""
"""Stands for the groups that are told as one."""


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
    """Share of its people who have any allotment."""
    ratio: float
    """That share over the highest of all groups: below four fifths is worth a look."""
    mean: float
    gap: float | None
    """How much less its people have on average than everybody else; None where there is nobody else with any."""
    adjusted: AdjustedGap | None
    """What is left of it beside level, job family and tenure; None where the people are too few, or level explains all."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """The whole house by one attribute, for allotments or for use."""

    attribute: str
    people: int
    whole: Inequality | None
    """None where nobody has anything."""
    parts: Parts | None
    groups: tuple[Group, ...]
    merged: int
    """Groups that are told as one."""
    amounts: tuple[float, ...]
    """Everybody's, from the least on; for the curve, not for a list."""


def fairness(desk: Desk, attribute: str, what: str) -> Taken[Fairness]:
    """The house by an attribute of the roster; `what` is `allotment` or `use`. Raises InvalidInput."""
    if attribute not in ATTRIBUTES:
        raise InvalidInput("by", repr(attribute[:40]), f"one of {', '.join(ATTRIBUTES)}")
    if what not in ("allotment", "use"):
        raise InvalidInput("of", repr(what[:40]), "allotment or use")
    return taken(desk, f"parity:{attribute}:{what}", lambda own: judged(_standing(own), attribute, what))


def judged(people_: Sequence[Standing], attribute: str, what: str) -> Fairness:
    """Pure: everybody's figures into those that may be shown."""
    amount: Callable[[Standing], float] = (lambda one: one.allotment) if what == "allotment" else (lambda one: one.use)
    every = sorted(amount(one) for one in people_)
    if not any(every):
        return Fairness(attribute, len(every), None, None, (), 0, tuple(every))
    by_name: dict[str, list[Standing]] = {}
    for one in people_:
        by_name.setdefault(one.record[attribute] or "not given", []).append(one)
    sizes = sorted(((name, len(some)) for name, some in by_name.items()), key=lambda one: (-one[1], one[0]))
    told = split(sizes, lambda names: sum(len(by_name[name]) for name in names))
    groups = {name: by_name[name] for name in told.named}
    if told.people >= LEAST_PEOPLE:
        groups[OTHERS] = [one for name in told.merged for one in by_name[name]]
    rates = {name: _access(some, amount) for name, some in groups.items()}
    ratios = impact_ratio(rates)
    figures = {name: [amount(one) for one in some] for name, some in groups.items()}
    return Fairness(
        attribute,
        len(every),
        inequality(every),
        theil_parts(figures) if any(any(some) for some in figures.values()) else None,
        tuple(
            _group(name, some, people_, amount, rates[name], ratios[name], attribute) for name, some in groups.items()
        ),
        len(told.merged),
        tuple(every),
    )


def _group(
    name: str,
    some: Sequence[Standing],
    every: Sequence[Standing],
    amount: Callable[[Standing], float],
    rate: float,
    ratio: float,
    attribute: str,
) -> Group:
    inside = {id(one) for one in some}
    others = [one for one in every if id(one) not in inside]
    here = [amount(one) for one in some]
    there = [amount(one) for one in others]
    between = None
    if any(here) and any(there):
        mean = sum(there) / len(there)
        between = 1 - sum(here) / len(here) / mean
    return Group(
        name, len(some), rate, ratio, sum(here) / len(here), between, _adjusted(every, inside, amount, attribute)
    )


def _adjusted(
    every: Sequence[Standing], inside: set[int], amount: Callable[[Standing], float], attribute: str
) -> AdjustedGap | None:
    """Among those who have something: beside level, job family (unless it is what is asked about) and tenure."""
    having = [one for one in every if amount(one) > 0]
    controls: dict[str, list[Any]] = {}
    for name in ("level", "job_family"):
        values = [one.record[name] for one in having]
        if name != attribute and 1 < len(set(values)) <= MAX_LEVELS:
            controls[name] = values
    tenures = [one.tenure for one in having]
    if len(set(tenures)) > 1:
        controls["tenure"] = tenures
    if len(having) < LEAST_PEOPLE * 2 or sum(id(one) in inside for one in having) < LEAST_PEOPLE:
        return None
    try:
        return adjusted_gap([amount(one) for one in having], [id(one) in inside for one in having], controls)
    except InvalidInput:
        return None


def _access(some: Sequence[Standing], amount: Callable[[Standing], float]) -> float:
    return sum(amount(one) > 0 for one in some) / len(some)


def _standing(desk: Desk) -> list[Standing]:
    now = desk.now()
    with reading(desk.engine) as connection:
        rows = [one for one in people.listed(connection) if one["status"] != "left"]
        running = grants.listed(connection, active_at=now)
    promised: dict[str, float] = {}
    for grant in running:
        promised[grant.person] = promised.get(grant.person, 0.0) + _yearly(grant, now)
    used = desk.store.read(lambda session: _used(session, now))
    today = from_micros(now).date()
    return [
        Standing(one, _years(one["hire_date"], today), promised.get(one["id"], 0.0), used.get(one["id"], 0) / NANO)
        for one in rows
    ]


def _yearly(grant: Grant, now: int) -> float:
    """What a grant in dollars promises in a year, as its holder's statement of total pay has it."""
    promised = year_of(grant.history.segment_at(now))
    return promised.nanos / NANO if str(promised.unit) == UNIT else 0.0


def _used(session: Session, now: int) -> dict[str, int]:
    today = now // MICROS_PER_DAY
    days = kept_usage.person_days(session, today - DAYS + 1, today + 1)
    rows = session.rows(
        f"SELECT person, {wide_sum('list_nanos')} FROM {days.sql} AS u GROUP BY person", *days.parameters
    )
    return {str(row[0]): wide(row[1], row[2]) for row in rows}


def _years(hired: str, today: date) -> float:
    return max(0, (today - date.fromisoformat(hired)).days) / DAYS_OF_YEAR if hired else 0.0
