"""Steps of a counter: how much came to it since it was read last, however it is told.

A *cumulative* counter tells its total since its process began; one with a later beginning is a new process. A *delta*
counter tells what came since the reading before. The same reading again, or an older one, adds nothing: exporters send
again what was not acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bursar.exchange.telemetry.values import Reading


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a counter stands; instants in nanoseconds since 1970."""

    started: int
    last: int
    value: int


def step(before: Counter | None, reading: Reading) -> tuple[Counter, int]:
    """Where the counter stands after a reading, and what came to it: 0 for what was counted before."""
    after = Counter(reading.started, reading.at, reading.value)
    if before is None:
        return after, reading.value
    if not reading.cumulative:
        if reading.at <= before.last:
            return before, 0
        return after, reading.value
    if reading.started < before.started or (reading.started == before.started and reading.at <= before.last):
        return before, 0
    if reading.started > before.started:
        return after, reading.value
    # A total that falls without a new beginning is a counter that began again and does not say so.
    came = reading.value - before.value if reading.value >= before.value else reading.value
    return replace(after, started=before.started), came
