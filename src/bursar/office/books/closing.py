"""Closing a month, as arithmetic: what is frozen, what came late, what the digest says. Pure.

A close freezes the usage of its month by person, provider, purpose and class, and the roll-forward of each plan: opening, released, rolled,
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

FORMAT, FORMAT_1 = "bursar-close-2", "bursar-close-1"
"""What a digest is of; the first one knew neither purposes nor classes nor the chart."""


@dataclass(frozen=True, slots=True, order=True)
class UsageLine:
    """What a person used at a provider; amounts in nano-units, values in nano-USD."""

    concerns: str
    """The month that it belongs to: the one that is closed, or an earlier one that it corrects."""
    person: str
    provider: str
    unit: str
    purpose: str
    plan_class: str
    """Of the lots that paid, as the chart of accounts names classes; empty in closes that did not know them."""
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


Place = tuple[str, str, str, str, str]
"""Person, provider, unit, purpose, class."""
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
        before, now = booked.get(month, {}), present[month]
        if any(not place[4] for place in before):  # frozen when purposes and classes were not: compared without them
            before, now = _plain(before), _plain(now)
        for place in sorted({*now, *before}):
            one, then = now.get(place, _NOTHING), before.get(place, _NOTHING)
            figures = tuple(new - old for new, old in zip(one, then, strict=True))
            if any(figures):
                team = teams_then.get((month, place[0]), teams.get(place[0], ""))
                found.append(UsageLine(month, *place, team, *figures))
    return found


def _plain(figures: Mapping[Place, Figures]) -> dict[Place, Figures]:
    found: dict[Place, Figures] = {}
    for (person, provider, unit, _, _), some in figures.items():
        place = (person, provider, unit, "", "")
        found[place] = added(found.get(place, _NOTHING), some)
    return found


def added(one: Figures, other: Figures) -> Figures:
    requests, amount, listed, cost, overage = (a + b for a, b in zip(one, other, strict=True))
    return (requests, amount, listed, cost, overage)


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
    books: str = "",
) -> str:
    """What the figures are, in one hash: with the journal's seal that they were taken at and the close before.

    `books` is what the month's journal was drawn up with; a close from before there was any has the first form.
    """
    head_of = (
        [FORMAT, period, number, seq, head, previous, books]
        if books
        else [FORMAT_1, period, number, seq, head, previous]
    )
    hasher = sha256(json.dumps(head_of).encode())
    lines: list[UsageLine | MovementLine] = [*sorted(usage), *sorted(movement)]
    for line in lines:
        told = asdict(line)
        if not books:
            for name in ("purpose", "plan_class"):
                told.pop(name, None)
        hasher.update(json.dumps(told, sort_keys=True, ensure_ascii=False).encode())
    return hasher.hexdigest()
