"""The live picture of `bursar top` and `bursar demo`: who burns what, right now."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bursar.cli.render import bar, instant, money

SHOWN_PEOPLE = 14
SHOWN_CHARGES = 8


def dashboard(found: dict[str, Any], lines: list[str] | None = None) -> RenderableType:
    """People by what they burn, then the last charges, then lines of the caller's."""
    people = sorted(
        found["people"], key=lambda one: (one["spent_minute_nanos"], one["in_flight"], one["today_nanos"]), reverse=True
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False)
    for name, right in (
        ("person", False),
        ("left", True),
        ("", False),
        ("held", True),
        ("in flight", True),
        ("requests/min", True),
        ("burn/min", True),
        ("today", True),
    ):
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for one in people[:SHOWN_PEOPLE]:
        whole = one["amount_nanos"]
        table.add_row(
            one["person"],
            money(one["available_nanos"]),
            bar(whole - one["available_nanos"], whole, 24),
            money(one["held_nanos"]) if one["held_nanos"] else "",
            str(one["in_flight"] or ""),
            str(one["requests_minute"] or ""),
            money(one["spent_minute_nanos"]) if one["spent_minute_nanos"] else "",
            money(one["today_nanos"]) if one["today_nanos"] else "",
        )
    held = sum(one["held_nanos"] for one in found["in_flight"])
    head = Text.assemble(
        ("bursar", "bold"), f"  {found['at']}   {len(found['in_flight'])} in flight   {money(held)} held   ",
        f"{money(sum(one['spent_minute_nanos'] for one in people))} in the last minute",
    )  # fmt: skip
    recent = Table.grid(padding=(0, 2))
    for one in found["recent"][:SHOWN_CHARGES]:
        recent.add_row(
            Text(instant(one["at_micros"])[11:], style="dim"),
            one["person"],
            one["model"],
            money(one["amount_nanos"], one["unit"]),
            "" if one["status"] == "exact" else one["status"],
        )
    return Group(head, table, recent, *(Text(line, style="dim") for line in lines or ()))
