"""The words of vesting: terms, conditions, triggers, the facts that are recorded, the tranches that follow.

They are those of the Open Cap Format (OCF, schema/objects/VestingTerms and schema/types/vesting at d5226fb5). Terms are
a graph: each condition says what brings it about (its trigger), what vests then (a portion or a quantity) and which
conditions may come after it, the most important first. Quantities are whole nano-units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from bursar.calendar import FIRST_YEAR, LAST_YEAR, MAX_INTERVAL_YEARS
from bursar.errors import InvalidInput
from bursar.money import MAX_NANOS

MAX_CONDITIONS = 500
"""Most conditions of one set of terms."""
MAX_INSTALMENTS = 5_000
"""Most instalments of one set of terms, over all its conditions: daily for thirteen years."""
MAX_FACTS = 200
"""Most facts recorded about one grant."""
MAX_TERM = 10**15
"""Largest numerator or denominator of a portion."""
MAX_ID_CHARS = 200
"""Longest id of a condition."""
MAX_MONTHS = 12 * MAX_INTERVAL_YEARS
MAX_DAYS = 365 * MAX_INTERVAL_YEARS

Allocation = Literal[
    "CUMULATIVE_ROUNDING",
    "CUMULATIVE_ROUND_DOWN",
    "FRONT_LOADED",
    "BACK_LOADED",
    "FRONT_LOADED_TO_SINGLE_TRANCHE",
    "BACK_LOADED_TO_SINGLE_TRANCHE",
    "FRACTIONAL",
]
"""How tranches become whole: OCF's AllocationType."""
ALLOCATIONS: tuple[Allocation, ...] = get_args(Allocation)


@dataclass(frozen=True, slots=True)
class Portion:
    """`numerator / denominator` of the grant or, with `remainder`, of what has not vested yet; at most the whole."""

    numerator: int
    denominator: int
    remainder: bool = False

    def __post_init__(self) -> None:
        within("denominator", self.denominator, 1, MAX_TERM)
        within("numerator", self.numerator, 0, self.denominator)


@dataclass(frozen=True, slots=True)
class Days:
    """Every `length` days, `occurrences` times; nothing vests before instalment `cliff_installment` (from 1)."""

    length: int
    occurrences: int = 1
    cliff_installment: int | None = None

    def __post_init__(self) -> None:
        _check_period(self.length, self.occurrences, self.cliff_installment, MAX_DAYS)


@dataclass(frozen=True, slots=True)
class Months:
    """Every `length` calendar months, `occurrences` times, on a day of the month that short months clamp.

    `day_of_month` 29, 30 and 31 stand for "or the month's last day"; `None` is the day of the vesting start.
    """

    length: int
    occurrences: int = 1
    day_of_month: int | None = None
    cliff_installment: int | None = None

    def __post_init__(self) -> None:
        _check_period(self.length, self.occurrences, self.cliff_installment, MAX_MONTHS)
        if self.day_of_month is not None:
            within("day_of_month", self.day_of_month, 1, 31)


@dataclass(frozen=True, slots=True)
class Start:
    """Met when the start of vesting is recorded."""


@dataclass(frozen=True, slots=True)
class Event:
    """Met when the event is recorded."""


@dataclass(frozen=True, slots=True)
class Absolute:
    """Met on a date."""

    date: date

    def __post_init__(self) -> None:
        _check_date("date", self.date)


@dataclass(frozen=True, slots=True)
class Relative:
    """Met when a period has passed since the condition `relative_to` was met."""

    period: Days | Months
    relative_to: str


Trigger = Start | Event | Absolute | Relative


@dataclass(frozen=True, slots=True)
class VestingCondition:
    """A node of the graph; exactly one of `portion` and `quantity` (nano-units) says what each instalment vests."""

    id: str
    trigger: Trigger
    portion: Portion | None = None
    quantity: int | None = None
    next_condition_ids: tuple[str, ...] = ()
    description: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= MAX_ID_CHARS:
            raise InvalidInput("id", f"{len(self.id)} characters", f"1 to {MAX_ID_CHARS} characters")
        if (self.portion is None) == (self.quantity is None):
            found = "neither" if self.portion is None else "both"
            raise InvalidInput("portion", f"{found} of portion and quantity", "exactly one of them")
        if self.quantity is not None:
            within("quantity", self.quantity, 0, MAX_NANOS)
        if len(self.next_condition_ids) > MAX_CONDITIONS:
            raise InvalidInput("next_condition_ids", f"{len(self.next_condition_ids)} ids", f"at most {MAX_CONDITIONS}")
        if len(set(self.next_condition_ids)) < len(self.next_condition_ids):
            raise InvalidInput("next_condition_ids", "an id twice", "each id once")

    @property
    def occurrences(self) -> int:
        """How many instalments it vests in."""
        return self.trigger.period.occurrences if isinstance(self.trigger, Relative) else 1

    @property
    def vests_nothing(self) -> bool:
        """Whether it only leads on, or ends vesting."""
        return self.portion.numerator == 0 if self.portion else self.quantity == 0


@dataclass(frozen=True, slots=True)
class VestingTerms:
    """The graph. The first condition is where it begins; `check` finds what is wrong with the rest of it."""

    id: str
    name: str
    description: str
    allocation: Allocation
    conditions: tuple[VestingCondition, ...]
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.allocation not in ALLOCATIONS:
            raise InvalidInput("allocation", repr(self.allocation), f"one of {', '.join(ALLOCATIONS)}")
        if not 1 <= len(self.conditions) <= MAX_CONDITIONS:
            raise InvalidInput("conditions", f"{len(self.conditions)} conditions", f"1 to {MAX_CONDITIONS}")
        seen: set[str] = set()
        for position, condition in enumerate(self.conditions):
            if condition.id in seen:
                raise InvalidInput(f"conditions[{position}].id", repr(condition.id), "an id of its own")
            seen.add(condition.id)
        instalments = sum(condition.occurrences for condition in self.conditions)
        if instalments > MAX_INSTALMENTS:
            raise InvalidInput("conditions", f"{instalments} instalments in all", f"at most {MAX_INSTALMENTS}")


@dataclass(frozen=True, slots=True)
class Started:
    """Vesting began: a condition with a `Start` trigger is met on that date."""

    condition: str
    date: date

    def __post_init__(self) -> None:
        _check_date("date", self.date)


@dataclass(frozen=True, slots=True)
class Happened:
    """The event of a condition with an `Event` trigger happened on that date."""

    condition: str
    date: date

    def __post_init__(self) -> None:
        _check_date("date", self.date)


@dataclass(frozen=True, slots=True)
class Accelerated:
    """Something vested ahead of schedule: nano-units, a portion, or all that had not vested (`None`)."""

    quantity: int | Portion | None
    date: date
    reason: str

    def __post_init__(self) -> None:
        if isinstance(self.quantity, int):
            within("quantity", self.quantity, 0, MAX_NANOS)
        _check_date("date", self.date)


Fact = Started | Happened | Accelerated


@dataclass(frozen=True, slots=True)
class Tranche:
    """What vests on one date: `amount` nano-units above 0, by a condition (`None`: by an acceleration), from index 0."""

    index: int
    date: date
    amount: int
    condition: str | None


def _check_period(length: int, occurrences: int, cliff: int | None, most: int) -> None:
    within("length", length, 0, most)
    within("occurrences", occurrences, 1, MAX_INSTALMENTS)
    if cliff is not None:
        within("cliff_installment", cliff, 0, MAX_INSTALMENTS)


def _check_date(field: str, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput(field, str(day), f"a year from {FIRST_YEAR} to {LAST_YEAR}")


def within(field: str, number: int, least: int, most: int) -> None:
    """Raise `InvalidInput` unless the whole number lies within its limits, and `TypeError` for a float."""
    if type(number) is not int:
        raise TypeError(f"{field}: found {type(number).__name__}, expected int")
    if not least <= number <= most:
        raise InvalidInput(field, str(number)[:40], f"{least} to {most}")
