"""The report: one HTML file that needs nothing else, in light and dark, with a table of figures beneath every plot.

It reads by itself: what was asked, what comes out, what was assumed and where that comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from bursar.charts import BandNames, Bands, Series, figure, stylesheet, table, tabulated
from bursar.insight.simulation.engine import Setup
from bursar.insight.simulation.outcome import Comparison, Month, Outcome, Spread, assumptions
from bursar.money import NANO

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--bc-paper); color: var(--bc-ink);
  font: 16px/1.5 var(--bc-font); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .3rem; }
p { margin: .3rem 0 .8rem; } .quiet, summary { color: var(--bc-quiet); }
summary { cursor: pointer; padding: .3rem 0; }
@media print { details:not([open]) > *:not(summary) { display: block; } }
"""

_NAMES = BandNames("p5", "p50", "p95", band="nine scenarios of ten")


def html(setup: Setup, outcomes: Sequence[Outcome], comparison: Comparison | None = None) -> str:
    """The whole report."""
    currency = outcomes[0].currency
    names = " and ".join(one.title for one in outcomes)
    first = outcomes[0].everybody.months
    lead = (
        f"{outcomes[0].people:,} people, {first[0].month} to {first[-1].month}, "
        f"{setup.scenarios:,} scenarios of use and price, seed {setup.seed}."
    )
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(names)}: simulated</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{stylesheet()}{_STYLE}</style></head><body>",
        f"<header><h1>{escape(names)}</h1><p>{escape(lead)}</p></header><main>",
        _headline(outcomes, currency, setup),
    ]
    if comparison is not None:
        parts.append(_side_by_side(comparison, currency))
    parts += [_section(plot) for plot in _plots(outcomes, currency)]
    parts += [_tiers(one, currency) for one in outcomes]
    parts += [_assumed(setup, outcomes), "</main></body></html>"]
    return "\n".join(parts) + "\n"


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


def _plots(outcomes: Sequence[Outcome], currency: str) -> list[Bands]:
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


def _section(plot: Bands) -> str:
    return (
        f'<section aria-labelledby="{plot.key}-h"><h2 id="{plot.key}-h">{escape(plot.title)}</h2>'
        f'<p class="quiet">{escape(plot.sentence)}</p>{figure(plot, caption=False)}'
        f"<details><summary>The figures</summary>{table(plot)}</details></section>"
    )


def _of(one: Outcome, outcomes: Sequence[Outcome]) -> str:
    return f", {one.title}" if len(outcomes) > 1 else ""


def _headline(outcomes: Sequence[Outcome], currency: str, setup: Setup) -> str:
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
    days = [one.everybody.total.run_out_day for one in outcomes]
    said = "; ".join(
        f"{one.title}: {'nobody runs out' if day is None else f'half of those who run out do so by day {day:.0f} of the period'}"
        for one, day in zip(outcomes, days, strict=True)
    )
    return f"<section><h2>In all</h2><p>{escape(said)}.</p>{tabulated('Everybody', columns, rows)}</section>"


def _side_by_side(found: Comparison, currency: str) -> str:
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
    sentence = (
        f"{found.second} less {found.first}, scenario by scenario: the same people, demand and prices. "
        f"{found.second} costs less in {found.second_is_cheaper:.0%} of them."
    )
    return f"<section><h2>Side by side</h2><p>{escape(sentence)}</p>{tabulated('Difference', ['', 'p5', 'p50', 'p95'], rows)}</section>"


def _tiers(one: Outcome, currency: str) -> str:
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
    return f"<section><h2>By tier: {escape(one.title)}</h2>{tabulated('All months together, at list price', columns, rows)}</section>"


def _assumed(setup: Setup, outcomes: Sequence[Outcome]) -> str:
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
    table = tabulated("Every figure can be replaced", ["what", "assumed", "from"], rows, words=True)
    digests = ", ".join(f"{one.plan} {one.digest[:12]}" for one in outcomes)
    return f'<section><h2>What was assumed</h2>{table}<p class="quiet">Plans: {escape(digests)}. Seed {setup.seed}.</p></section>'


def _three(spread: Spread) -> tuple[float, float, float]:
    return (spread.p5, spread.p50, spread.p95)
