"""What a team uses in sum: by day, by model and by project, and how evenly; never by person.

A model or a project that few people used is not named (`small_groups`): it is put together with others until enough stand
behind the sum, and where that cannot be, nothing is told. Time and people are fixed, so that no two answers can be set
against each other to find the one who is missing: it is told of everybody below whoever asks, and of no part of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bursar.charts import gini
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.figures.small_groups import LEAST_PEOPLE, split

if TYPE_CHECKING:
    from bursar.office.desk import Desk

LEAST = LEAST_PEOPLE
"""People behind any figure that is not a total of the whole team."""
DAYS = 30
"""Days that are looked at, today included."""
UNIT = "USD"

By = Literal["model", "project"]


@dataclass(frozen=True, slots=True)
class Share:
    """What a model or a project took, nano-USD; an empty key is all that is put together."""

    key: str
    people: int
    amount: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How some amounts differ between people, nano-units."""

    people: int
    low: int
    """One person in ten has less."""
    middle: int
    high: int
    """One person in ten has more."""
    gini: float
    """0: all the same; 1: one has everything."""


def by_day(desk: Desk, people: Sequence[str], now: int) -> list[int]:
    """What a team spent on each of the last days (UTC), oldest first, nano-USD."""
    today = now // MICROS_PER_DAY
    first = today - DAYS + 1

    def read(session: Session) -> dict[int, int]:
        rows = session.rows(
            f"SELECT day, {wide_sum('amount')} FROM usage_day WHERE unit = ? AND day >= ? AND day <= ? AND person {session.IN} "
            "GROUP BY day",
            UNIT,
            first,
            today,
            list(people),
        )
        return {int(row[0]): wide(row[1], row[2]) for row in rows}

    sums = desk.store.read(read) if people else {}
    return [sums.get(day, 0) for day in range(first, today + 1)]


def mix(desk: Desk, people: Sequence[str], by: By, now: int) -> list[Share]:
    """What a team's models or projects took, most first, what is put together last; nothing for a small team."""
    if len(people) < LEAST:
        return []
    today = now // MICROS_PER_DAY

    def read(session: Session) -> dict[str, dict[str, int]]:
        rows = session.rows(
            f"SELECT {by}, person, {wide_sum('amount')} FROM usage_day WHERE unit = ? AND day >= ? AND day <= ? "
            f"AND person {session.IN} GROUP BY {by}, person",
            UNIT,
            today - DAYS + 1,
            today,
            list(people),
        )
        found: dict[str, dict[str, int]] = {}
        for key, person, high, low in rows:
            found.setdefault(str(key) or "no project", {})[str(person)] = wide(high, low)
        return found

    return put_together(desk.store.read(read))


def put_together(by_key: Mapping[str, Mapping[str, int]], least: int = LEAST) -> list[Share]:
    """Sums behind which at least `least` people stand; `by_key` has what each person used of each key."""
    used = {
        key: found
        for key, by_person in by_key.items()
        if (found := {person: amount for person, amount in by_person.items() if amount > 0})
    }

    def people(keys: Collection[str]) -> int:
        return len({person for key in keys for person in used[key]})

    def share(name: str, keys: Collection[str]) -> Share:
        return Share(name, people(keys), sum(sum(used[key].values()) for key in keys))

    parts = split([(key, len(one)) for key, one in used.items()], people, least)
    if parts.merged and parts.people < least:
        return []
    named = sorted((share(key, [key]) for key in parts.named), key=lambda one: (-one.amount, one.key))
    return [*named, share("", parts.merged)] if parts.merged else named


def spread(amounts: Sequence[int]) -> Spread | None:
    """How amounts of people differ; None for too few of them."""
    if len(amounts) < LEAST:
        return None
    ordered = sorted(amounts)

    def at(tenths: int) -> int:
        return ordered[min(len(ordered) - 1, len(ordered) * tenths // 10)]

    return Spread(len(ordered), at(1), at(5), at(9), gini(ordered))
