"""The lots of a whole cohort: one array for what thousands of ledgers would hold, by the ledger's own rules.

Every person of a cohort has the same lots with the same terms; only what is left differs. So burn order, expiry and the
terms of a rollover are decided once, and amounts are arrays of (people, scenarios). Lots that nothing tells apart are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bursar.grants.execution import ROLLED_PRIORITY_LEAD
from bursar.insight.simulation.usage import Array
from bursar.plans.schedule import FOREVER, LotPlan, RollPlan
from bursar.plans.terms import PARTS


@dataclass(slots=True)
class Pile:
    """One lot of everybody: what is left by person and scenario, and its sum over people by scenario."""

    priority: int
    expires: int
    rolled: bool
    effective: int
    roll: RollPlan | None
    left: Array
    """(people, scenarios), or (1, 1) while everybody has the same."""
    total: Array
    """(scenarios,)"""

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return (self.priority, self.expires, 0 if self.rolled else 1, self.effective)


@dataclass(slots=True)
class Ended:
    """What became of the lots that ended: sums over people by scenario."""

    forfeited: Array
    funded: Array
    """What a floor added to what was left."""


class Piles:
    """The open lots of `people` people in `scenarios` scenarios, in units of `grain` nano-units."""

    def __init__(self, people: int, scenarios: int, grain: int) -> None:
        self.people, self.scenarios, self.grain = people, scenarios, grain
        self.open: list[Pile] = []

    def release(self, lot: LotPlan) -> float:
        """Add a planned lot for everybody; returns what it comes to in all."""
        amount = float(round(lot.amount / self.grain))
        whole = amount * self.people
        for pile in self.open:
            if not pile.rolled and lot.roll is None and pile.roll is None and self._alike(pile, lot):
                pile.left = pile.left + amount
                pile.total = pile.total + whole
                return whole
        self._add(
            Pile(
                lot.priority,
                lot.expires,
                False,
                lot.effective,
                lot.roll,
                np.full((1, 1), amount),
                np.full(self.scenarios, whole),
            )
        )
        return whole

    def spend(self, wanted: Array, until: int) -> tuple[Array, Array]:
        """Draw from the lots in burn order: what is not covered, by person and scenario, and the sum of what is.

        A lot that ends at `until` without rolling over is not asked again, so only its sum is kept.
        """
        need = wanted
        used = np.zeros(self.scenarios)
        for pile in self.open:
            take = np.minimum(pile.left, need)
            need = need - take
            taken = take.sum(axis=0)
            used += taken
            pile.total = pile.total - taken
            if pile.roll is not None or pile.expires > until:
                pile.left = np.subtract(pile.left, take, out=take)
        return need, used

    def end(self, at: int, releases_next: bool) -> Ended:
        """Let every lot end whose time is over at `at`: forfeit, or roll over and keep within the cap."""
        ended = Ended(np.zeros(self.scenarios), np.zeros(self.scenarios))
        over = [pile for pile in self.open if pile.expires <= at]
        if not over:
            return ended
        self.open = [pile for pile in self.open if pile.expires > at]
        for pile in over:
            if pile.roll is None or at >= pile.roll.expires:
                ended.forfeited += pile.total
            else:
                self._roll(pile, pile.roll, at, releases_next, ended)
        return ended

    @property
    def carried(self) -> Array:
        """What lives in rolled lots, by scenario."""
        return sum([pile.total for pile in self.open if pile.rolled], np.zeros(self.scenarios))

    @property
    def balance(self) -> Array:
        """Everything that is left, by scenario."""
        return sum([pile.total for pile in self.open], np.zeros(self.scenarios))

    def left(self) -> Array:
        """Everything that is left, by person and scenario."""
        whole = np.zeros((self.people, self.scenarios))
        for pile in self.open:
            whole += pile.left
        return whole

    def _roll(self, pile: Pile, roll: RollPlan, at: int, releases_next: bool, ended: Ended) -> None:
        """min(cap, max(floor, share of the rest)), and all rolled lots together within the cap, the oldest trimmed."""
        rest = np.broadcast_to(pile.left, (self.people, self.scenarios))
        cap = float("inf") if roll.cap is None else float(roll.cap // self.grain)
        floor = min(float(round(roll.floor / self.grain)), cap)
        amount = rest if roll.share == PARTS else np.floor(rest * (roll.share / PARTS) + 0.5)
        if floor:
            raised = np.maximum(amount, floor)
            amount = raised if releases_next else np.where(rest > 0, raised, 0.0)
        if roll.cap is not None:
            amount = np.minimum(amount, cap)
        total = amount.sum(axis=0)
        kept = np.minimum(amount, rest).sum(axis=0) if floor else total
        ended.forfeited += pile.total - kept
        ended.funded += total - kept
        priority = max(0, pile.priority - ROLLED_PRIORITY_LEAD)
        same = next((one for one in self.open if one.rolled and one.expires == roll.expires), None)
        if same is None:
            self._add(Pile(priority, roll.expires, True, at, None, amount, total))
        else:
            same.left, same.total = same.left + amount, same.total + total
        if roll.cap is not None:
            self._trim(cap, ended)

    def _trim(self, cap: float, ended: Ended) -> None:
        rolled = sorted((pile for pile in self.open if pile.rolled), key=lambda one: (one.effective, one.expires))
        if len(rolled) == 1 and rolled[0].expires != FOREVER:
            return  # one lot that was just rolled is within the cap already
        excess = rolled[0].left.copy()
        for pile in rolled[1:]:
            excess += pile.left
        excess -= cap
        np.maximum(excess, 0.0, out=excess)
        for pile in rolled:
            cut = np.minimum(excess, pile.left)
            gone = cut.sum(axis=0)
            if gone.any():
                ended.forfeited += gone
                pile.left, pile.total = pile.left - cut, pile.total - gone
                excess -= cut

    def _alike(self, pile: Pile, lot: LotPlan) -> bool:
        return pile.priority == lot.priority and pile.expires == lot.expires

    def _add(self, pile: Pile) -> None:
        self.open = sorted([*self.open, pile], key=lambda one: one.rank)
