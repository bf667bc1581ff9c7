"""`bursar plan simulate`: what a plan may cost, who runs out, what is lost, before anybody is promised anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bursar.calendar import months_later
from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_pairs, show_table
from bursar.errors import InvalidInput, NotFound
from bursar.insight.simulation.behaviour import CALM, Behaviour
from bursar.insight.simulation.engine import MAX_PEOPLE, Setup, run
from bursar.insight.simulation.figures import amount, share
from bursar.insight.simulation.outcome import Comparison, Month, Outcome, Spread, as_json, compare, outcomes
from bursar.insight.simulation.report import html
from bursar.insight.simulation.usage import PERSONAS, PRICES, Persona, Usage, parse_persona, parse_price
from bursar.money import NANO, parse_amount
from bursar.office import reports, roster
from bursar.office.desk import Desk
from bursar.office.people import MAX_ROSTER_BYTES
from bursar.plans.check import load
from bursar.plans.document import MAX_BYTES
from bursar.plans.terms import Plan

HISTORY_MONTHS = 12
"""How far back use is looked at."""
MAX_WORKERS = 4
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
    found = Usage(price=parse_price(price), growth=_growth(growth))
    if steady:
        found = replace(found, month_sigma=0.0, growth=1.0, growth_sigma=0.0, price=PRICES["flat"], shifts=0.0)
    setup = Setup(
        first=_first(start),
        months=months,
        scenarios=scenarios,
        seed=seed,
        usage=_with_personas(found, usage or [], plans),
        behaviour=Behaviour() if burst else CALM,
        discount=_discount(contract_discount),
        unit_price=_unit_price(unit_price),
        workers=min(MAX_WORKERS, os.cpu_count() or 1),
    )
    tallies = run(plans, people, setup, past)
    seen = outcomes(tallies)
    comparison = compare(*tallies) if len(tallies) == 2 else None
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
        people = [one for one in office.people() if one["status"] != "left"]
        if not people:
            raise InvalidInput(
                "roster", "nobody in the database", f"1 to {MAX_PEOPLE:,} people", "or a CSV with --roster"
            )
        return people, _history(office) if history else {}


def _history(office: Desk) -> dict[str, list[int]]:
    """Whole months of use at list price by handle, from each person's first month with some."""
    this = datetime.fromtimestamp(office.now() / 1_000_000, UTC).date().replace(day=1)
    marks = [months_later(this, back) for back in range(-HISTORY_MONTHS, 1)]
    found: dict[str, list[int]] = {}
    for start, end in pairwise(marks):
        rows = reports.usage(office, "person", start=start.isoformat(), end=end.isoformat())["rows"]
        here = {row["key"]: row["list_nanos"] for row in rows if row["list_nanos"] > 0}
        for handle in {*found, *here}:
            found.setdefault(handle, []).append(here.get(handle, 0))
    return found


def _with_personas(usage: Usage, given: Sequence[str], plans: Sequence[Plan]) -> Usage:
    tiers = {tier.name for plan in plans for tier in plan.tiers}
    by_tier: dict[str, Persona] = {}
    everybody = usage.everybody
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            everybody = parse_persona(one)
            by_tier = {**dict.fromkeys(tiers, everybody), **by_tier}
        elif name not in tiers:
            raise InvalidInput("usage", repr(name[:60]), f"a tier of the plan: {', '.join(sorted(tiers))}")
        else:
            by_tier[name] = parse_persona(text)
    return replace(usage, everybody=everybody, by_tier=by_tier)


def _first(text: str) -> date:
    if not text:
        return months_later(datetime.now(UTC).date().replace(day=1), 1)
    try:
        found = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        raise InvalidInput("from", repr(text[:40]), "a month such as 2026-04") from None
    if found.day != 1 or not 1970 <= found.year <= 2200:
        raise InvalidInput("from", repr(text[:40]), "the first day of a month from 1970 to 2200")
    return found


def _growth(value: float) -> float:
    if not 0.01 <= value <= 100:
        raise InvalidInput("growth", f"{value:g}", "0.01 to 100 times a year")
    return value


def _discount(text: str) -> float:
    number = text.strip().removesuffix("%")
    try:
        value = float(number) / 100
    except ValueError:
        value = -1.0
    if not text.strip().endswith("%") or not 0 <= value < 1:
        raise InvalidInput("contract-discount", repr(text[:40]), "a share such as 25%, less than 100%")
    return value


def _unit_price(text: str) -> float:
    if not text:
        return 0.0
    found = parse_amount(text, field="unit-price")
    if not found.unit.is_currency or found.nanos <= 0:
        raise InvalidInput("unit-price", repr(text[:40]), "money for one unit, such as $0.000003")
    return found.nanos / NANO


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
