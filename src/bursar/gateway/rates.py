"""Rates: requests and tokens per minute of a key, a person and a provider, held together by all nodes.

A window is a minute of UTC. A node counts what it admits, so within one node a limit is strict; what other nodes admitted
is added as they tell it, off the path of requests (`office/metering/sharing.py`). Together they exceed a limit by at most
what the others admit between two tellings.

Tokens are counted before they are known: what the input is expected to be and the output that a request must at least be
able to afford. At the end the true figure takes its place; what exceeds the guess counts in the minute of the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bursar.gateway.dialects.contract import Refusal

MINUTE = 60_000_000
Subject = str
"""Whose limit it is: `key:<id>`, `person:<id>`, `provider:<name>`."""
Use = tuple[int, int]
"""Requests and tokens of one minute."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Most per minute; 0 for no limit."""

    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Limited:
    """A limit that applies to a request."""

    subject: Subject
    rate: Rate
    name: str
    """Whose it is, for people: `access key laptop`."""
    pool: str
    """Whose it is, for programs: `key:key_1`."""


@dataclass(slots=True)
class Counted:
    """What was counted of one request that is on its way."""

    subjects: tuple[Subject, ...]
    minute: int
    tokens: int


@dataclass(slots=True)
class Rates:
    """What this node admitted in the minute of now, and what the others told."""

    person: Rate | None = None
    """Of every person."""
    _minute: int = 0
    _mine: dict[Subject, list[int]] = field(default_factory=dict)
    _others: dict[Subject, Use] = field(default_factory=dict)
    _untold: set[Subject] = field(default_factory=set)

    def admit(self, limits: Iterable[Limited], tokens: int, now: int) -> Counted | Refusal:
        """Count a request of about so many tokens, unless one of its limits is reached: then nothing is counted."""
        self._turn(now)
        chosen = tuple(limits)
        for one in chosen:
            requests, used = self.used(one.subject)
            if one.rate.requests and requests >= one.rate.requests:
                return _refusal(one, "requests", one.rate.requests, requests, 1, now)
            # A request that is larger than the whole limit passes when nothing else was asked, or it never would.
            if one.rate.tokens and used and used + tokens > one.rate.tokens:
                return _refusal(one, "tokens", one.rate.tokens, used, tokens, now)
        subjects = tuple(one.subject for one in chosen)
        self._count(subjects, 1, tokens)
        return Counted(subjects, self._minute, tokens)

    def settle(self, counted: Counted, tokens: int, now: int) -> None:
        """Put the true number of tokens in the place of what was counted."""
        self._turn(now)
        difference, counted.tokens = tokens - counted.tokens, tokens
        if difference > 0 or counted.minute == self._minute:
            self._count(counted.subjects, 0, difference)

    def used(self, subject: Subject) -> Use:
        """Requests and tokens of the minute that was looked at last, on all nodes as far as they told."""
        mine, others = self._mine.get(subject, (0, 0)), self._others.get(subject, (0, 0))
        return mine[0] + others[0], mine[1] + others[1]

    def take(self, now: int) -> tuple[int, dict[Subject, Use]]:
        """The minute, and this node's sums of it that were not told yet."""
        self._turn(now)
        told = {subject: (self._mine[subject][0], self._mine[subject][1]) for subject in self._untold}
        self._untold = set()
        return self._minute, told

    def give_back(self, minute: int, told: Iterable[Subject]) -> None:
        """What could not be told is to be told again."""
        if minute == self._minute:
            self._untold.update(told)

    def learn(self, minute: int, others: Mapping[Subject, Use]) -> None:
        """What all other nodes together told of a minute."""
        if minute == self._minute:
            self._others = dict(others)

    @property
    def active(self) -> bool:
        """Something with a limit was asked for in the minute that was looked at last."""
        return bool(self._mine)

    def _count(self, subjects: tuple[Subject, ...], requests: int, tokens: int) -> None:
        for subject in subjects:
            sums = self._mine.setdefault(subject, [0, 0])
            sums[0] += requests
            sums[1] = max(0, sums[1] + tokens)
        self._untold.update(subjects)

    def _turn(self, now: int) -> None:
        minute = now // MINUTE
        if minute != self._minute:
            self._minute, self._mine, self._others, self._untold = minute, {}, {}, set()


def _refusal(one: Limited, what: str, limit: int, used: int, needed: int, now: int) -> Refusal:
    ends = (now // MINUTE + 1) * MINUTE
    wait = max(1, -(-(ends - now) // 1_000_000))
    asks = "" if what == "requests" else f" and this request needs about {needed:,}"
    return Refusal(
        "rate",
        f"Bursar: {one.name} may use {limit:,} {what} a minute; {used:,} are used{asks}. Try again in {wait} s.",
        wait,
        ends // 1_000_000,
        {"reason": f"{what}_per_minute", "pool": one.pool, "limit": limit, "used": used, "needed": needed},
    )
