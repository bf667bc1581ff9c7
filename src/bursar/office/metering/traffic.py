"""Live traffic: what passed in the last hour, minute by minute, and what is in flight; by provider, model and person.

Read off the journal's newest stretch, whose beginning is found by bisection, so the length of the journal does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bursar.ledger.session import Session, wide, wide_sum
from bursar.ledger.stretch import seq_at
from bursar.office.oversight.journal_pages import ours
from bursar.office.standing import Taken, taken

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MICROS_PER_MINUTE = 60_000_000
MINUTES = 60
MOST = 10
"""Lines of a table by model or person."""
MOST_HOLDS = 200


@dataclass(frozen=True, slots=True)
class Minute:
    """Requests of one minute, and what they came to at list price, nano-USD."""

    at: int
    requests: int
    nanos: int


@dataclass(frozen=True, slots=True)
class Line:
    """A model or a person in the last hour."""

    key: str
    requests: int
    nanos: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """A request that holds money now."""

    person: str
    model: str
    provider: str
    held: int
    unit: str
    since: int
    node: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """The last hour."""

    minutes: tuple[Minute, ...]
    """Oldest first, the one that runs last."""
    models: tuple[Line, ...]
    people: tuple[Line, ...]
    flying: tuple[InFlight, ...]
    """The oldest first, at most `MOST_HOLDS`."""
    holds: int

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.minutes)

    @property
    def nanos(self) -> int:
        return sum(one.nanos for one in self.minutes)

    @property
    def last_minute(self) -> Minute:
        """The last whole one."""
        return self.minutes[-2]


def last_hour(desk: Desk) -> Taken[Traffic]:
    return taken(
        desk,
        "traffic",
        lambda own: own.store.read(lambda session: _traffic(session, own.now(), own.settings.organisation)),
    )


def _traffic(session: Session, now: int, organisation: str) -> Traffic:
    first = now // MICROS_PER_MINUTE - MINUTES + 1
    since = seq_at(session, first * MICROS_PER_MINUTE)
    # Corrections name an earlier charge and are no requests.
    rows = session.rows(
        f"SELECT c.at / {MICROS_PER_MINUTE}, c.model, c.person, COUNT(*), {wide_sum('c.list_nanos')} "
        f"FROM charge c JOIN entry e ON e.seq = c.seq WHERE c.seq >= ? AND c.at >= ? AND e.kind <> 'correct' AND c.{ours(organisation)} "
        "GROUP BY 1, 2, 3",
        since,
        first * MICROS_PER_MINUTE,
    )
    minutes = [[0, 0] for _ in range(MINUTES)]
    models: dict[str, list[int]] = {}
    people: dict[str, list[int]] = {}
    for minute, model, person, requests, high, low in rows:
        place = min(MINUTES - 1, int(minute) - first)
        for sums in (minutes[place], models.setdefault(str(model), [0, 0]), people.setdefault(str(person), [0, 0])):
            sums[0] += int(requests)
            sums[1] += wide(high, low)
    others = {str(row[0]) for row in session.rows(f"SELECT id FROM person WHERE organisation <> '{organisation}'")}
    holds = [(person, hold) for person, hold in session.open_holds() if person not in others]
    return Traffic(
        tuple(Minute((first + place) * MICROS_PER_MINUTE, *sums) for place, sums in enumerate(minutes)),
        _most(models),
        _most(people),
        tuple(
            InFlight(person, hold.request.model, hold.request.provider, hold.amount, hold.unit, hold.taken, hold.node)
            for person, hold in holds[:MOST_HOLDS]
        ),
        len(holds),
    )


def _most(found: dict[str, list[int]]) -> tuple[Line, ...]:
    lines = [Line(key, *sums) for key, sums in found.items()]
    return tuple(sorted(lines, key=lambda one: (-one.nanos, -one.requests, one.key))[:MOST])
