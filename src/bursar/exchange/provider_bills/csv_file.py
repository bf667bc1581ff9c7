"""A provider's bill as CSV, read into lines and costs: the consoles' exports, and whatever has such columns.

What the columns mean is decided where a person's own bill is read (`local_usage.bill`), which knows the exports of
OpenAI and Anthropic; here the lines are summed by day, model and key. A file is refused with the place of every row that
is wrong, or read without those rows, whichever is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.exchange.local_usage.bill import Bill as Table
from bursar.exchange.local_usage.values import MAX_ROW_BYTES, Nothing, Skipped, UsageEvent
from bursar.exchange.provider_bills.values import MAX_LINES, Bill, Cost, Line, is_nothing, plus

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_REPORTED = 20
"""Rows that are wrong and told."""


@dataclass(frozen=True, slots=True)
class FromFile:
    """A bill from a file, with the rows that were left out."""

    bill: Bill
    skipped: tuple[Skipped, ...] = ()
    rows: int = 0


def read_csv(raw: bytes, name: str, *, columns: Mapping[str, str] | None = None, leave_out: bool = False) -> FromFile:
    """The bill that a CSV tells. `columns` maps the file's own headers to what they mean.

    Raises InvalidInput for a file that is too large or has no such columns and, without `leave_out`, for its first rows
    that are wrong, each with its place.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise InvalidInput(name, "more", f"at most {MAX_FILE_BYTES // 1024 // 1024} MiB")
    table = Table(name, columns)
    skipped: list[Skipped] = []
    events: list[UsageEvent] = []
    number = 0
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            found = table.read(number, line if len(line) <= MAX_ROW_BYTES else None)
        except InvalidInput as error:
            if error.field == "header":
                raise
            skipped.append(Skipped(name, number, error.sentence))
            continue
        if not isinstance(found, Nothing):
            events += [one.event for one in found]
    if skipped and not leave_out:
        first = skipped[0]
        more = "; ".join(f"line {one.line}: {one.reason}" for one in skipped[1:MAX_REPORTED])
        rest = f"; and {len(skipped) - MAX_REPORTED} more" if len(skipped) > MAX_REPORTED else ""
        raise InvalidInput(f"{name}, line {first.line}", first.reason, "a row that can be read", more + rest)
    if number and not table.opened:
        raise InvalidInput(name, "no header", "a CSV with a date, and tokens or a cost")
    return FromFile(_bill(events), tuple(skipped), max(0, number - 1))


def _bill(events: list[UsageEvent]) -> Bill:
    lines: dict[tuple[str, ...], Line] = {}
    costs: dict[tuple[str, ...], Cost] = {}
    for event in events:
        day = from_micros(event.at_micros).date().isoformat()
        if is_nothing(event.usage):
            cost = Cost(day, event.model, event.stated_nanos or event.list_nanos or 0, event.model, event.project)
            before = costs.get(cost.identity)
            total = cost.amount_nanos + (before.amount_nanos if before else 0)
            costs[cost.identity] = replace(cost, amount_nanos=total)
            continue
        one = Line(
            day,
            event.model,
            event.usage,
            key=event.key,
            tier=event.service_tier,
            requests=event.requests or None,
            cost_nanos=event.stated_nanos,
        )
        lines[one.identity] = joined(lines[one.identity], one) if one.identity in lines else one
        if len(lines) > MAX_LINES:
            raise InvalidInput("rows", f"more than {MAX_LINES:,} days, models and keys", "a shorter file")
    days = {line.day for line in lines.values()} | {cost.day for cost in costs.values()}
    return Bill(tuple(lines.values()), tuple(costs.values()), days=frozenset(days))


def joined(one: Line, other: Line) -> Line:
    """Two lines of one place as one; what only one of them knows is not known of both."""
    return replace(
        one,
        usage=plus(one.usage, other.usage),
        requests=None if one.requests is None or other.requests is None else one.requests + other.requests,
        cost_nanos=None if one.cost_nanos is None or other.cost_nanos is None else one.cost_nanos + other.cost_nanos,
    )
