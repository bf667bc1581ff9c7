"""The report: one HTML file that needs nothing else, in light and dark, with a table of figures beneath every plot.

It reads by itself: what was asked, what comes out, what was assumed and where that comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bursar.charts import Bands, figure, stylesheet, table, tabulated
from bursar.insight.simulation import figures
from bursar.insight.simulation.engine import Setup
from bursar.insight.simulation.outcome import Comparison, Outcome

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


def html(setup: Setup, outcomes: Sequence[Outcome], comparison: Comparison | None = None) -> str:
    """The whole report."""
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
        _headline(outcomes, setup),
    ]
    if comparison is not None:
        parts.append(_side_by_side(comparison, outcomes[0].currency))
    parts += [_section(plot) for plot in figures.plots(outcomes)]
    parts += [_tiers(one) for one in outcomes]
    parts += [_assumed(setup, outcomes), "</main></body></html>"]
    return "\n".join(parts) + "\n"


def _section(plot: Bands) -> str:
    return (
        f'<section aria-labelledby="{plot.key}-h"><h2 id="{plot.key}-h">{escape(plot.title)}</h2>'
        f'<p class="quiet">{escape(plot.sentence)}</p>{figure(plot, caption=False)}'
        f"<details><summary>The figures</summary>{table(plot)}</details></section>"
    )


def _headline(outcomes: Sequence[Outcome], setup: Setup) -> str:
    said = escape(figures.run_out_sentence(outcomes))
    return f"<section><h2>In all</h2><p>{said}</p>{_sheet(figures.headline(outcomes, setup))}</section>"


def _side_by_side(found: Comparison, currency: str) -> str:
    sheet = _sheet(figures.side_by_side(found, currency))
    return f"<section><h2>Side by side</h2><p>{escape(figures.side_by_side_sentence(found))}</p>{sheet}</section>"


def _tiers(one: Outcome) -> str:
    return f"<section><h2>By tier: {escape(one.title)}</h2>{_sheet(figures.tiers(one))}</section>"


def _assumed(setup: Setup, outcomes: Sequence[Outcome]) -> str:
    digests = ", ".join(f"{one.plan} {one.digest[:12]}" for one in outcomes)
    table = _sheet(figures.assumed(setup, outcomes))
    return f'<section><h2>What was assumed</h2>{table}<p class="quiet">Plans: {escape(digests)}. Seed {setup.seed}.</p></section>'


def _sheet(found: figures.Sheet) -> str:
    return tabulated(found.title, found.columns, found.rows, words=found.words)
