"""`bursar usage local`: one's own usage, from the logs on this machine; no installation, no server, no prompt is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bursar.calendar import micros, parse_instant, parse_zone
from bursar.cli.options import Json
from bursar.cli.render import Column, console, instant, iso, money, show_json, show_table, sparkline, tokens
from bursar.exchange import local_usage
from bursar.exchange.local_usage import LocalUsage, Total
from bursar.money import NANO
from bursar.prices import PriceBook, Usage, list_prices

MEASURE_NANOS = 10_000 * NANO
"""How long this lasts is told at the end."""
SHOWN_DAYS = 60
"""Of the line of days: the latest."""
SHOWN_SKIPPED = 5
BAR = 8
"""Columns of a total's bar."""
FEW_DAYS = 14
"""Fewer covered days are a small sample of a month."""
_NOTHING = (
    "No usage was found in ~/.claude/projects, ~/.config/claude/projects and ~/.codex. "
    "Is it elsewhere? Name a folder, or a bill with --csv."
)


def local(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Logs or folders of them; without it, those of this machine."),
    ] = None,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="First day, UTC.")] = "",
    by: Annotated[str, typer.Option("--by", help=f"{', '.join(local_usage.GROUPS)}.")] = "model",
    csv: Annotated[
        list[Path] | None,
        typer.Option("--csv", metavar="FILE", help="A provider's bill, read instead of the logs. May be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """What you used yourself, at list price, from your own logs. Example: bursar usage local --by day --since 2026-11-01"""
    begins = micros(parse_instant(since, parse_zone("UTC"), field="since")) if since else 0
    chosen = [*(paths or ()), *(csv or ())]
    if not chosen:
        chosen = [one for one in local_usage.places(os.environ, Path.home()) if one.exists()]
    book = PriceBook(list_prices())
    found = local_usage.read(chosen, book, since=begins)
    rows = local_usage.totals(found, by)
    if json:
        show_json(_document(found, rows, by, book))
        return
    if found.events:
        _show_events(found, rows, by)
    else:
        console.print(_NOTHING if not (paths or csv) else "No usage was found there.", soft_wrap=True)
    _show_skipped(found)


def _show_events(found: LocalUsage, rows: list[Total], by: str) -> None:
    whole = local_usage.total(found)
    days, active = local_usage.days_covered(found), local_usage.active_days(found)
    assert found.covered_from is not None
    assert found.last is not None
    line = sparkline(local_usage.by_day_nanos(found)[-SHOWN_DAYS:])
    console.print(f"{money(whole.list_nanos)} at list price  {line}", markup=False)
    span = f"{instant(found.covered_from)[:10]} to {instant(found.last)[:10]}"
    console.print(f"{span}, usage on {active:,} of {_count(days, 'day')}", style="dim", markup=False)
    most = max((row.list_nanos for row in rows), default=0)
    show_table(
        (
            Column(by, kept=by in ("day", "month", "model")),
            Column("requests", number=True),
            Column("input", number=True),
            Column("cached", number=True),
            Column("output", number=True),
            Column("at list", number=True),
            Column("", kept=True),
        ),
        [
            (
                Text(row.key or "(not named)"),
                f"{row.requests:,}",
                tokens(row.usage.total_input - _cached(row.usage)),
                tokens(_cached(row.usage)),
                tokens(row.usage.total_output),
                _worth(row),
                Text("█" * max(1, row.list_nanos * BAR // most) if row.list_nanos > 0 else "", style="cyan"),
            )
            for row in rows
        ],
    )
    rate = local_usage.rate_per_month(found)
    console.print(
        f"On a day with usage {money(_mean(whole.list_nanos, active))}, in a month {money(rate)}.", markup=False
    )
    fit = local_usage.lognormal_days(found)
    if fit is not None:
        console.print(
            f"Half of these days stay below {money(round(fit[0]))} (lognormal, sigma {fit[1]:.2f}).", markup=False
        )
    lasts = local_usage.lasts_months(MEASURE_NANOS, rate)
    if lasts is not None:
        console.print(f"At this rate $10,000 lasts {_months(lasts)}.", style="bold", markup=False)
        if days < FEW_DAYS:
            console.print(f"That is by {_count(days, 'day')}, a small sample of a month.", style="yellow")
    _show_caveats(found)


def _show_caveats(found: LocalUsage) -> None:
    stated = local_usage.stated_nanos(found)
    if stated:
        console.print(f"{money(stated)} of it is what the bill says, for want of tokens or of a price.", markup=False)
    without = local_usage.unpriced(found)
    if without:
        console.print("Without a price, and in no sum:", style="yellow")
        show_table(
            (
                Column("model"),
                Column("provider"),
                Column("requests", number=True),
                Column("input", number=True),
                Column("output", number=True),
            ),
            [
                (
                    Text(one.model or "(not named)"),
                    Text(one.provider or "(not named)"),
                    f"{one.requests:,}",
                    tokens(one.usage.total_input),
                    tokens(one.usage.total_output),
                )
                for one in without
            ],
        )


def _show_skipped(found: LocalUsage) -> None:
    if not found.skipped_lines:
        return
    console.print(f"{_count(found.skipped_lines, 'line or file', 'lines or files')} left out:", style="yellow")
    for one in found.skipped[:SHOWN_SKIPPED]:
        console.print(f"  {one.place}: {one.reason}", markup=False, soft_wrap=True)
    if found.skipped_lines > SHOWN_SKIPPED:
        more = found.skipped_lines - SHOWN_SKIPPED
        console.print(f"  and {more:,} more; --json names the first {len(found.skipped)}", style="dim")


def _document(found: LocalUsage, rows: list[Total], by: str, book: PriceBook) -> dict[str, Any]:
    whole = local_usage.total(found)
    rate = local_usage.rate_per_month(found)
    lasts = local_usage.lasts_months(MEASURE_NANOS, rate)
    active = local_usage.active_days(found)
    fit = local_usage.lognormal_days(found)
    return {
        "covered_from": None if found.covered_from is None else iso(found.covered_from),
        "first": None if found.first is None else iso(found.first),
        "last": None if found.last is None else iso(found.last),
        "days_covered": local_usage.days_covered(found),
        "active_days": active,
        "requests": whole.requests,
        "tokens": _tokens(whole.usage),
        "list_nanos": whole.list_nanos,
        "stated_nanos": local_usage.stated_nanos(found),
        "per_active_day_nanos": _mean(whole.list_nanos, active),
        "per_month_nanos": rate,
        "lognormal_day": None if fit is None else {"median_nanos": round(fit[0]), "sigma": round(fit[1], 6)},
        "months_of_10000_usd": None if lasts is None else round(lasts, 2),
        "months": [one._asdict() for one in local_usage.monthly_list_nanos(found)],
        "by": by,
        "rows": [
            {
                "key": row.key,
                "requests": row.requests,
                "tokens": _tokens(row.usage),
                "list_nanos": row.list_nanos,
                "unpriced_tokens": row.unpriced_tokens,
            }
            for row in rows
        ],
        "unpriced": [
            {
                "provider": one.provider,
                "model": one.model,
                "requests": one.requests,
                "tokens": _tokens(one.usage),
            }
            for one in local_usage.unpriced(found)
        ],
        "files": found.files,
        "lines": found.lines,
        "duplicates": found.duplicates,
        "ignored": found.ignored,
        "skipped_lines": found.skipped_lines,
        "skipped": [{"file": one.file, "line": one.line, "reason": one.reason} for one in found.skipped],
        "price_book": book.version,
    }


def _tokens(usage: Usage) -> Mapping[str, int]:
    """The fields that are not zero."""
    return {name: count for name in usage.__struct_fields__ if (count := getattr(usage, name))}


def _cached(usage: Usage) -> int:
    return usage.cache_read + usage.cache_read_audio + usage.cache_read_image + usage.cache_read_video


def _worth(row: Total) -> str:
    """What is not priced is no zero."""
    if row.unpriced_tokens:
        return f"{money(row.list_nanos)} + ?" if row.list_nanos else "?"
    return money(row.list_nanos)


def _mean(nanos: int, days: int) -> int:
    return nanos // days if days else 0


def _months(lasts: float) -> str:
    return f"{lasts:,.1f} months" if lasts < 120 else f"{lasts / 12:,.0f} years"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
