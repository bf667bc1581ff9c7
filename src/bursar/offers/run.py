"""Every world of an offer, lived through month by month: lines are used in their order, and a shortfall is settled last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf

import numpy as np

from bursar.offers.life import Course, Life, Unlimited, Use, course, tail_of
from bursar.offers.terms import Line, Offer, Person
from bursar.offers.totals import FAN_PATHS, FAN_QUANTILES, Outcome, RunOut, Setup, Spread, Totals
from bursar.offers.value import Array, annuity, certainty_equivalent, personal_value
from bursar.offers.worlds import Month, Worlds, blocks

_NEARLY_NOTHING = 1e-12
"""Dollars; a divisor that is never nothing."""
MOST_LOST = 0.99
"""Of what is owned: whoever loses more is ruined, and no figure says how much that hurts."""


@dataclass(slots=True)
class _Purse:
    """What a month of all lines together comes to, by world."""

    work: Array
    """Still wanted."""
    personal: Array
    own: Array
    """That the person has paid for."""
    tail: Array
    """Worth of what outlives the last day."""
    net: Array
    """Dollars after tax beside the worth of personal use."""
    used: Array
    mine: Array
    """Personal use that a line covered."""
    fitting: Array
    """The same, by what a dollar of its line does, while the line runs."""


def prepared(offer: Offer) -> list[Course | None]:
    """Every line's time, cut into steps."""
    return [course(line, offer.first, offer.months) for line in offer.lines]


@dataclass(frozen=True, slots=True)
class _Served:
    """A line after it has given what it has in a month."""

    line: Line
    life: Life | Unlimited
    use: Use
    alive: Array | float
    """1 where the line still runs at the end of the month and 0 where not, or the chance of it."""
    there: Array | float
    """Where it runs in this world; months that are weighted run in all of them."""


class Run:
    """The worlds of one offer, block by block."""

    def __init__(
        self, offer: Offer, person: Person, setup: Setup, courses: Sequence[Course | None] | None, counting: bool
    ) -> None:
        self.offer, self.person, self.setup = offer, person, setup
        self.counting = counting
        """Keep the totals; or only what it is worth."""
        self.courses = prepared(offer) if courses is None else list(courses)
        self.partly = setup.hazard == "weighted" or any(line.fit != 1.0 for line in offer.lines)
        """A dollar of personal use is not always worth a dollar."""
        self.tails = [tail_of(line) for line in offer.lines]
        self.values: list[Array] = []
        self.used: list[Array] = []
        self.sums = dict.fromkeys(Totals.__slots__, 0.0)
        self.kept = np.zeros(offer.months)
        self.while_here = 0.0
        """Present value while one stays, and of what outlives it: what a raise stands against."""
        self.fan = np.zeros((offer.months, min(FAN_PATHS, setup.paths))) if setup.fan else None
        self.outs: list[list[Life]] = [[] for _ in offer.lines]
        self.done = self.size = 0
        self.before: list[Array | float] = []
        """By line, whether it ran at the start of the month."""

    def live(self) -> None:
        """Live through all worlds."""
        for number, size in blocks(self.setup.paths):
            self._block(number, size)

    def _block(self, number: int, size: int) -> None:
        asks = any(0 < line.approval < 1 for line in self.offer.lines)
        worlds = Worlds(self.person, self.offer.months, self.setup.seed, number, size, asks)
        lives = [Unlimited() if prepared is None else Life(prepared, size, self.person) for prepared in self.courses]
        self.size = size
        self.before = [self._alive(line, worlds, 0.0) for line in self.offer.lines]
        value, used = np.zeros(size), np.zeros(size)
        for month in worlds:
            value += self._month(month, worlds, lives, used)
        self.values.append(value)
        self.used.append(used)
        for kept, life in zip(self.outs, lives, strict=True):
            if isinstance(life, Life):
                kept.append(life)
        self.done += size

    def _month(self, month: Month, worlds: Worlds, lives: list[Life | Unlimited], used: Array) -> Array:
        """The present value of a month, by world."""
        person, nothing = self.person, np.zeros(self.size)
        bill = month.quantity * month.price
        wished = bill * person.personal_share
        purse = _Purse(
            bill - wished, wished, nothing, nothing.copy(), nothing.copy(), used, nothing.copy(), nothing.copy()
        )
        balance: Array | float = 0.0
        late_work: Array | float = 0.0
        late_personal: Array | float = 0.0
        served: list[_Served] = []
        for index, (line, life, tail) in enumerate(zip(self.offer.lines, lives, self.tails, strict=True)):
            before, alive = self.before[index], self._alive(line, worlds, (month.number + 1) / 12)
            self.before[index] = alive
            there = 1.0 if self.setup.hazard == "weighted" else alive
            work = purse.work if line.use != "personal" else nothing
            personal = purse.personal if line.use != "work" else nothing
            if line.most_a_month < inf:
                part = np.minimum(1.0, line.most_a_month * month.price / np.maximum(work + personal, _NEARLY_NOTHING))
                late_work, late_personal = late_work + work * (1 - part), late_personal + personal * (1 - part)
                purse.work, purse.personal = purse.work - work * (1 - part), purse.personal - personal * (1 - part)
                work, personal = work * part, personal * part
            use = life.month(month.number, work, personal, month.price)
            self._released(line, use, before, purse)
            self._consumed(line, use.work, use.personal, alive, there, purse)
            if self.counting or any(tail):
                left = life.balance(month.price)
                balance = balance + left * alive
                # Whoever loses the line in this month loses what they had at its start, and what it brought.
                lost = (before - alive) * (use.drawn + use.forfeited + left)
                self._add("forfeited", use.forfeited * alive + lost)
                if any(tail):
                    runs = self._alive(line, worlds, (month.number + 1) / 12, staying=True)
                    purse.tail += runs * self._tail(line, tail, left, wished, month.number)
            served.append(_Served(line, life, use, alive, there))
        for one in served:
            if one.line.approval or one.line.own or isinstance(one.use.payable, np.ndarray):
                self._settled(one, month, purse)
        purse.work, purse.personal = purse.work + late_work, purse.personal + late_personal
        purse.net += self._worth(purse)
        if self.counting:
            self._counted(month.number, bill, served, purse, balance)
        discount = exp(-person.discount * (month.number + 1) / 12)
        purse.net += purse.tail
        purse.net *= discount
        return purse.net

    def _counted(self, number: int, bill: Array, served: list[_Served], purse: _Purse, balance: Array | float) -> None:
        """Totals of a month beside those of its use, and what is left at its end."""
        for_work: Array | float = 0.0
        for_personal: Array | float = 0.0
        for one in served:
            self._add("drawn", one.use.drawn * one.alive)
            if one.line.unlimited:
                self._add("unlimited", (one.use.work + one.use.personal) * one.alive)
            for_work = np.maximum(for_work, one.alive) if one.line.use != "personal" else for_work
            for_personal = np.maximum(for_personal, one.alive) if one.line.use != "work" else for_personal
        self._add("wanted", bill)
        self._add("unmet", purse.work * for_work)
        self._add("missed", purse.personal * for_personal)
        self._add("tail", purse.tail)
        end = (number + 1) / 12
        staying, discount = exp(-self.person.leaving * end), exp(-self.person.discount * end)
        self.while_here += discount * (staying * float(purse.net.sum()) + float(purse.tail.sum()))
        self._keep(number, np.broadcast_to(balance, (self.size,)))

    def _released(self, line: Line, use: Use, alive: Array | float, purse: _Purse) -> None:
        """What a line releases at the start of a month, and the tax on it where that is what is taxed."""
        self._add("face", use.released)
        self._add("released", use.released * alive)
        if line.taxed == "face" and not line.grossed_up:
            tax = self.person.tax * use.released * alive
            self._add("tax", tax)
            purse.net -= tax

    def _consumed(
        self,
        line: Line,
        work: Array | float,
        personal: Array | float,
        alive: Array | float,
        there: Array | float,
        purse: _Purse,
    ) -> None:
        """Use that a line covers: what it is worth for work, and the tax on what is personal.

        `there` is where the line runs in this world; months that are weighted run in all of them.
        """
        person = self.person
        use_work, use_personal = work * alive, personal * alive
        self._add("work", use_work)
        self._add("personal", use_personal)
        self._add("cost", (use_work + use_personal) * (1 - line.discount))
        if person.additionality:
            self._add("additional", person.additionality * use_work)
            purse.net += person.additionality * use_work
        if line.taxed == "personal_use" and not line.grossed_up and line.use != "work":
            tax = person.tax * use_personal
            self._add("tax", tax)
            purse.net -= tax
        purse.mine += personal * there
        purse.fitting += use_personal * line.fit
        purse.used += use_work + use_personal
        purse.work = purse.work - work * there
        purse.personal = purse.personal - personal * there

    def _settled(self, one: _Served, month: Month, purse: _Purse) -> None:
        """What no line covered, as far as this one has an answer to it."""
        line, alive, there = one.line, one.alive, one.there
        answers = month.approvals
        approved: Array | float = line.approval if answers is None else (answers < line.approval).astype(np.float64)
        work = purse.work if line.use != "personal" else np.zeros(self.size)
        personal = purse.personal if line.use != "work" else np.zeros(self.size)
        found = one.life.settle(one.use, work, personal, month.price, approved)
        self._consumed(line, found.work, found.personal, alive, there, purse)
        own = np.minimum(found.own, self.person.own_most - purse.own) * there
        self._add("own", own * alive)
        # What the person would have paid for anyway costs them nothing more.
        more = np.maximum(own - self.person.additionality * purse.work, 0.0) * alive
        self._add("own_more", more)
        purse.own = purse.own + own
        purse.work = purse.work - own
        purse.net -= more

    def _worth(self, purse: _Purse) -> Array:
        """The worth of personal use before tax."""
        worth = personal_value(purse.mine, self.person.own_spend / 12, self.person.elasticity)
        if self.partly:
            worth *= np.divide(purse.fitting, purse.mine, out=np.zeros(self.size), where=purse.mine > 0)
        self._add("worth", worth)
        return worth

    def _tail(self, line: Line, tail: tuple[float, float], balance: Array | float, wish: Array, number: int) -> Array:
        """Worth of what outlives the last day, if it is in this month: personal use for a while, or a share in cash."""
        person = self.person
        months, paid = tail
        chance = exp(-person.leaving * number / 12) - exp(-person.leaving * (number + 1) / 12)
        usable = wish * months if line.unlimited else np.minimum(balance, wish * months)
        if line.use == "work":
            usable = np.zeros(self.size)
        worth = line.fit * personal_value(usable, person.own_spend / 12 * months, person.elasticity)
        if line.taxed == "personal_use" and not line.grossed_up:
            worth -= person.tax * usable
        found: Array = chance * (np.maximum(worth, 0.0) + paid * (1 - person.tax) * balance)
        return found

    def _alive(self, line: Line, worlds: Worlds, at: float, *, staying: bool = False) -> Array | float:
        """1 where a line still runs after `at` years and 0 where not, or the chance of it; `staying`: if nobody left."""
        hazard = line.revocation
        notice = line.plan.notice.revoke / 365.25 if line.plan is not None else 0.0
        leaving = self.person.leaving if self.setup.against == "cash" and not staying else 0.0
        if self.setup.hazard == "weighted":
            return exp(-hazard * max(0.0, at - notice) - leaving * at)
        if not hazard and not leaving:
            return 1.0
        lasts = worlds.revoked > hazard * (at - notice)
        if leaving:
            lasts &= worlds.left > leaving * at
        return lasts.astype(np.float64)

    def _add(self, name: str, found: Array | float) -> None:
        if not self.counting:
            return
        self.sums[name] += float(found.sum()) if isinstance(found, np.ndarray) else found * self.size

    def _keep(self, number: int, balance: Array) -> None:
        self.kept[number] += float(balance.sum())
        if number == self.offer.months - 1:
            self._add("left", balance)
        if self.fan is not None and self.done < self.fan.shape[1]:
            room = self.fan.shape[1] - self.done
            self.fan[number, self.done : self.done + len(balance)] = balance[:room]

    def mean(self) -> float:
        """X, its mean."""
        return sum(float(one.sum()) for one in self.values) / self.setup.paths / (1 - self.person.tax)

    def outcome(self) -> Outcome:
        paths, person = self.setup.paths, self.person
        means = {name: total / paths for name, total in self.sums.items()}
        means["granted"] = max(0.0, means["work"] + means["personal"] - means["drawn"] - means["unlimited"])
        cash = np.concatenate(self.values) / (1 - person.tax)
        return Outcome(
            months=self.offer.months,
            paths=paths,
            cash=Spread.of(cash),
            sure=certainty_equivalent(np.maximum(cash, -MOST_LOST * person.wealth), person.wealth, person.aversion),
            used=Spread.of(np.concatenate(self.used)),
            totals=Totals(**means),
            run_outs=tuple(self._run_outs()),
            fan=None if self.fan is None else np.quantile(self.fan, FAN_QUANTILES, axis=1),
            kept=self.kept / paths,
            raise_=self.while_here
            / paths
            / (1 - person.tax)
            / annuity(person.discount + person.leaving, self.offer.months),
        )

    def _run_outs(self) -> list[RunOut]:
        found = []
        for line, steps, lives in zip(self.offer.lines, self.courses, self.outs, strict=True):
            if steps is None:
                continue
            first = np.concatenate([life.first_out for life in lives])
            days = np.concatenate([life.first_day for life in lives])
            periods = float(np.concatenate([life.periods_out for life in lives]).mean())
            out = np.isfinite(first)
            found.append(
                RunOut(
                    line.name,
                    float(out.mean()),
                    periods / max(1, steps.periods),
                    float(np.median(first[out])) if out.any() else inf,
                    float(np.median(days[out])) if out.any() else float("nan"),
                )
            )
        return found
