"""Velocity: most that a plan lets a person spend in an hour and in a day, whatever is left of the allotment.

Windows are hours and days of UTC. What was spent in a window before this node touched it is read from the ledger once;
from then on the node counts what it holds and settles. Several nodes count for themselves between such reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bursar.gateway.dialects.contract import Refusal
from bursar.money import Amount, Unit, format_amount

HOUR = 3_600_000_000
DAY = 86_400_000_000

SpentSince = Callable[[str, int], Awaitable[int]]
"""What a person was charged since an instant, nano-USD, as the ledger has it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits of a person in nano-USD; 0 for none."""

    per_hour: int = 0
    per_day: int = 0


@dataclass(slots=True)
class _Window:
    start: int
    spent: int


@dataclass(slots=True)
class Velocity:
    """What everybody has spent and holds in the windows of now."""

    spent_since: SpentSince
    _windows: dict[tuple[str, int], _Window] = field(default_factory=dict)

    async def room(self, person: str, pace: Pace, now: int) -> tuple[int, int, int, int]:
        """What may still be spent now: nano-USD, of which limit, when its window ends, and how long it is."""
        least: tuple[int, int, int, int] | None = None
        for length, limit in ((HOUR, pace.per_hour), (DAY, pace.per_day)):
            if limit:
                window = await self._window(person, length, now)
                found = (limit - window.spent, limit, window.start + length, length)
                least = found if least is None or found[0] < least[0] else least
        assert least is not None
        return least

    def count(self, person: str, amount: int, now: int) -> None:
        """Add to the windows of an instant what is held, or the difference that a settlement makes."""
        for length in (HOUR, DAY):
            window = self._windows.get((person, length))
            if window is not None and window.start == now - now % length:
                window.spent = max(0, window.spent + amount)

    async def _window(self, person: str, length: int, now: int) -> _Window:
        start = now - now % length
        known = self._windows.get((person, length))
        if known is None or known.start != start:
            known = self._windows[(person, length)] = _Window(start, 0)
            known.spent += await self.spent_since(person, start)
        return known


def too_fast(limit: int, ends: int, now: int, needed: int, length: int) -> Refusal:
    """The refusal of a request that would exceed the pace of an hour or a day."""
    allowed, wants = (format_amount(Amount(nanos, Unit("USD"))) for nanos in (limit, needed))
    wait = max(1, (ends - now) // 1_000_000)
    return Refusal(
        "exhausted",
        f"Bursar: your plan allows {allowed} in {'an hour' if length == HOUR else 'a day'}, and this request needs at "
        f"least {wants} more than is left of that. Your allotment is untouched; go on in {wait // 60 + 1} minutes.",
        wait,
        ends // 1_000_000,
        {"reason": "velocity", "limit_nanos": limit, "needed_nanos": needed, "resets_at": ends // 1_000_000},
    )
