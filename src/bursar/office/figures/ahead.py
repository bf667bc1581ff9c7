"""What is ahead for everybody: spending, run-out and what will be lost, by person and for the house, with how sure that is.

The model is `insight.forecast`; here it is given what people used by day, what they have open, and when that ends. Today is
the first day ahead, whole: what was used of it already is put back into the purse. A purse ends with the last of its open
lots; what of it rolls over is not lost. In USD, the one unit that is used by the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bursar.errors import InvalidInput
from bursar.insight.forecast import MOST_AHEAD, QUANTILES, Forecast, History, Purses, forecast
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.figures.exposure import NOBODY, SMALL
from bursar.office.figures.small_groups import split
from bursar.office.months import days_of, month_of
from bursar.office.standing import Taken, taken
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = "USD"
HISTORY_DAYS = 91
MANY = 2_000
"""With more people than this, fewer courses are drawn for each: the totals need them no more."""
FEW_COURSES = 100
HALF = 0.5
COURSES = 400


@dataclass(frozen=True, slots=True)
class Range:
    """Nano-USD: eight cases of ten lie between `low` and `high`, nine between `lowest` and `highest`."""

    lowest: int
    low: int
    middle: int
    high: int
    highest: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """One person."""

    person: str
    handle: str
    team: str
    left: int
    """Available and held, nano-USD."""
    ends: int
    """When the last of it ends, microseconds; 0: never."""
    spent: Range
    """From today's midnight to the end."""
    chance: float
    """That it is used up before it ends, within the days ahead; 0 to 1."""
    out_days: tuple[float | None, float | None, float | None]
    """After how many days it is used up: in one case of ten by then, in half of them, in nine of ten; None: not before."""
    forfeited: Range
    """What lapses unused where the purse ends within the days ahead."""
    spent_mean: int = 0
    forfeited_mean: int = 0
    """Means add up, quantiles do not."""


@dataclass(frozen=True, slots=True)
class HouseAhead:
    """Everybody, and all together."""

    first_day: int
    """Today, since 1970-01-01 UTC."""
    days: int
    people: tuple[Ahead, ...]
    """Who is the likeliest to run out first."""
    today: int
    """Used today so far."""
    total: tuple[Range, ...]
    """Of all together, added up from today's midnight, by day."""
    forfeited: Range
    courses: int
    out_by: tuple[float, ...] = ()
    """How many people are expected to have run out by the end of each day."""

    @property
    def sure(self) -> int:
        """People who run out in more than half of the courses."""
        return sum(one.chance > HALF for one in self.people)


@dataclass(frozen=True, slots=True)
class Team:
    """A team's people together; expected values, amounts in nano-USD."""

    key: str
    people: int
    out: float
    """How many are expected to run out."""
    spent: int
    forfeited: int
    merged: int = 0
    """How many teams of fewer than five it stands for."""


def teams(found: HouseAhead) -> list[Team]:
    """By team, where most run out first; small teams together."""
    groups: dict[str, list[Ahead]] = {}
    for one in found.people:
        groups.setdefault(one.team or NOBODY, []).append(one)
    parts = split(
        [(key, len(some)) for key, some in groups.items()], lambda keys: sum(len(groups[key]) for key in keys)
    )
    rows = [_team(key, groups[key]) for key in parts.named]
    rows.sort(key=lambda one: (-one.out, -one.spent, one.key))
    if parts.merged:
        rows.append(_team(SMALL, [one for key in parts.merged for one in groups[key]], len(parts.merged)))
    return rows


def _team(key: str, some: list[Ahead], merged: int = 0) -> Team:
    out = sum(one.chance for one in some)
    return Team(
        key, len(some), out, sum(one.spent_mean for one in some), sum(one.forfeited_mean for one in some), merged
    )


def house(desk: Desk, days: int = 0) -> Taken[HouseAhead]:
    """The next `days`, today included; 0: to the end of this month (UTC). Raises InvalidInput."""
    if not 0 <= days <= MOST_AHEAD:
        raise InvalidInput("days", f"{days}", f"1 to {MOST_AHEAD}")
    return taken(desk, f"ahead:{days}", lambda own: _house(own, days))


def _house(desk: Desk, days: int) -> HouseAhead:
    now = desk.now()
    today = now // MICROS_PER_DAY
    ahead = days or days_of(month_of(now))[1] - today
    with reading(desk.engine) as connection:
        members = [one for one in people.listed(connection) if one["status"] != "left"]
    place = {one["id"]: number for number, one in enumerate(members)}
    teams = {name: number for number, name in enumerate(sorted({one["team"] for one in members}))}
    group = np.array([teams[one["team"]] for one in members], dtype=np.int64)
    used, lots, opened = desk.store.read(
        lambda session: (
            _used(session, place, today),
            ledger.balances(session, list(place), now),
            _opened(session, place, today),
        )
    )
    first = np.where((used[:, :-1] > 0).any(axis=1), (used[:, :-1] > 0).argmax(axis=1), HISTORY_DAYS)
    began = np.minimum(first, opened).astype(np.int64)
    left, ends, kept, expires = _purses(members, lots, today)
    courses = COURSES if len(members) <= MANY else FEW_COURSES
    # What was used today already comes back: today is drawn whole.
    # Who has nothing open runs out of nothing.
    opens = np.array([bool(one) for one in expires])
    purses = Purses(np.where(opens, left + used[:, -1], np.inf), ends, kept)
    found = forecast(History(used[:, :-1], began, group), ahead, int(today), purses, courses)
    rows = [_person(one, number, found, left[number], max(0, expires[number])) for number, one in enumerate(members)]
    rows.sort(key=lambda one: (-one.chance, one.out_days[1] or MOST_AHEAD, -one.spent.middle, one.handle))
    total = tuple(_range(found.total[:, day]) for day in range(ahead))
    lost = _range(found.forfeited_total)
    out_by = tuple(float(one) for one in found.out_by.sum(axis=0))
    so_far = round(float(used[:, -1].sum()))
    return HouseAhead(int(today), int(ahead), tuple(rows), so_far, total, lost, courses, out_by)


def _person(member: dict[str, str], number: int, found: Forecast, left: float, expires: int) -> Ahead:
    days = [found.out_day[number, QUANTILES.index(share)] for share in (0.10, 0.50, 0.90)]
    early, middle, late = (None if np.isinf(one) else float(one) + 1 for one in days)
    return Ahead(
        member["id"],
        member["handle"],
        member["team"],
        round(float(left)),
        expires,
        _range(found.spent[number]),
        float(found.out_by[number, -1]),
        (early, middle, late),
        _range(found.forfeited[number]),
        round(float(found.mean[number])),
        round(float(found.forfeited_mean[number])),
    )


def _range(quantiles: np.typing.NDArray[np.float64]) -> Range:
    by = {share: round(float(one)) for share, one in zip(QUANTILES, quantiles, strict=True)}
    return Range(by[0.05], by[0.10], by[0.50], by[0.90], by[0.95])


def _used(session: Session, place: dict[str, int], today: int) -> np.typing.NDArray[np.float64]:
    """By person and day, today last."""
    found = np.zeros((len(place), HISTORY_DAYS + 1))
    source = kept_usage.person_days(session, today - HISTORY_DAYS, today + 1)
    # Nearly a million rows of a large house: one amount of a person's day fits 64 bits, and numpy adds them up.
    rows = session.rows(f"SELECT person, day, amount FROM {source.sql} AS u WHERE unit = ?", *source.parameters, UNIT)
    if rows:
        people, days, amounts = zip(*rows, strict=True)
        numbers = np.array([place.get(one, -1) for one in people])
        columns = np.array(days, dtype=np.int64) - (today - HISTORY_DAYS)
        known = numbers >= 0
        np.add.at(found, (numbers[known], columns[known]), np.array(amounts, dtype=np.float64)[known])
    return found


def _opened(session: Session, place: dict[str, int], today: int) -> np.typing.NDArray[np.int64]:
    """On which column of the history each person's first lot opened: from there on, nothing used is nothing used."""
    found = np.full(len(place), HISTORY_DAYS, dtype=np.int64)
    for person, first in session.rows("SELECT person, MIN(effective) FROM lot WHERE unit = ? GROUP BY person", UNIT):
        number = place.get(str(person))
        if number is not None:
            column = int(first) // MICROS_PER_DAY - (today - HISTORY_DAYS)
            found[number] = min(HISTORY_DAYS, max(0, column))
    return found


def _purses(
    members: list[dict[str, str]], lots: dict[str, list[ledger.LotBalance]], today: int
) -> tuple[np.typing.NDArray[np.float64], np.typing.NDArray[np.int64], np.typing.NDArray[np.float64], list[int]]:
    """What each has open, in how many days it ends, what of it lives on, and the instant of its end (-1: never; 0:
    nothing is open)."""
    n = len(members)
    left, kept, ends = np.zeros(n), np.zeros(n), np.full(n, MOST_AHEAD + 1, dtype=np.int64)
    expires = [0] * n
    for number, member in enumerate(members):
        mine = [one for one in lots.get(member["id"], ()) if one.open and one.terms.unit == UNIT]
        if not mine:
            continue
        left[number] = sum(one.available + one.held for one in mine)
        kept[number] = sum(one.terms.roll.amount(one.available) for one in mine if one.terms.roll is not None)
        last = max(one.terms.expires for one in mine)
        expires[number] = -1
        if last // MICROS_PER_DAY - today <= MOST_AHEAD:
            ends[number] = max(1, -(-last // MICROS_PER_DAY) - today)
            expires[number] = last
    return left, ends, kept, expires
