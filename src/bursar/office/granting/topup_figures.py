"""How asking for more goes in this house, in sums: who asked stays with those whose decision it is.

Ninety in a hundred granted within a quarter of an hour without a reason say that the plan is an operating cost, whatever it
is called (`offers.laptop`). Fewer than five people who asked are not told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import select

from bursar.offers.laptop import topped_up_without_blinking
from bursar.office.database import reading
from bursar.office.figures.small_groups import LEAST_PEOPLE
from bursar.office.tables import topup_request

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MICROS_PER_DAY = 86_400_000_000
MICROS_PER_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Of requests that were decided in a time, and of top-ups that came by themselves."""

    people: int
    """Who asked; the other figures of requests are None where they are fewer than five."""
    requests: int | None
    approved: int | None
    median_minutes: float | None
    with_reason: float | None
    """Share of the requests that came with a reason."""
    automatic: int
    """Top-ups without anybody deciding."""

    @property
    def approval_rate(self) -> float | None:
        return self.approved / self.requests if self.requests and self.approved is not None else None

    @property
    def automatic_share(self) -> float | None:
        """Of everything that came on top."""
        whole = self.automatic + (self.approved or 0)
        return self.automatic / whole if whole else None

    @property
    def verdict(self) -> str:
        """What it confirms."""
        if self.requests is None or self.approved is None:
            return "too few people asked to say"
        asked, granted = self.requests + self.automatic, self.approved + self.automatic
        if not asked:
            return "nobody asked, and nothing came by itself"
        justified = (self.with_reason or 0.0) > 0.5
        if topped_up_without_blinking(asked, granted, self.median_minutes or 0.0, justified):
            return "operating cost: nearly everything is granted at once and unjustified"
        return "a budget: more has to be asked for, justified or waited for"


def figures(desk: Desk, days: int = 365) -> Figures:
    """Of the last so many days."""
    since = desk.now() - days * MICROS_PER_DAY
    one = topup_request.c
    query = select(one.person, one.state, one.created, one.decided, one.reason)
    with reading(desk.engine) as connection:
        rows = connection.execute(query.where(one.state.in_(("approved", "denied")), one.decided >= since)).all()
    automatic = desk.store.read(
        lambda session: session.rows("SELECT COUNT(*) FROM lot WHERE id LIKE ? AND effective >= ?", "top_up:%", since)
    )[0][0]
    people = len({row.person for row in rows})
    if 0 < people < LEAST_PEOPLE:
        return Figures(people, None, None, None, None, int(automatic))
    took = [(row.decided - row.created) / MICROS_PER_MINUTE for row in rows]
    return Figures(
        people,
        len(rows),
        sum(row.state == "approved" for row in rows),
        median(took) if took else None,
        sum(bool(row.reason.strip()) for row in rows) / len(rows) if rows else None,
        int(automatic),
    )
