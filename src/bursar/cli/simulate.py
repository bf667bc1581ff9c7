"""`bursar plan simulate`: what a plan may cost, who runs out, what is lost, before anybody is promised anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_pairs, show_table
from bursar.errors import InvalidInput, NotFound
from bursar.insight.simulation.engine import Setup
from bursar.insight.simulation.figures import amount, share
from bursar.insight.simulation.outcome import Comparison, Month, Outcome, Spread, as_json
from bursar.insight.simulation.report import html
from bursar.insight.simulation.usage import PERSONAS, PRICES
from bursar.office.database import reading
from bursar.office.terms.scenarios import Asked, everybody, history_of, setup_of, simulated
from bursar.office.workforce import roster
from bursar.office.workforce.people import MAX_ROSTER_BYTES
from bursar.plans.check import load
from bursar.plans.document import MAX_BYTES
from bursar.plans.terms import Plan

_FAN = 24
_WIDE = 110
"""Columns of a terminal from which on a month has its fan."""


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan document.")],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Another plan, side by side with the first.")
    ] = None,
    roster_file: Annotated[
        Path | None,
        typer.Option(
            "--roster", metavar="CSV", help="handle,level,hire_date,...; without it, the people of the database."
        ),
    ] = None,
    months: Annotated[int, typer.Option("--months", help="How many months, up to 120.")] = 24,
    scenarios: Annotated[
        int, typer.Option("--scenarios", help="How many scenarios of use and price, up to 10000.")
    ] = 1_000,
    seed: Annotated[int, typer.Option("--seed", help="Of the random numbers: the same seed, the same answer.")] = 1,
    start: Annotated[
        str, typer.Option("--from", metavar="MONTH", help="First month: 2026-04; without it, the next.")
    ] = "",
    price: Annotated[
        str, typer.Option("--price", help=f"Of the same work: {', '.join(PRICES)}, or a yearly change such as -40%.")
    ] = "halving",
    usage: Annotated[
        list[str] | None,
        typer.Option(
            "--usage",
            metavar="[TIER=]USE",
            help=f"Monthly use: {', '.join(PERSONAS)}, or a median with a sigma: '$400@0.9'. May be repeated by tier.",
        ),
    ] = None,
    growth: Annotated[float, typer.Option("--growth", help="Of use in a year: 3 is three times as much.")] = 3.0,
    steady: Annotated[
        bool, typer.Option("--steady", help="No growth, no drift, no noise: only people differ from each other.")
    ] = False,
    burst: Annotated[bool, typer.Option("--burst/--no-burst", help="The burst before a reset.")] = True,
    contract_discount: Annotated[
        str, typer.Option("--contract-discount", metavar="SHARE", help="What the contract takes off list prices: 25%.")
    ] = "0%",
    unit_price: Annotated[
        str,
        typer.Option(
            "--unit-price", metavar="MONEY", help="Of one token or GPU hour, where the plan is in them: '$0.000003'."
        ),
    ] = "",
    history: Annotated[
        bool, typer.Option("--history/--no-history", help="Use what people of the database used in the last 12 months.")
    ] = True,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report to this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Run a plan over months and scenarios. Example: bursar plan simulate plan.yaml --roster people.csv --html plan.html"""
    plans = [_plan(file), *([_plan(against)] if against else [])]
    people, past = _people(roster_file, history=history)
    asked = Asked(
        months, scenarios, seed, start, price, tuple(usage or ()), growth, steady, burst, contract_discount, unit_price
    )
    setup = setup_of(asked, plans, datetime.now(UTC).date())
    found = simulated(plans, people, setup, past)
    seen, comparison = found.outcomes, found.comparison
    if html_file is not None:
        _write(html_file, html(setup, seen, comparison))
    if json:
        show_json(as_json(setup, seen, comparison))
        return
    for one in seen:
        _show(one, setup)
    if comparison is not None:
        _show_comparison(comparison, seen[0].currency)
    if past:
        console.print(f"Use is drawn from the history of {_count(len(past))}.", style="dim")
    if html_file is not None:
        console.print(f"The report is in {html_file}.", markup=False)


def _show(found: Outcome, setup: Setup) -> None:
    everybody, currency = found.everybody, found.currency
    total = everybody.total
    console.print(
        f"{found.title}: {_count(found.people)}, {setup.months} months, {setup.scenarios:,} scenarios",
        style="bold",
        markup=False,
    )
    out = "nobody" if total.run_out_day is None else f"half of them by day {total.run_out_day:.0f} of the period"
    show_pairs(
        [
            ("cost at list price", _three(total.cost_list_nanos, currency)),
            ("cost at contract", _three(total.cost_contract_nanos, currency)),
            ("periods that run out", f"{_percent(total.run_out)}, {out}"),
            ("wanted in all: the cost of no limit", _three(total.wanted_nanos, currency)),
            ("wanted and not covered", _three(total.unmet_nanos, currency)),
            ("forfeited", _three(total.forfeited_nanos, currency)),
            ("burst before resets", _three(total.burst_nanos, currency)),
            ("rollover liability at the end", _three(total.carried_nanos, currency)),
            ("exposure, highest month", _three(total.exposure_cap_nanos, currency)),
            ("used of what is released", _percent(total.utilisation)),
        ]
    )
    if found.left_out:
        console.print(f"The plan is not for {found.left_out:,} others of the roster.", style="dim")
    _show_months(everybody.months, currency)
    if len(found.parts) > 2:
        _show_tiers(found)


def _show_months(months: Sequence[Month], currency: str) -> None:
    """A line for each month; a narrow terminal leaves out the fan and the burst."""
    top = max(month.cost_list_nanos.p95 for month in months)
    wide = console.width >= _WIDE
    columns = [Column("month", kept=True), *(Column(name, number=True) for name in ("cost p5", "p50", "p95"))]
    columns += [Column("", kept=True)] if wide else []
    columns += [Column(name, number=True) for name in ("run out", "by day", "forfeited", "carried")]
    columns += [Column("burst", number=True)] if wide else []
    rows: list[list[str | Text]] = []
    for month in months:
        cost = month.cost_list_nanos
        row: list[str | Text] = [month.month, *(amount(one, currency) for one in (cost.p5, cost.p50, cost.p95))]
        row += [fan(cost, top)] if wide else []
        row += [share(month.out_in_month.p50), "" if month.run_out_day is None else f"{month.run_out_day:.0f}"]
        row += [amount(month.forfeited_nanos.p50, currency), amount(month.carried_nanos.p50, currency)]
        row += [amount(month.burst_nanos.p50, currency)] if wide else []
        rows.append(row)
    show_table(columns, rows)


def _show_tiers(found: Outcome) -> None:
    """A line for each tier; a narrow terminal leaves out the tails of the cost."""
    wide = console.width >= _WIDE
    names = (
        "people",
        *(("cost p5", "p50", "p95") if wide else ("cost p50",)),
        "run out",
        "unmet",
        "forfeited",
        "exposure",
    )
    rows = []
    for part in found.parts[1:]:
        costs = _values(part.total.cost_list_nanos)
        figures = [f"{part.people:,}", *(amount(one, found.currency) for one in (costs if wide else costs[1:2]))]
        figures.append(_percent(part.total.run_out, middle=True))
        rest = (part.total.unmet_nanos, part.total.forfeited_nanos, part.total.exposure_cap_nanos)
        rows.append([part.name, *figures, *(amount(one.p50, found.currency) for one in rest)])
    show_table([Column("tier", kept=True), *(Column(name, number=True) for name in names)], rows)


def _show_comparison(found: Comparison, currency: str) -> None:
    console.print(f"{found.second} less {found.first}, scenario by scenario", style="bold", markup=False)
    show_pairs(
        [
            ("cost at list price", _three(found.cost_list_nanos, currency)),
            ("cost at contract", _three(found.cost_contract_nanos, currency)),
            ("wanted and not covered", _three(found.unmet_nanos, currency)),
            ("forfeited", _three(found.forfeited_nanos, currency)),
            ("burst before resets", _three(found.burst_nanos, currency)),
            ("rollover liability at the end", _three(found.carried_nanos, currency)),
            (f"{found.second} costs less in", f"{found.second_is_cheaper:.0%} of the scenarios"),
        ]
    )


def fan(spread: Spread, top: float, width: int = _FAN) -> Text:
    """From p5 to p95 as a line with the middle marked, on a scale from nothing to `top`."""
    low, middle, high = (
        min(width - 1, round(max(0.0, one) / top * (width - 1)) if top > 0 else 0) for one in _values(spread)
    )
    line = "".join("●" if at == middle else "─" if low <= at <= high else " " for at in range(width))
    return Text(line, style="cyan")


def _count(people: int) -> str:
    return f"{people:,} {'person' if people == 1 else 'people'}"


def _values(spread: Spread) -> tuple[float, float, float]:
    return (spread.p5, spread.p50, spread.p95)


def _three(spread: Spread, currency: str) -> str:
    low, middle, high = (amount(one, currency) for one in _values(spread))
    return middle if low == high else f"{middle}  ({low} to {high})"


def _percent(spread: Spread | None, *, middle: bool = False) -> str:
    if spread is None:
        return ""
    low, half, high = (share(one) for one in _values(spread))
    return half if middle or low == high else f"{half}  ({low} to {high})"


def _plan(file: Path) -> Plan:
    return load(_text(file, "plan", MAX_BYTES), file.name).plan


def _people(file: Path | None, *, history: bool) -> tuple[Sequence[Mapping[str, str]], dict[str, list[int]]]:
    if file is not None:
        return roster.compare(_text(file, "roster", MAX_ROSTER_BYTES), []).added, {}
    with desk() as office:
        with reading(office.engine) as connection:
            people = everybody(connection)
        handles = {one["id"]: one["handle"] for one in people}
        return people, history_of(office.store, handles, office.now()) if history else {}


def _text(file: Path, field: str, most: int) -> str:
    try:
        if file.stat().st_size > most:
            raise InvalidInput(field, f"{file.stat().st_size:,} bytes", f"at most {most:,}")
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except UnicodeDecodeError:
        raise InvalidInput(field, "what is no text", "a file in UTF-8") from None
    except OSError as error:
        raise InvalidInput(field, f"{file}: {error.strerror}", "a file that can be read") from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput("html", f"{file}: {error.strerror}", "a file that can be written") from None
