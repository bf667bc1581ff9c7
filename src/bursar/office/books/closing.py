"""Closing a month, as arithmetic: what is frozen, what came late, what the digest says. Pure.

A close freezes the usage of its month by person and provider, and the roll-forward of each plan: opening, released, rolled,
spent, forfeited, taken back, closing. What comes to be known of an earlier month afterwards is a correction in the next
close, and concerns that month by name. So the frozen figures of a month and all corrections that concern it are what the
ledger says of it, and every closing is the next opening.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from bursar.ledger.stretch import Movement

FORMAT = "bursar-close-1"


@dataclass(frozen=True, slots=True, order=True)
class UsageLine:
    """What a person used at a provider; amounts in nano-units, values in nano-USD."""

    concerns: str
    """The month that it belongs to: the one that is closed, or an earlier one that it corrects."""
    person: str
    provider: str
    unit: str
    team: str
    requests: int = 0
    amount: int = 0
    list_nanos: int = 0
    cost_nanos: int = 0
    overage: int = 0

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        return (self.requests, self.amount, self.list_nanos, self.cost_nanos, self.overage)


@dataclass(frozen=True, slots=True, order=True)
class MovementLine:
    """A plan's roll-forward, nano-units; of a correction only the movement."""

    concerns: str
    plan: str
    unit: str
    opening: int = 0
    released: int = 0
    rolled_in: int = 0
    rolled_out: int = 0
    spent: int = 0
    forfeited: int = 0
    revoked: int = 0
    closing: int = 0


Place = tuple[str, str, str]
"""Person, provider, unit."""
Figures = tuple[int, int, int, int, int]
_NOTHING: Figures = (0, 0, 0, 0, 0)


def usage_lines(
    present: Mapping[str, Mapping[Place, Figures]],
    booked: Mapping[str, Mapping[Place, Figures]],
    teams: Mapping[str, str],
    teams_then: Mapping[tuple[str, str], str],
) -> list[UsageLine]:
    """Lines of a close: what the ledger says of each month now, less what earlier closes have booked for it.

    `present` holds the month itself and the earlier ones that moved since. A correction stays with the team that the
    person was in when the month was frozen (`teams_then` by month and person).
    """
    found = []
    for month in sorted(present):
        before = booked.get(month, {})
        for place in sorted({*present[month], *before}):
            now, then = present[month].get(place, _NOTHING), before.get(place, _NOTHING)
            figures = tuple(one - other for one, other in zip(now, then, strict=True))
            if any(figures):
                person, provider, unit = place
                team = teams_then.get((month, person), teams.get(person, ""))
                found.append(UsageLine(month, person, provider, unit, team, *figures))
    return found


def movement_lines(
    period: str,
    moved: Mapping[tuple[str, str, str], Movement],
    closings: Mapping[tuple[str, str], int],
    *,
    first: bool,
) -> list[MovementLine]:
    """The roll-forward of each plan and unit; `moved` by month, plan and unit, months after the period left out.

    `closings` are those of the close before. At the very first close everything before the month is its opening.
    """
    found = []
    late: dict[tuple[str, str], int] = {}
    own: dict[tuple[str, str], Movement] = {}
    for (month, plan, unit), whole in sorted(moved.items()):
        one = replace(whole, overage=0)  # what no lot covered is no plan's
        if month > period or one == Movement():
            continue
        if month == period:
            own[(plan, unit)] = one
            continue
        late[(plan, unit)] = late.get((plan, unit), 0) + one.change
        if not first:
            found.append(_line(month, plan, unit, one, 0, 0))
    for plan, unit in sorted({*own, *late, *closings}):
        one = own.get((plan, unit), Movement())
        opening = closings.get((plan, unit), 0) + late.get((plan, unit), 0)
        if opening or one != Movement():
            found.append(_line(period, plan, unit, one, opening, opening + one.change))
    return sorted(found)


def _line(month: str, plan: str, unit: str, one: Movement, opening: int, closing: int) -> MovementLine:
    return MovementLine(
        month,
        plan,
        unit,
        opening,
        one.released,
        one.rolled_in,
        one.rolled_out,
        one.spent,
        one.forfeited,
        one.revoked,
        closing,
    )


def digest(
    period: str,
    number: int,
    seq: int,
    head: str,
    previous: str,
    usage: Iterable[UsageLine],
    movement: Iterable[MovementLine],
) -> str:
    """What the figures are, in one hash: with the journal's seal that they were taken at and the close before."""
    hasher = sha256(json.dumps([FORMAT, period, number, seq, head, previous]).encode())
    lines: list[UsageLine | MovementLine] = [*sorted(usage), *sorted(movement)]
    for line in lines:
        hasher.update(json.dumps(asdict(line), sort_keys=True, ensure_ascii=False).encode())
    return hasher.hexdigest()
