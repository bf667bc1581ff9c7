"""Charges as rows of FOCUS.

A row is put together from blocks that are the same for many rows (the billing period, a model at a price, a person, a purpose
and project), which are written once and kept, and from what is the charge's own. That is what a million rows cost little with.

One charge is one row: it is priced as one request, so `PricingQuantity` is 1 request at the request's list and contracted
price, and `ConsumedQuantity` its tokens. A correction is the difference to what was charged before; what corrects a month that
was closed is `ChargeClass` Correction in the billing period in which it was booked.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bursar.exchange.focus.columns import checked_version, columns_of
from bursar.exchange.sheets import harmless
from bursar.ledger import metered
from bursar.ledger.metered import counted
from bursar.money import NANO

MAX_KEPT = 100_000
"""Blocks of each kind that are kept."""
_MICROS = 1_000_000
_NOTHING = "0.000000000"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/ -]*").fullmatch


@dataclass(frozen=True, slots=True)
class Person:
    """Who used it, in the columns of a resource and its sub-account."""

    id: str
    handle: str
    team: str
    cost_centre: str


@dataclass(frozen=True, slots=True)
class House:
    """Who is billed; `person` finds anybody by id, pools too."""

    id: str
    name: str
    person: Callable[[str], Person]


@dataclass(frozen=True, slots=True)
class Batch:
    """Charges of one billing period, all corrections of earlier ones or none."""

    month: str
    """In which they are booked."""
    correction: bool
    rows: Sequence[metered.Row]
    """As `bursar.ledger.metered` reads them."""


@dataclass(slots=True)
class Blocks:
    """What is written once; values by their key."""

    house: House
    version: str
    file: dict[tuple[str, bool], tuple[str, ...]] = field(default_factory=dict)
    model: dict[tuple[str, str, str, str], tuple[str, ...]] = field(default_factory=dict)
    person: dict[str, tuple[str, ...]] = field(default_factory=dict)
    use: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def late(self) -> bool:
        return self.version == "1.2"

    def file_of(self, month: str, correction: bool) -> tuple[str, ...]:
        after = f"{int(month[:4]) + 1}-01" if month[5:] == "12" else f"{month[:5]}{int(month[5:]) + 1:02}"
        of_spec = (
            self.house.id,
            self.house.name,
            "USD",
            f"{month}-01T00:00:00Z",
            f"{after}-01T00:00:00Z",
            "Usage",
            "Correction" if correction else "",
            "Usage-Based",
            "AI and Machine Learning",
            *[""] * 8,
        )
        return (*of_spec, "Organisation", "Generative AI", *[""] * 5) if self.late else of_spec

    def model_of(self, provider: str, model: str, price_version: str, unit: str) -> tuple[str, ...]:
        kind = "Tokens" if unit == "USD" or unit.startswith("tokens") else unit
        who = provider or "unknown"
        of_spec = (
            f"{model or 'Use'} at {who}",
            who,
            who,
            who,
            f"{who} API",
            model,
            f"{model}@{price_version}" if price_version else model,
            kind,
            "Requests",
            "Standard",
        )
        return (*of_spec, kind, "", unit) if self.late else of_spec

    def person_of(self, person: str) -> tuple[str, ...]:
        one = self.house.person(person)
        of_spec = (one.id, one.handle, "Person" if not one.id.startswith("pool:") else "Pool", one.team, one.team)
        return (*of_spec, "Team" if one.team else "") if self.late else of_spec

    def use_of(self, purpose: str, project: str) -> tuple[str, ...]:
        tags = {name: value for name, value in (("project", project), ("purpose", purpose)) if value}
        return (json.dumps(tags, ensure_ascii=False),)


def csv_head(version: str) -> str:
    """The first line of a file."""
    return ",".join(columns_of(version)) + "\r\n"


def csv_lines(house: House, version: str, batches: Iterable[Batch]) -> Iterator[str]:
    """Everything after the head as text, a piece for each batch; lines end with CRLF."""
    blocks = Blocks(house, checked_version(version))
    late = blocks.late
    files: dict[tuple[str, bool], str] = {}
    models: dict[tuple[str, str, str, str], tuple[str, str, str]] = {}
    people: dict[str, tuple[str, str, str]] = {}
    uses: dict[tuple[str, str], tuple[str, str]] = {}
    for batch in batches:
        of_file = (batch.month, batch.correction)
        if of_file not in files:
            files[of_file] = _cells(blocks.file_of(*of_file)) + ","
        start = files[of_file]
        out: list[str] = []
        add = out.append
        correction = batch.correction
        for row in batch.rows:
            seq, who, unit, amount, overage, at, request, provider, name, purpose, project, price, status, counts, listed, cost = row  # fmt: skip
            key = (provider, name, price, unit)
            model = models.get(key)
            if model is None:
                _bound(models)
                values = blocks.model_of(*key)
                model = models[key] = (_cells(values) + ",", f",{_cells(values[1:2] * 3)}", _cells((unit,)))
            person = people.get(who)
            if person is None:
                _bound(people)
                one = blocks.house.person(who)
                person = people[who] = (
                    _cells(blocks.person_of(who)) + ",",
                    _cells((one.cost_centre,)),
                    f",{_cells((one.id,))},Usage",
                )
            use = uses.get((purpose, project))
            if use is None:
                _bound(uses)
                use = uses[(purpose, project)] = (
                    _cells(blocks.use_of(purpose, project)) + ",",
                    _cells((purpose, project)),
                )
            new, cached, output = counted(counts)
            begun, ended = _second(at // _MICROS)
            paid, at_list = decimal(cost), decimal(listed)
            if correction or listed < 0 or cost < 0:
                quantity, prices, currency = _of_correction(
                    correction, listed, cost, amount, unit, new + cached + output
                )
            else:
                quantity = f"{consumed(unit, amount, new + cached + output)},1.0"
                prices = f"{paid},{at_list}"
                currency = f"{_priced(unit, amount, cost)},{_priced(unit, amount, cost)},{_priced(unit, amount, listed)}," if late else ""  # fmt: skip
            if not _PLAIN(request):
                request = _cells((request,))
            add(
                f"{start}{model[0]}{person[0]}{use[0]}{begun},{ended},{quantity},{paid},{paid},{paid},{at_list},{prices},"
                f"{currency if late else ''}{person[1]},{use[1]},{seq},{request},{status},{model[2]},"
                f"{at_list if amount == listed else decimal(amount)},{decimal(overage) if overage else _NOTHING},"
                f"{new},{cached},{output}{'' if late else model[1] + person[2]}\r\n"
            )
        yield "".join(out)


def decimal(nanos: int) -> str:
    """Nano-units as exact decimal text: always with a point, which readers of CSV know a decimal by."""
    if nanos < 0:
        return f"-{-nanos // NANO}.{-nanos % NANO:09}"
    return f"{nanos // NANO}.{nanos % NANO:09}"


def consumed(unit: str, amount: int, tokens: int) -> str:
    """Tokens; of GPU hours and the like the units themselves."""
    return f"{tokens}.0" if unit == "USD" or unit.startswith("tokens") else decimal(amount)


def consumed_nanos(unit: str, amount: int, tokens: int) -> int:
    return tokens * NANO if unit == "USD" or unit.startswith("tokens") else amount


def currency_nanos(unit: str, amount: int, dollars: int) -> int:
    return dollars if unit == "USD" else amount


def _priced(unit: str, amount: int, dollars: int) -> str:
    """An amount in the currency it was priced in: dollars, or what the lot counts (a virtual currency)."""
    return decimal(currency_nanos(unit, amount, dollars))


def _of_correction(
    correction: bool, listed: int, cost: int, amount: int, unit: str, tokens: int
) -> tuple[str, str, str]:
    """Quantities and prices of what is no plain charge: a price of a correction is not known, one below zero does not exist."""
    effective = _priced(unit, amount, cost)
    if correction:
        return f"{consumed(unit, amount, tokens)},", ",", f"{effective},,,"
    at_list = _priced(unit, amount, listed)
    return (
        f"{consumed(unit, amount, tokens)},-1.0",
        f"{decimal(-cost)},{decimal(-listed)}",
        f"{effective},{_turned(effective)},{_turned(at_list)},",
    )


def _turned(text: str) -> str:
    return text[1:] if text.startswith("-") else f"-{text}"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


_ENDS = tuple(f"{second:02}Z" for second in range(60))


def _second(second: int) -> tuple[str, str]:
    """A second as the period of a charge: its beginning, and its end, which is not in it."""
    minute, rest = divmod(second, 60)
    begun = _minute(minute)
    return begun + _ENDS[rest], begun + _ENDS[rest + 1] if rest < 59 else _minute(minute + 1) + _ENDS[0]


def _bound(kept: Mapping[Any, Any]) -> None:
    if len(kept) >= MAX_KEPT:
        kept.clear()  # type: ignore[attr-defined]


def _cells(values: Sequence[str]) -> str:
    """Cells without an end of line, quoted where needed and harmless to a spreadsheet."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="").writerow([harmless(one) for one in values])
    # A single empty cell is written as two quotes, for a line that holds nothing; within a line it is nothing.
    return "" if list(values) == [""] else out.getvalue()
