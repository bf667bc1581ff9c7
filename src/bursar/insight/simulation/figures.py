"""What a run says as data that report, console and terminal show alike: plots, tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bursar.charts import BandNames, Bands, Series
from bursar.insight.simulation.engine import Setup
from bursar.insight.simulation.outcome import Comparison, Month, Outcome, Spread, assumptions
from bursar.money import NANO

_NAMES = BandNames("p5", "p50", "p95", band="nine scenarios of ten")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the first column names the row; `words`: the others are words too."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: bool = False


def amount(nanos: float, currency: str = "USD") -> str:
    """Money as a forecast deserves it: three digits that mean something."""
    value = nanos / NANO
    sign, size = ("-" if value < 0 else ""), abs(value)
    text = next(
        (f"{size / unit:.{2 if size < 10 * unit else 1 if size < 100 * unit else 0}f}{suffix}"
         for unit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")) if size >= unit * 0.9995),
        f"{size:.0f}" if size >= 100 or not size else f"{size:.2f}",
    )  # fmt: skip
    return f"{sign}${text}" if currency == "USD" else f"{sign}{text} {currency}"


def share(value: float) -> str:
    return f"{value:.1%}"


def plots(outcomes: Sequence[Outcome]) -> list[Bands]:
    """Cost, run-outs, what is missing, lost, carried and exposed, by month."""
    currency = outcomes[0].currency

    def money(value: float) -> str:
        return amount(value, currency)

    def plot(
        key: str,
        title: str,
        sentence: str,
        take: Callable[[Month], Spread | None],
        written: Callable[[float], str] = money,
    ) -> Bands:
        series = []
        for one in outcomes:
            spreads = [take(month) or Spread(0, 0, 0) for month in one.everybody.months]
            series.append(
                Series(one.title, [s.p5 for s in spreads], [s.p50 for s in spreads], [s.p95 for s in spreads])
            )
        months = [month.month for month in outcomes[0].everybody.months]
        return Bands(key, title, sentence, months, series, parts=_NAMES, axis="month", written=written)

    return [
        plot(
            "cost",
            "Cost at list price",
            "What is spent each month: the line is the middle, nine scenarios of ten are in the band.",
            lambda month: month.cost_list_nanos,
        ),
        plot(
            "contract",
            "Cost at the contract's price",
            "The same, at what the organisation pays.",
            lambda month: month.cost_contract_nanos,
        ),
        plot(
            "out",
            "People who run out",
            "Share of people who run out in the month.",
            lambda month: month.out_in_month,
            share,
        ),
        plot(
            "unmet",
            "Wanted and not covered",
            "Use that neither a balance nor a top-up covers.",
            lambda month: month.unmet_nanos,
        ),
        plot(
            "forfeited",
            "Forfeited",
            "What people lose because it expires.",
            lambda month: month.forfeited_nanos,
        ),
        plot(
            "burst",
            "Spent only because it would have been lost",
            "The burst before a reset; what rolls over provokes none.",
            lambda month: month.burst_nanos,
        ),
        plot(
            "carried",
            "Rollover liability",
            "What lives on at the end of each month in rolled lots.",
            lambda month: month.carried_nanos,
        ),
        plot(
            "exposure",
            "Exposure",
            "Most that could be spent in the month: carried in, released, and automatic top-ups.",
            lambda month: month.exposure_nanos,
        ),
    ]


def headline(outcomes: Sequence[Outcome], setup: Setup) -> Sheet:
    """All months together, everybody."""
    currency = outcomes[0].currency
    columns = [
        "over all months",
        *(f"{label}{_of(one, outcomes)}" for one in outcomes for label in ("p5", "p50", "p95")),
    ]
    lines: list[tuple[str, str]] = [
        ("cost at list price", "cost_list_nanos"),
        (f"cost at contract ({setup.discount:.0%} off)", "cost_contract_nanos"),
        ("wanted", "wanted_nanos"),
        ("wanted and not covered", "unmet_nanos"),
        ("by grace and top-ups", "covered_nanos"),
        ("by people's own money", "own_nanos"),
        ("forfeited", "forfeited_nanos"),
        ("burst before resets", "burst_nanos"),
        ("rollover liability at the end", "carried_nanos"),
        ("exposure, highest month", "exposure_cap_nanos"),
    ]
    rows = [
        [label, *(amount(value, currency) for one in outcomes for value in _three(getattr(one.everybody.total, name)))]
        for label, name in lines
    ]
    rows.append(
        ["used of what is released", *(share(v) for one in outcomes for v in _three(one.everybody.total.utilisation))]
    )
    rows.append(
        [
            "periods that run out",
            *(share(v) for one in outcomes for v in _three(one.everybody.total.run_out or Spread(0, 0, 0))),
        ]
    )
    return Sheet("Everybody", columns, rows)


def run_out_sentence(outcomes: Sequence[Outcome]) -> str:
    """When those who run out do."""
    days = [one.everybody.total.run_out_day for one in outcomes]
    said = "; ".join(
        f"{one.title}: {'nobody runs out' if day is None else f'half of those who run out do so by day {day:.0f} of the period'}"
        for one, day in zip(outcomes, days, strict=True)
    )
    return f"{said}."


def side_by_side(found: Comparison, currency: str) -> Sheet:
    """The second plan less the first."""
    rows = [
        [label, *(amount(value, currency) for value in _three(getattr(found, name)))]
        for label, name in (
            ("cost at list price", "cost_list_nanos"),
            ("cost at contract", "cost_contract_nanos"),
            ("wanted and not covered", "unmet_nanos"),
            ("forfeited", "forfeited_nanos"),
            ("burst before resets", "burst_nanos"),
            ("rollover liability at the end", "carried_nanos"),
        )
    ]
    return Sheet("Difference", ["", "p5", "p50", "p95"], rows)


def side_by_side_sentence(found: Comparison) -> str:
    return (
        f"{found.second} less {found.first}, scenario by scenario: the same people, demand and prices. "
        f"{found.second} costs less in {found.second_is_cheaper:.0%} of them."
    )


def tiers(one: Outcome) -> Sheet:
    """A line for everybody and for each tier."""
    currency = one.currency
    columns = [
        "tier",
        "people",
        "cost p5",
        "cost p50",
        "cost p95",
        "run out",
        "by day",
        "forfeited",
        "burst",
        "exposure",
    ]
    rows = [
        [
            part.name,
            f"{part.people:,}",
            *(amount(value, currency) for value in _three(part.total.cost_list_nanos)),
            share(part.total.run_out.p50) if part.total.run_out else "",
            "" if part.total.run_out_day is None else f"{part.total.run_out_day:.0f}",
            amount(part.total.forfeited_nanos.p50, currency),
            amount(part.total.burst_nanos.p50, currency),
            amount(part.total.exposure_cap_nanos.p50, currency),
        ]
        for part in one.parts
    ]
    return Sheet("All months together, at list price", columns, rows)


def assumed(setup: Setup, outcomes: Sequence[Outcome]) -> Sheet:
    """Every assumption with its source."""
    found = assumptions(setup, [part.name for one in outcomes for part in one.parts[1:]])
    rows = [
        [
            f"monthly use, {tier}",
            f"median ${use['median']:,.0f}, mean ${use['mean']:,.0f}, sigma {use['sigma']:g}",
            use["source"],
        ]
        for tier, use in found["use_by_tier"].items()
    ]
    usage, burst = setup.usage, setup.behaviour
    low, high = usage.shift_part
    rows += [
        ["from month to month", f"sigma {usage.month_sigma:g} around the person's mean", "judgement"],
        ["growth of use", f"{usage.growth:g} times a year, sigma {usage.growth_sigma:g}", "judgement; Jellyfish: 18.6 times in nine months"],
        ["price of the same work", f"{usage.price.per_year:g} times a year, sigma {usage.price.sigma:g}", usage.price.source],
        [
            "moves to dearer models",
            f"{usage.shifts:g} a year, {low:.0%} to {high:.0%} of the work, {usage.shift_factor[0]:g} to {usage.shift_factor[1]:g} times the price",
            "judgement",
        ],
        [
            "burst before a reset",
            f"{burst.people:.0%} of people spend {burst.part:.0%} of what would be lost, in {burst.days} days",
            "Liebman and Mahoney 2017: 8.7% of a year's spending in its last week; EBRI 2022",
        ],
        ["contract", f"{setup.discount:.0%} off list price", "given"],
        ["people", "nobody leaves; who has a hire date in the future joins then", "the roster"],
    ]  # fmt: skip
    return Sheet("Every figure can be replaced", ["what", "assumed", "from"], rows, words=True)


def _of(one: Outcome, outcomes: Sequence[Outcome]) -> str:
    return f", {one.title}" if len(outcomes) > 1 else ""


def _three(spread: Spread) -> tuple[float, float, float]:
    return (spread.p5, spread.p50, spread.p95)
