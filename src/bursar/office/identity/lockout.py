"""How guessing is slowed down: some failures are free, then each doubles the wait. Pure; instants in microseconds.

An attempt counts as a failure when it begins and is forgiven when it succeeds, so that a thousand at once are a thousand
failures and not one. What waits does not count again: impatience makes nothing longer.
"""

from __future__ import annotations

from dataclasses import dataclass

MICROS = 1_000_000
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Limits:
    """What one kind of guesser is allowed."""

    free: int
    """Failures before the first wait."""
    first_wait_seconds: int
    max_wait_seconds: int
    forget_seconds: int
    """All failures are forgotten after this much quiet."""
    drain_seconds: int = 0
    """One failure is forgotten each time that this much has passed, quiet or not; 0: none is."""
    closed_after: int = 0
    """Failures in a row after which only a new link helps; 0: never closed."""


OF_AN_ACCOUNT = Limits(free=5, first_wait_seconds=2, max_wait_seconds=900, forget_seconds=86_400, closed_after=100)
"""SP 800-63B allows at most 100 failures in a row. Until then a stranger who guesses keeps the owner out for a quarter of
an hour at most."""
OF_AN_ADDRESS = Limits(free=50, first_wait_seconds=1, max_wait_seconds=60, forget_seconds=3_600, drain_seconds=30)
"""A whole office may share an address: it has more patience, forgets by the half minute, and never closes. Guessing one
password at many accounts comes down to two a minute."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What is remembered of one account or address."""

    count: int = 0
    last: int = 0
    """When the last one was; where failures drain, when the last one drained, if that is later."""
    until: int = 0
    """Nothing is tried before this instant."""


def wait_seconds(failures: Failures, now: int) -> int:
    """Seconds until the next attempt, rounded up; 0: now."""
    return max(0, -(-(failures.until - now) // MICROS))


def is_closed(failures: Failures) -> bool:
    return failures.until >= NEVER


def counted(failures: Failures, now: int, limits: Limits) -> Failures:
    """One more attempt, counted as a failure from its beginning."""
    before, since = _remembered(failures, now, limits)
    count = before + 1
    if limits.closed_after and count >= limits.closed_after:
        return Failures(count, since, NEVER)
    if count < limits.free:
        return Failures(count, since, 0)
    doublings = min(count - limits.free, limits.max_wait_seconds.bit_length())
    wait = min(limits.first_wait_seconds << doublings, limits.max_wait_seconds)
    return Failures(count, since, now + wait * MICROS)


def forgiven(failures: Failures) -> Failures:
    """The attempt succeeded: it was no failure of its address, and the others there stay counted."""
    return Failures(max(0, failures.count - 1), failures.last, 0)


def _remembered(failures: Failures, now: int, limits: Limits) -> tuple[int, int]:
    """How many failures count still, and the instant from which the next ones are forgotten."""
    if is_closed(failures):
        return failures.count, now
    past = max(0, now - failures.last)
    if past >= limits.forget_seconds * MICROS:
        return 0, now
    if not limits.drain_seconds:
        return failures.count, now
    drained, rest = divmod(past, limits.drain_seconds * MICROS)
    return (failures.count - drained, now - rest) if drained < failures.count else (0, now)
