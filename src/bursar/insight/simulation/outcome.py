"""What a run says: by month and in all, for everybody and by tier, as what 5 %, 50 % and 95 % of the scenarios stay below.

Money is at list price and, for what was spent, at the contract's; whole nano-units of the plan's currency. A quantile is
one of the scenarios (the least that enough of them do not exceed), so that in a certain case all three are the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bursar.calendar import months_later
from bursar.insight.simulation.behaviour import burst, intensity
from bursar.insight.simulation.engine import Setup, Sum, Tally
from bursar.insight.simulation.usage import Array, mean_of

SCHEMA = "simulation/1"
QUANTILES = (0.05, 0.5, 0.95)
EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class Spread:
    """What 5 %, 50 % and 95 % of the scenarios do not exceed: nano-units, or a share of one."""

    p5: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a part of the roster."""

    month: str
    """2026-01."""
    people: int
    cost_list_nanos: Spread
    """What the organisation pays for, at list price: of balances, grace and top-ups, bursts included."""
    cost_contract_nanos: Spread
    wanted_nanos: Spread
    unmet_nanos: Spread
    """Wanted, and covered by nothing."""
    covered_nanos: Spread
    """Beyond balances, by grace and automatic top-ups."""
    own_nanos: Spread
    """Beyond balances, by people's own money."""
    burst_nanos: Spread
    """Spent before a reset only because it would have been lost."""
    forfeited_nanos: Spread
    """Lost all the same."""
    carried_nanos: Spread
    """The rollover liability at the month's end."""
    exposure_nanos: Spread
    """Most that could be spent in the month: carried in, released, and automatic top-ups."""
    run_out: Spread | None
    """Share of the periods that begin in the month in which people run out before the end; None if none begins."""
    run_out_day: float | None
    """Median day of the period on which those who run out do, from 0."""
    out_in_month: Spread
    """Share of people who run out in this month, whenever their period began; of periods, where a month has several."""
    burst_intensity: float
    """How many times an ordinary day a day before the reset is, in the middle."""


@dataclass(frozen=True, slots=True)
class Total:
    """All months together."""

    cost_list_nanos: Spread
    cost_contract_nanos: Spread
    wanted_nanos: Spread
    unmet_nanos: Spread
    covered_nanos: Spread
    own_nanos: Spread
    burst_nanos: Spread
    forfeited_nanos: Spread
    released_nanos: Spread
    carried_nanos: Spread
    """The rollover liability at the end."""
    exposure_cap_nanos: Spread
    """Of the month in which it is highest."""
    utilisation: Spread
    """What was used of what was released."""
    run_out: Spread | None
    run_out_day: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """Everybody, or a tier."""

    name: str
    people: int
    months: tuple[Month, ...]
    total: Total


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one plan does with a roster; the first part is everybody."""

    plan: str
    title: str
    digest: str
    unit: str
    currency: str
    rolls_over: bool
    people: int
    left_out: int
    """People for whom the plan is not."""
    parts: tuple[Part, ...]

    @property
    def everybody(self) -> Part:
        return self.parts[0]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second plan less the first, scenario by scenario: the same people, the same demand, the same prices."""

    first: str
    second: str
    cost_list_nanos: Spread
    cost_contract_nanos: Spread
    unmet_nanos: Spread
    forfeited_nanos: Spread
    burst_nanos: Spread
    carried_nanos: Spread
    second_is_cheaper: float
    """Share of the scenarios."""


def outcome(tally: Tally) -> Outcome:
    """Read a tally."""
    plan = tally.plan
    everybody = _part(tally, EVERYBODY, list(range(len(tally.tiers))))
    tiers = [_part(tally, name, [index]) for index, name in enumerate(tally.tiers)]
    return Outcome(
        plan.name,
        plan.title,
        plan.digest,
        plan.unit,
        plan.currency,
        plan.rollover is not None,
        tally.head_count,
        tally.left_out,
        (everybody, *tiers),
    )


def outcomes(tallies: Sequence[Tally]) -> list[Outcome]:
    """Read the tallies of one run; two versions of one plan are told apart in their titles."""
    titles = _titles(tallies)
    return [replace(outcome(tally), title=title) for tally, title in zip(tallies, titles, strict=True)]


def compare(first: Tally, second: Tally) -> Comparison:
    """Two plans side by side; both have to come from one run."""
    one, other = (_money(tally, list(range(len(tally.tiers)))) for tally in (first, second))
    difference = {name: other[name].sum(axis=0) - one[name].sum(axis=0) for name in one}
    carried = other["carried"][-1] - one["carried"][-1]
    contract = difference["cost"] * (1 - first.setup.discount)
    one_title, other_title = _titles([first, second])
    return Comparison(
        one_title,
        other_title,
        _nanos(difference["cost"]),
        _nanos(contract),
        _nanos(difference["unmet"]),
        _nanos(difference["forfeited"]),
        _nanos(difference["burst"]),
        _nanos(carried),
        float(np.mean(difference["cost"] < 0)),
    )


def as_json(setup: Setup, outcomes: Sequence[Outcome], comparison: Comparison | None = None) -> dict[str, Any]:
    """Plain values: every figure, every assumption and its source."""
    return {
        "bursar": SCHEMA,
        "setup": assumptions(setup, [part.name for found in outcomes for part in found.parts[1:]]),
        "plans": [_plain(asdict(one)) for one in outcomes],
        "comparison": None if comparison is None else asdict(comparison),
    }


def assumptions(setup: Setup, tiers: Sequence[str] = ()) -> dict[str, Any]:
    """What was assumed, so that a forecast can be read, doubted and made again."""
    usage = setup.usage
    personas = {tier: usage.persona_of(tier) for tier in dict.fromkeys(tiers)}
    return {
        "first_month": setup.first.isoformat()[:7],
        "months": setup.months,
        "scenarios": setup.scenarios,
        "seed": setup.seed,
        "contract_discount": setup.discount,
        "unit_price": setup.unit_price,
        "use_by_tier": {tier: {**asdict(one), "mean": mean_of(one)} for tier, one in personas.items()},
        "month_sigma": usage.month_sigma,
        "growth_per_year": usage.growth,
        "growth_sigma": usage.growth_sigma,
        "price": asdict(usage.price),
        "mix_shifts_per_year": usage.shifts,
        "mix_shift_part": list(usage.shift_part),
        "mix_shift_factor": list(usage.shift_factor),
        "burst": asdict(setup.behaviour),
    }


def _titles(tallies: Sequence[Tally]) -> list[str]:
    found = [tally.plan.title for tally in tallies]
    if len(found) == 2 and found[0] == found[1]:
        return [f"{found[0]} (first)", f"{found[1]} (second)"]
    return found


def _part(tally: Tally, name: str, tiers: list[int]) -> Part:
    money = _money(tally, tiers)
    keep = 1 - tally.setup.discount
    people = tally.people[tiers].sum(axis=0)
    begun = tally.periods[tiers].sum(axis=0)
    days = tally.days[tiers].sum(axis=0)
    out = tally.of("out")[tiers].sum(axis=0)
    out_at = tally.of("out_at")[tiers].sum(axis=0)
    months = []
    for index in range(tally.setup.months):
        here = {key: _nanos(values[index]) for key, values in money.items()}
        lengths = (months_later(tally.setup.first, index + 1) - months_later(tally.setup.first, index)).days
        months.append(
            Month(
                month=months_later(tally.setup.first, index).isoformat()[:7],
                people=int(people[index]),
                cost_list_nanos=here["cost"],
                cost_contract_nanos=_nanos(money["cost"][index] * keep),
                wanted_nanos=here["wanted"],
                unmet_nanos=here["unmet"],
                covered_nanos=here["covered"],
                own_nanos=here["own"],
                burst_nanos=here["burst"],
                forfeited_nanos=here["forfeited"],
                carried_nanos=here["carried"],
                exposure_nanos=here["exposure"],
                run_out=_shares(out[index], int(begun[index])),
                run_out_day=_median_day(days[index], tally.bin_days),
                out_in_month=_shares(out_at[index], max(int(people[index]), int(begun[index])))
                or Spread(0.0, 0.0, 0.0),
                burst_intensity=round(
                    intensity(tally.setup.behaviour, here["burst"].p50, here["cost"].p50 - here["burst"].p50, lengths),
                    3,
                ),
            )
        )
    sums = {key: values.sum(axis=0) for key, values in money.items()}
    released = np.maximum(sums["released"], 1)
    total = Total(
        cost_list_nanos=_nanos(sums["cost"]),
        cost_contract_nanos=_nanos(sums["cost"] * keep),
        wanted_nanos=_nanos(sums["wanted"]),
        unmet_nanos=_nanos(sums["unmet"]),
        covered_nanos=_nanos(sums["covered"]),
        own_nanos=_nanos(sums["own"]),
        burst_nanos=_nanos(sums["burst"]),
        forfeited_nanos=_nanos(sums["forfeited"]),
        released_nanos=_nanos(sums["released"]),
        carried_nanos=_nanos(money["carried"][-1]),
        exposure_cap_nanos=_nanos(money["exposure"].max(axis=0)),
        utilisation=_spread(sums["used"] / released, 6),
        run_out=_shares(out.sum(axis=0), int(begun.sum())),
        run_out_day=_median_day(days.sum(axis=0), tally.bin_days),
    )
    return Part(name, int(people.max()), tuple(months), total)


def _money(tally: Tally, tiers: list[int]) -> dict[str, Array]:
    """Sums over tiers in nano-units of money at list price: (months, scenarios) each."""
    names: tuple[Sum, ...] = (
        "wanted",
        "used",
        "covered",
        "own",
        "unmet",
        "released",
        "carried",
        "exposure",
        "forfeited",
    )
    units: dict[str, Array] = {name: tally.of(name)[tiers].sum(axis=0) for name in names}
    units["burst"] = burst(tally.setup.behaviour, units["forfeited"])
    units["forfeited"] = units["forfeited"] - units["burst"]
    units["cost"] = units["used"] + units["covered"] + units["burst"]
    return {name: values * tally.money for name, values in units.items()}


def _nanos(values: Array) -> Spread:
    found = _quantiles(values)
    return Spread(*(round(float(one)) for one in found))


def _spread(values: Array, digits: int) -> Spread:
    return Spread(*(round(float(one), digits) for one in _quantiles(values)))


def _shares(counts: Array, whole: int) -> Spread | None:
    return _spread(counts / whole, 6) if whole else None


def _quantiles(values: Array) -> Array:
    found: Array = np.quantile(values, QUANTILES, method="inverted_cdf")
    return found


def _median_day(histogram: NDArray[np.int64], bin_days: float) -> float | None:
    """The middle of the bin that the middle one of those who ran out is in."""
    whole = int(histogram.sum())
    if not whole:
        return None
    middle = int(np.searchsorted(np.cumsum(histogram), (whole + 1) // 2))
    return round((middle + 0.5) * bin_days, 1)


def _plain(value: Any) -> Any:
    """As JSON has it: no tuples."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
