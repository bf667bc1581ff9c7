"""Pages of buckets by day, in which OpenAI and Anthropic alike report usage and costs.

{"data": [{<start>: ..., "results": [{...}, ...]}, ...], "has_more": true, "next_page": "..."}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bursar.exchange.provider_bills import fields
from bursar.exchange.provider_bills.values import Ask, Cost, Line, Page

Result = Mapping[str, Any]


def read(
    ask: Ask,
    document: Any,
    number: int,
    *,
    start: str,
    day_of: Callable[[Any, str], str],
    line_of: Callable[[str, Result, str], Line],
    cost_of: Callable[[str, Result, str], Cost],
) -> Page:
    """One page. Raises InvalidInput with its place for whatever is cut or of another shape.

    `start` names the field in which a bucket says when it begins, `day_of` reads it; `line_of` and `cost_of` read a result
    of a day at its place.
    """
    where = f"{ask.what}, page {number}"
    page = fields.table(document, where)
    lines: list[Line] = []
    costs: list[Cost] = []
    days: list[str] = []
    for nth, raw in enumerate(fields.rows(page.get("data"), f"{where}: data")):
        place = f"{where}: data[{nth}]"
        bucket = fields.table(raw, place)
        day = day_of(bucket.get(start), f"{place}.{start}")
        days.append(day)
        for at, found in enumerate(fields.rows(bucket.get("results"), f"{place}.results")):
            inside = f"{place}.results[{at}]"
            result = fields.table(found, inside)
            if ask.what == "costs":
                costs.append(cost_of(day, result, inside))
            else:
                lines.append(line_of(day, result, inside))
    follow = fields.cursor(page, where)
    return Page(
        tuple(lines),
        tuple(costs),
        days=() if ask.what == "costs" else tuple(days),
        follow=_following(ask, follow) if follow else None,
    )


def _following(ask: Ask, cursor: str) -> Ask:
    """The same question for the page that a cursor names."""
    kept = tuple(pair for pair in ask.query if pair[0] != "page")
    return replace(ask, query=(*kept, ("page", cursor)))
