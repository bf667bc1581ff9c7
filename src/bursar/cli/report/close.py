"""`bursar report close`: which months are final, what is frozen in one, and what came late."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, bar, console, instant, money, show_json, show_pairs, show_table
from bursar.errors import NotFound
from bursar.office import months
from bursar.office.books import closes
from bursar.office.books.closing import UsageLine
from bursar.office.database import reading
from bursar.office.desk import Desk


def close(
    month: Annotated[
        str, typer.Option("--month", metavar="MONTH", help="One month, such as 2026-10; without it, all.")
    ] = "",
    json: Json = False,
) -> None:
    """Which months are final, and what came late. Example: bursar report close --month 2026-10"""
    with desk() as office:
        found = _one(office, month) if month else _every(office)
    if json:
        show_json(found)
    elif month:
        _show_one(found)
    else:
        _show_every(found)


def _every(desk: Desk) -> dict[str, Any]:
    late = closes.pending(desk).value
    return {
        "months": [
            {
                "month": one.period,
                "state": "closed" if one.close else "open" if one.over else "running",
                "can_be_closed": one.next,
                "closed_micros": one.close.closed if one.close else None,
                "number": one.close.number if one.close else 0,
                "digest": one.close.digest if one.close else "",
                "corrections_nanos": one.corrections,
            }
            for one in closes.periods(desk)
        ],
        "late": _sums(late, "concerns"),
    }


def _one(desk: Desk, month: str) -> dict[str, Any]:
    months.checked(month)
    late = [one for one in closes.pending(desk).value if one.concerns == month]
    with reading(desk.engine) as connection:
        every = closes.closes_of(connection, month)
        later = closes.booked_later(connection, month)
        if not every:
            raise NotFound(
                f"{months.title(month)} is not closed", f"its figures move until it is: `bursar books close {month}`"
            )
        found = next((closes.frozen(connection, month, one.number) for one in reversed(every) if one.in_force), None)
    own = [] if found is None else [one for one in found.usage if one.concerns == month]
    return {
        "month": month,
        "state": "closed" if found else "open",
        "intact": None if found is None else found.whole,
        "closes": [
            {
                "number": one.number,
                "closed_micros": one.closed,
                "actor": one.actor,
                "note": one.note,
                "digest": one.digest,
                "reopened_micros": one.reopened,
                "reopened_by": one.reopened_by,
                "reopen_reason": one.reopen_reason,
            }
            for one in every
        ],
        "frozen": {
            "people": len({one.person for one in own}),
            "requests": sum(one.requests for one in own),
            "list_nanos": sum(one.list_nanos for one in own),
            "cost_nanos": sum(one.cost_nanos for one in own),
            "providers": _sums(own, "provider"),
            "teams": _sums(own, "team"),
        },
        "corrections_of_earlier_months": _sums(
            [] if found is None else [one for one in found.usage if one.concerns != month], "concerns"
        ),
        "booked_later": _sums([line for _, line in later], "concerns", sorted({period for period, _ in later})),
        "late": _sums(late, "concerns"),
    }


def _sums(lines: list[UsageLine], name: str, booked_in: list[str] | None = None) -> list[dict[str, Any]]:
    groups: dict[str, list[UsageLine]] = {}
    for one in lines:
        groups.setdefault(getattr(one, name), []).append(one)
    return [
        {
            name: key,
            "requests": sum(one.requests for one in some),
            "list_nanos": sum(one.list_nanos for one in some),
            "cost_nanos": sum(one.cost_nanos for one in some),
            **({"booked_in": booked_in} if booked_in is not None else {}),
        }
        for key, some in sorted(groups.items(), key=lambda one: -sum(line.list_nanos for line in one[1]))
    ]


def _show_every(found: dict[str, Any]) -> None:
    show_table(
        (Column("month"), Column("state"), Column("closed"), Column("corrections", number=True), Column("digest", quiet=True)),
        [
            (
                one["month"],
                one["state"] + (", next to close" if one["can_be_closed"] else ""),
                instant(one["closed_micros"]) if one["closed_micros"] else "",
                money(one["corrections_nanos"]) if one["corrections_nanos"] else "",
                one["digest"][:16],
            )
            for one in found["months"]
        ],
        empty="Nothing was used yet.",
    )  # fmt: skip
    for one in found["late"]:
        console.print(_late(one), markup=False)


def _late(one: dict[str, Any]) -> str:
    return (
        f"{one['requests']} requests of {months.title(one['concerns'])} came to be known after it was closed: "
        f"{money(one['list_nanos'], sign=True)} at list, {money(one['cost_nanos'], sign=True)} at cost. "
        "The next month that is closed books them as a correction; the closed figures stay."
    )


def _show_one(found: dict[str, Any]) -> None:
    frozen = found["frozen"]
    last = found["closes"][-1]
    console.print(f"{months.title(found['month'])}: {found['state']}", style="bold", markup=False)
    show_pairs(
        [
            ("closed", f"{instant(last['closed_micros'])} by {last['actor']}" + (f": {last['note']}" if last["note"] else "")),
            ("people", str(frozen["people"])),
            ("requests", f"{frozen['requests']:,}"),
            ("at list", money(frozen["list_nanos"])),
            ("at cost", money(frozen["cost_nanos"])),
            ("digest", last["digest"]),
            ("lines", "as they were frozen" if found["intact"] else "open again" if found["intact"] is None else "CHANGED"),
        ]
    )  # fmt: skip
    for name in ("providers", "teams"):
        show_table(
            (Column(name), Column("requests", number=True), Column("list", number=True), Column("cost", number=True), Column("")),
            [
                (
                    one[name[:-1]] or "none",
                    f"{one['requests']:,}",
                    money(one["list_nanos"]),
                    money(one["cost_nanos"]),
                    bar(one["list_nanos"], max(1, frozen["list_nanos"])),
                )
                for one in frozen[name]
            ],
        )  # fmt: skip
    for one in found["corrections_of_earlier_months"]:
        console.print(
            f"It also books what came late for {months.title(one['concerns'])}: {one['requests']} requests, "
            f"{money(one['list_nanos'], sign=True)} at list, {money(one['cost_nanos'], sign=True)} at cost.",
            markup=False,
        )
    for one in found["booked_later"]:
        console.print(
            f"Since it was closed, {money(one['list_nanos'], sign=True)} at list were booked as a correction in "
            f"{', '.join(months.title(name) for name in one['booked_in'])}.",
            markup=False,
        )
    for one in found["late"]:
        console.print(_late(one), markup=False)
