"""What a seed draws for its world: how large it is, what its plans are, and which faults beset it how badly.

Each kind of fault is there in some worlds and not in others, so that one does not hide what another would show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

TOLERANCE_SECONDS = 4.0
"""What clocks may differ by from the world's so that, with the time that a message takes, nobody's time goes back."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are probabilities of one occasion; seconds and bytes where the name says so."""

    # The network.
    slow: float = 0.0
    """Of a message: it takes up to 1.5 s instead of 2 ms."""
    fragments: float = 0.0
    breaks: float = 0.0
    """Of a connection: it is reset, or forgotten without a word."""
    unreachable: float = 0.0
    buffer_bytes: int = 65_536
    # The way to the database.
    lost: float = 0.0
    """Of a message to the store: it never arrives."""
    reply_lost: float = 0.0
    """It is committed, and nobody hears of it."""
    sent_again: float = 0.0
    """Of those: the engine's own connection tries once more by itself."""
    away_every_seconds: float = 0.0
    """How often the database is away (mean); 0 for never."""
    away_seconds: float = 0.0
    # Providers.
    errors: float = 0.0
    cut: float = 0.0
    silent: float = 0.0
    late: float = 0.0
    untold: float = 0.0
    """Replies without usage."""
    overruns: float = 0.0
    """Replies beyond the limit that the request set."""
    # People.
    hang_ups: float = 0.0
    slow_readers: float = 0.0
    # Nodes.
    kill_every_seconds: float = 0.0
    vanishes: float = 0.0
    """Of those that die: the whole host, so that nobody is told."""
    restarts: float = 0.0
    """Of a node in the course of the world: it drains and starts again."""
    skew_seconds: float = 0.0
    """How far the nodes' clocks may be from the world's, jumping back and forth."""


CALM = Faults()


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    nodes: int
    people: int
    requests: int
    seconds: float
    """How long the weather lasts; then everything heals."""
    period_seconds: int
    hold_seconds: int
    request_seconds: float
    floor_output_tokens: int
    share_divisor: int
    on_lapse: str
    hang_up: str
    lot: int
    """Nano-USD of a period's allotment."""
    runs: float
    """Share of requests that belong to a run of an agent, with a cap of its own."""
    caps: bool
    paced: bool
    """Plans that allow so much in an hour."""
    limits: bool
    """Plans that go on at the limit: grace, top-up, pool."""
    settlers: bool
    """Somebody revokes, reduces, corrects and sweeps meanwhile."""


def draw(chance: Random, scale: int, chosen: Mapping[str, Any]) -> tuple[Size, Faults]:
    """The world of a seed; `scale` multiplies how much happens in it, `chosen` replaces what was drawn, by name."""
    nodes = chance.choice((1, 2, 2, 3))
    seconds = chance.choice((20.0, 60.0, 150.0))
    size = Size(
        nodes=nodes,
        people=chance.choice((1, 2, 3)) + (scale > 1) * chance.randint(0, 4),
        requests=chance.randint(8, 14) * scale,
        seconds=seconds * scale,
        period_seconds=chance.choice((15, 40, 90, 400)),
        hold_seconds=chance.choice((20, 30, 60, 7200)),
        request_seconds=chance.choice((20.0, 45.0, 3600.0, 3600.0)),
        floor_output_tokens=chance.choice((4, 12)),
        share_divisor=chance.choice((1, 2, 4, 8)),
        on_lapse=chance.choice(("unresolved", "unresolved", "unresolved", "released")),
        hang_up=chance.choice(("drain", "drain", "stop")),
        lot=chance.choice((80, 200, 500)),
        paced=chance.random() < 0.25,
        runs=chance.choice((0.0, 0.0, 0.2, 0.6)),
        caps=chance.random() < 0.3,
        limits=chance.random() < 0.4,
        settlers=chance.random() < 0.5,
    )
    faults = _weather(chance, seconds)
    if chance.random() < 0.06:  # a clock that nobody sets
        faults = replace(faults, skew_seconds=60.0)
    of_size = {name: value for name, value in chosen.items() if name in Size.__slots__}
    of_faults = {name: value for name, value in chosen.items() if name not in of_size}
    size, faults = replace(size, **of_size), replace(faults, **of_faults)
    if faults.skew_seconds > TOLERANCE_SECONDS:  # a hold has to outlast what clocks may differ by
        size = replace(size, hold_seconds=7200)
    return size, faults


def _weather(chance: Random, seconds: float) -> Faults:
    faults = CALM
    if chance.random() < 0.08:
        return faults

    def some(name: str, *values: float) -> None:
        nonlocal faults
        if chance.random() < 0.4:
            faults = replace(faults, **{name: chance.choice(values)})

    some("slow", 0.02, 0.1, 0.3)
    some("fragments", 0.2, 0.6)
    some("breaks", 0.05, 0.2)
    some("unreachable", 0.03, 0.1)
    some("buffer_bytes", 100, 1_000)
    some("lost", 0.02, 0.1, 0.25)
    some("reply_lost", 0.02, 0.1, 0.25)
    some("sent_again", 0.5, 1.0)
    some("errors", 0.05, 0.3)
    some("cut", 0.05, 0.3)
    some("silent", 0.05, 0.15)
    some("late", 0.1, 0.3)
    some("untold", 0.05, 0.3)
    some("overruns", 0.05, 0.2)
    some("hang_ups", 0.05, 0.3)
    some("slow_readers", 0.1, 0.4)
    some("vanishes", 0.3, 1.0)
    some("restarts", 0.3, 0.8)
    some("skew_seconds", 0.5, 3.0)
    some("kill_every_seconds", seconds / 4, seconds / 2, seconds)
    if chance.random() < 0.35:
        faults = replace(
            faults,
            away_every_seconds=chance.choice((seconds / 3, seconds / 1.5)),
            away_seconds=chance.choice((1.0, 4.0, 15.0)),
        )
    return replace(faults, buffer_bytes=int(faults.buffer_bytes))


__all__ = ["CALM", "Faults", "Size", "draw"]
