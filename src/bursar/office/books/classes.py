"""What a month's use was paid from: the class of the plan whose lots were drawn, own money, a pool, a lot by hand, or no lot.

Most people's lots of a month are all of one class, which then takes everything that a lot covered. Where somebody has lots of
several, the postings of the month say how much came from each, and value and cost are shared out in that proportion, exactly:
the parts sum to the whole to the nano-unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bursar.ledger import stretch
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.ledger.values import SPENT
from bursar.money import split
from bursar.office.books.closing import Figures, Place, added
from bursar.office.books.payroll import OWN_MONEY_LOTS
from bursar.office.figures import kept_usage
from bursar.office.months import days_of, micros_of
from bursar.office.terms import plans

if TYPE_CHECKING:
    from sqlalchemy import Connection

OWN_MONEY, POOL, BY_HAND, OVERAGE = "own_money", "pool", "by_hand", "overage"
PEOPLE_AT_ONCE = 500
_SUMS = ("amount", "list_nanos", "cost_nanos", "overage")
_KIND = (
    f"CASE WHEN l.id LIKE '{OWN_MONEY_LOTS}%' THEN '!{OWN_MONEY}' WHEN l.grant_id LIKE 'pool:%' THEN '!{POOL}' "
    f"WHEN g.plan IS NULL THEN '!{BY_HAND}' ELSE g.plan END"
)
"""A plan's name, or a class of its own behind an exclamation mark, which no plan's name has."""

Cell = tuple[str, str, str, str]
"""Person, provider, unit, purpose."""


@dataclass(frozen=True, slots=True)
class PlanKinds:
    """What the books know of plans by name: their class, and whether what is left of them stays beyond its period."""

    classes: Mapping[str, str]
    accumulating: frozenset[str]

    def of(self, kind: str) -> str:
        return kind[1:] if kind.startswith("!") else self.classes.get(kind, BY_HAND)


def plan_kinds(connection: Connection) -> PlanKinds:
    """Of the newest version of every plan."""
    newest = {one.name: one.plan for one in plans.versions(connection)}
    return PlanKinds(
        {name: plan.plan_class for name, plan in newest.items()},
        frozenset(
            name for name, plan in newest.items() if plan.rollover is not None or plan.allotment.expires != "period"
        ),
    )


def usage_in(session: Session, month: str, kinds: PlanKinds, *, counted: bool = False) -> dict[Place, Figures]:
    """What everybody used in a month, by provider, unit, purpose and class; `counted` from the daily rollup itself."""
    months = kept_usage.rollup(*days_of(month)) if counted else kept_usage.person_months(session, *days_of(month))
    sums = ", ".join(wide_sum(name) for name in _SUMS)
    cells: dict[Cell, Figures] = {
        (str(row[0]), str(row[1]), str(row[2]), str(row[3])): (
            int(row[4]),
            wide(row[5], row[6]),
            wide(row[7], row[8]),
            wide(row[9], row[10]),
            wide(row[11], row[12]),
        )
        for row in session.rows(
            f"SELECT person, provider, unit, purpose, SUM(requests), {sums} FROM {months.sql} AS u "
            "GROUP BY person, provider, unit, purpose",
            *months.parameters,
        )
    }
    return placed(session, month, cells, kinds)


def placed(session: Session, month: str, cells: Mapping[Cell, Figures], kinds: PlanKinds) -> dict[Place, Figures]:
    """Figures of a month with the classes that paid for them."""
    known = _classes(session, month, kinds)
    several = sorted({cell[0] for cell in cells if len(known.get((cell[0], cell[2]), ())) > 1})
    drawn = _drawn(session, month, several, kinds)
    found: dict[Place, Figures] = {}
    for cell, figures in cells.items():
        classes = known.get((cell[0], cell[2])) or (BY_HAND,)
        weights = drawn.get(cell, {}) if len(classes) > 1 else {classes[0]: figures[1] - figures[4]}
        for plan_class, part in shared_out(figures, weights, classes[0]).items():
            place = (*cell, plan_class)
            found[place] = added(found.get(place, (0, 0, 0, 0, 0)), part)
    return found


def shared_out(figures: Figures, weights: Mapping[str, int], otherwise: str) -> dict[str, Figures]:
    """Figures by class, in proportion to what was drawn from each, overage among them; requests stay with the largest part.

    Pure. Whoever drew nothing, as with a correction that only takes back, leaves it all to `otherwise`.
    """
    requests, amount, listed, cost, overage = figures
    parts = {name: weight for name, weight in sorted(weights.items()) if weight > 0}
    if overage > 0:
        parts[OVERAGE] = overage
    if len(parts) < 2:
        return {next(iter(parts), otherwise): figures}
    names = sorted(parts, key=lambda name: (-parts[name], name))
    found: dict[str, Figures] = {}
    shares = [split(value, [parts[name] for name in names]) for value in (amount, listed, cost)]
    for number, name in enumerate(names):
        own = (shares[0][number], shares[1][number], shares[2][number])
        found[name] = (requests if number == 0 else 0, *own, overage if name == OVERAGE else 0)
    if OVERAGE not in found and overage:
        rest = found[names[0]]
        found[names[0]] = (*rest[:4], overage)
    return found


def _classes(session: Session, month: str, kinds: PlanKinds) -> dict[tuple[str, str], tuple[str, ...]]:
    """The classes of the lots that each person spent from and that were open in a month, by person and unit."""
    start, end = micros_of(month)
    found: dict[tuple[str, str], set[str]] = {}
    for row in session.rows(
        f"SELECT l.person, l.unit, {_KIND} FROM lot l LEFT JOIN plan_grant g ON g.id = l.grant_id "
        "WHERE l.spent > 0 AND l.effective < ? AND l.expires > ? GROUP BY 1, 2, 3",
        end,
        start,
    ):
        found.setdefault((str(row[0]), str(row[1])), set()).add(kinds.of(str(row[2])))
    return {key: tuple(sorted(classes)) for key, classes in found.items()}


def _drawn(session: Session, month: str, people: Sequence[str], kinds: PlanKinds) -> dict[Cell, dict[str, int]]:
    """What was drawn from lots of each class for the charges of a month."""
    start, end = micros_of(month)
    first = max(1, stretch.seq_at(session, start - MICROS_PER_DAY)) if people else 0
    signed = f"(CASE WHEN p.destination = {SPENT} THEN p.amount ELSE -p.amount END)"
    found: dict[Cell, dict[str, int]] = {}
    for place in range(0, len(people), PEOPLE_AT_ONCE):
        for row in session.rows(
            f"SELECT e.person, c.provider, e.unit, c.purpose, {_KIND}, {wide_sum(signed)} FROM entry e "
            "JOIN charge c ON c.seq = e.seq JOIN posting p ON p.seq = e.seq JOIN lot l ON l.id = p.lot "
            f"LEFT JOIN plan_grant g ON g.id = l.grant_id WHERE e.person {session.IN} AND e.seq >= ? "
            f"AND c.at >= ? AND c.at < ? AND (p.source = {SPENT} OR p.destination = {SPENT}) GROUP BY 1, 2, 3, 4, 5",
            list(people[place : place + PEOPLE_AT_ONCE]),
            first,
            start,
            end,
        ):
            cell = (str(row[0]), str(row[1]), str(row[2]), str(row[3]))
            sums = found.setdefault(cell, {})
            plan_class = kinds.of(str(row[4]))
            sums[plan_class] = sums.get(plan_class, 0) + wide(row[5], row[6])
    return found
