"""What a provider says that it served: lines of usage, items of cost, seats; with what was odd about how it told them.

Days are of UTC, as the providers' buckets are. A line is named by its bucket and every dimension that it is grouped by,
so the same bucket told twice is seen to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bursar.prices import Usage
from bursar.prices.usage import FIELDS

MAX_PAGES = 2_000
"""Of one reading; a month by day, key and model has a few dozen."""
MAX_PAGE_BYTES = 32 * 1024 * 1024
MAX_LINES = 500_000
"""Lines, items or seats of one reading."""
MAX_NAME_CHARS = 200
"""Of a model, a key, a project."""
MAX_COUNT = 10**15
"""Tokens or requests of one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """Usage of one bucket by one combination of dimensions; "" where the provider does not tell one."""

    day: str
    model: str
    usage: Usage
    key: str = ""
    """The provider's own name of its key: never the key."""
    user: str = ""
    """An address or the provider's own name of a member."""
    tier: str = ""
    project: str = ""
    detail: str = ""
    """What else the bucket is grouped by: context window, batch, the endpoint."""
    requests: int | None = None
    """None where the provider does not count them."""
    cost_nanos: int | None = None
    """What it charges for this line, nano-USD; None where that is told apart."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.day, self.model, self.key, self.user, self.tier, self.project, self.detail)


@dataclass(frozen=True, slots=True)
class Cost:
    """An item of the provider's bill of one day, nano-USD; a credit is negative."""

    day: str
    item: str
    amount_nanos: int
    model: str = ""
    project: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.day, self.item, self.model, self.project)


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that the vendor bills: whose, since when, when it was used last ("" where it does not say)."""

    product: str
    login: str
    email: str = ""
    since: str = ""
    last_used: str = ""
    ends: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.product, self.login or self.email)


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that was told more than once: `repeated` (the same again, counted once) or `restated` (the later counts)."""

    kind: str
    page: int
    what: str


@dataclass(frozen=True, slots=True)
class Bill:
    """One whole reading; nothing of a broken one."""

    lines: tuple[Line, ...] = ()
    costs: tuple[Cost, ...] = ()
    seats: tuple[Seat, ...] = ()
    days: frozenset[str] = frozenset()
    """Days of whose usage the provider has spoken at all, if only to say that there was none."""
    oddities: tuple[Oddity, ...] = ()
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a provider's administration, without its credential and without an address."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    """A POST of this document; None for a GET."""
    what: str = ""
    """What is asked for, in words: of errors."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one reply says, and how to go on; `follow` is None at the end."""

    lines: tuple[Line, ...] = ()
    costs: tuple[Cost, ...] = ()
    seats: tuple[Seat, ...] = ()
    days: tuple[str, ...] = ()
    follow: Ask | None = None


COUNTS = FIELDS


def billed(usage: Usage) -> Usage:
    """The usage as providers report it: hidden reasoning within the output, as it is billed."""
    if not usage.reasoning:
        return usage
    counts = {name: getattr(usage, name) for name in COUNTS}
    return Usage(**{**counts, "output": usage.output + usage.reasoning, "reasoning": 0})


def plus(one: Usage, other: Usage, sign: int = 1) -> Usage:
    """Field by field; with a sign of -1 the difference, whose fields may be negative."""
    return Usage(**{name: getattr(one, name) + sign * getattr(other, name) for name in COUNTS})


def minus(one: Usage, other: Usage) -> Usage:
    return plus(one, other, -1)


def tokens(usage: Usage) -> dict[str, int]:
    """The fields that are not zero."""
    return {name: count for name in COUNTS if (count := getattr(usage, name))}


def usage_of(counts: Mapping[str, int]) -> Usage:
    """The usage of such a table; other names in it are passed over."""
    return Usage(**{name: int(counts[name]) for name in COUNTS if name in counts})


def is_nothing(usage: Usage) -> bool:
    return not any(getattr(usage, name) for name in COUNTS)


def fits(usage: Usage) -> bool:
    """No field below zero: something that can be used."""
    return all(getattr(usage, name) >= 0 for name in COUNTS)
