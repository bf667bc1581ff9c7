"""`bursar report exposure`: what was promised and what became of it, at any past instant, down to the entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from bursar.calendar import parse_zone
from bursar.charts import Bar, Bars
from bursar.charts.terminal import printed
from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, about, console, instant, iso, money, show_json, show_pairs, show_table
from bursar.errors import InvalidInput

if TYPE_CHECKING:
    from bursar.office.desk import Desk
    from bursar.office.figures.exposure import Held
    from bursar.office.figures.exposure_at import Past

NAMES = ("released", "open", "held", "spent", "forfeited", "revoked", "rolled")
MOST_BARS = 12
WIDTH = 100


def exposure(
    by: Annotated[
        str, typer.Option(help="plan, tier, team, scope or person; spent on: provider, project, model, purpose.")
    ] = "plan",
    of: Annotated[str, typer.Option(metavar="KEY", help="The lots of one line of that table.")] = "",
    lot: Annotated[str, typer.Option(metavar="LOT", help="The entries of one lot.")] = "",
    unit: Annotated[str, typer.Option(help="Which unit: USD, gpu-h:h100.")] = "USD",
    at: At = "",
    json: Json = False,
) -> None:
    """What was promised and what became of it. Example: bursar report exposure --by team --at 2026-10-31"""
    from bursar.office.figures import exposure_at

    if by not in (*exposure_at.GROUPS, *exposure_at.USES):
        raise InvalidInput("by", repr(by[:40]), f"one of {', '.join((*exposure_at.GROUPS, *exposure_at.USES))}")
    with desk() as office:
        when = office.instant(at, "UTC", "at") if at else office.now()
        if lot:
            return _entries(office, lot, when, unit, json)
        if by in exposure_at.USES:
            return _used(office, by, when, unit, json)
        found = exposure_at.past(office, when).value
        names = {one["id"]: one["handle"] for one in office.people()}
    if unit not in found.units():
        raise InvalidInput("unit", repr(unit[:80]), f"one of {', '.join(found.units())}")
    if of:
        return _lots(found, by, of, unit, names, json)
    return _groups(found, by, unit, names, json)


def _groups(found: Past, by: str, unit: str, names: dict[str, str], json: bool) -> None:
    rows = found.by(cast("Any", by), unit)
    keys = {one.key: names.get(one.key, one.key) if by == "person" else one.key for one in rows}
    if json:
        items = [{"key": keys[one.key], "people": one.people, "lots": one.lots, **_sums(one.sums)} for one in rows]
        document = {"by": by, "unit": unit, "at_micros": found.at, "seq": found.seq, **_sums(found.whole(unit))}
        return show_json({**document, "items": items})
    whole = found.whole(unit)
    console.print(f"Exposure at {instant(found.at)}, by {by}; entry {found.seq} is the last that counts.", style="bold")
    shown = _shown(whole)
    show_pairs([(name, money(getattr(whole, name), unit)) for name in NAMES])
    bars = [
        Bar(keys[one.key], (one.sums.spent, one.sums.open + one.sums.held, one.sums.forfeited + one.sums.revoked))
        for one in rows[:MOST_BARS]
    ]
    title = f"What became of it, by {by}"
    chart = Bars("exposure", title, "", bars, ("spent", "open or held", "lost"), written=lambda one: money(one, unit))
    console.print(chart.title, style="bold", markup=False)
    console.print(printed(chart, min(WIDTH, console.width)), markup=False, highlight=False)
    show_table(
        (Column(by, kept=True), Column("people", number=True), *(Column(name, number=True) for name in shown)),
        [(keys[one.key], str(one.people), *(about(getattr(one.sums, name), unit) for name in shown)) for one in rows],
        empty="Nothing was promised yet.",
    )
    return None


def _lots(found: Past, by: str, key: str, unit: str, names: dict[str, str], json: bool) -> None:
    wanted = next((one for one, handle in names.items() if by == "person" and handle == key), key)
    rows = found.of(cast("Any", by), wanted, unit)
    if json:
        items = [
            {"lot": one.id, "person": names.get(one.person, one.person), "label": one.label, **_sums(one.sums)}
            for one in rows
        ]
        return show_json({"by": by, "key": key, "unit": unit, "at_micros": found.at, "items": items})
    shown = _shown(found.whole(unit))
    show_table(
        (Column("person", kept=True), Column("lot"), *(Column(name, number=True) for name in shown)),
        [
            (names.get(one.person, one.person), one.id, *(money(getattr(one.sums, name), unit) for name in shown))
            for one in rows
        ],
        empty="No lots.",
    )
    console.print("`bursar report exposure --lot LOT` shows the entries of one.", style="dim", markup=False)
    return None


def _entries(office: Desk, lot: str, at: int, unit: str, json: bool) -> None:
    from bursar.office.figures import exposure_at

    rows = exposure_at.entries(office, lot, at)
    if json:
        items = [
            {
                "seq": one.seq,
                "at": iso(one.at),
                "recorded": iso(one.recorded),
                "kind": one.kind,
                "command": one.command,
                "from": one.source,
                "to": one.destination,
                "amount_nanos": one.amount,
            }
            for one in rows
        ]
        return show_json({"lot": lot, "items": items})
    show_table(
        (
            Column("entry", number=True),
            Column("when"),
            Column("kind"),
            Column("from"),
            Column("to"),
            Column("amount", number=True),
            Column("command", quiet=True),
        ),
        [
            (
                str(one.seq),
                instant(one.at, parse_zone("UTC")),
                one.kind,
                one.source,
                one.destination,
                money(one.amount, unit, exact=True),
                one.command,
            )
            for one in rows
        ],
        empty="Nothing moved it by then.",
    )
    return None


def _used(office: Desk, by: str, at: int, unit: str, json: bool) -> None:
    from bursar.office.figures import exposure_at

    rows = exposure_at.used(office, cast("Any", by), at, unit)
    names = ("amount", "list", "cost", "overage")
    if json:
        items = [
            {
                "key": one.key,
                "requests": one.requests,
                "amount_nanos": one.amount,
                "list_nanos": one.list_nanos,
                "cost_nanos": one.cost_nanos,
                "overage_nanos": one.overage,
            }
            for one in rows
        ]
        sums = (
            {f"{name}": sum(int(str(one[name])) for one in items) for name in items[0] if name != "key"}
            if items
            else {}
        )
        return show_json({"by": by, "unit": unit, "at_micros": at, **sums, "items": items})
    bars = [Bar(one.key, (one.list_nanos, one.cost_nanos)) for one in rows[:MOST_BARS]]
    chart = Bars("used", f"Spent by {by}", "", bars, ("list", "cost"), layout="grouped", written=money)
    console.print(chart.title, style="bold", markup=False)
    console.print(printed(chart, min(WIDTH, console.width)), markup=False, highlight=False)
    show_table(
        (Column(by), Column("requests", number=True), *(Column(name, number=True) for name in names)),
        [
            (
                one.key,
                f"{one.requests:,}",
                money(one.amount, unit),
                money(one.list_nanos),
                money(one.cost_nanos),
                money(one.overage, unit),
            )
            for one in rows
        ],
        empty="Nothing was used yet.",
    )
    return None


def _shown(whole: Held) -> list[str]:
    """Columns: those that always count, and others where there is something in them."""
    return [name for name in NAMES if name in ("released", "open", "spent", "forfeited") or getattr(whole, name)]


def _sums(sums: Held) -> dict[str, int]:
    return {f"{name}_nanos": getattr(sums, name) for name in NAMES}
