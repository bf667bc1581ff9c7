"""The columns of a usage file, and how a batch of charges becomes them.

A row is what an entry of the journal charged: a charge, or a correction as the difference to what was charged before, so that
every column of amounts sums to the books. Amounts are nano-units of `unit`, values nano-USD, `at` is microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bursar.errors import InvalidInput
from bursar.ledger import metered

Kind = Literal["instant", "number", "text", "label"]
"""A label is a text with few values."""
KINDS: dict[str, Kind] = {
    "at": "instant",
    "entry": "number",
    "kind": "label",
    "person": "label",
    "handle": "label",
    "team": "label",
    "provider": "label",
    "model": "label",
    "dialect": "label",
    "service_tier": "label",
    "purpose": "label",
    "project": "label",
    "session": "text",
    "agent": "label",
    "access_key": "label",
    "request_id": "text",
    "status": "label",
    "price_version": "label",
    "unit": "label",
    "amount_nanos": "number",
    "overage_nanos": "number",
    "list_nanos": "number",
    "cost_nanos": "number",
    "input_tokens": "number",
    "cached_tokens": "number",
    "output_tokens": "number",
    "tokens": "text",
}
COLUMNS = tuple(KINDS)
"""Of a file, in its order."""
_FROM = {
    "entry": "seq",
    "amount_nanos": "amount",
    "overage_nanos": "overage",
}
"""Columns that the ledger calls otherwise."""
_COUNTED = ("input_tokens", "cached_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class House:
    """Handles and teams of people by id; who is not there has neither."""

    handles: dict[str, str]
    teams: dict[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as `bursar.ledger.metered` reads them with `EVERY` column, and the entries among them that correct another."""

    rows: Sequence[metered.Row]
    corrections: frozenset[int] = frozenset()


def chosen(text: str) -> tuple[str, ...]:
    """Columns that somebody asks for, parted by commas, in their order; all of them for nothing. Raises InvalidInput."""
    if not text.strip():
        return COLUMNS
    found = tuple(one.strip() for one in text.split(","))
    for one in found:
        if one not in KINDS:
            raise InvalidInput("columns", repr(one[:40]), f"names out of {', '.join(COLUMNS)}")
    if len(set(found)) < len(found):
        raise InvalidInput("columns", "a name twice", "each column once")
    return found


def columns_of(batch: Batch, house: House, wanted: Sequence[str]) -> list[Sequence[Any]]:
    """The wanted columns of a batch that has rows, each as long as the batch."""
    raw = dict(zip(metered.EVERY, zip(*batch.rows, strict=True), strict=True))
    made: dict[str, Callable[[], Sequence[Any]]] = {
        "kind": lambda: (
            ["correction" if one in batch.corrections else "charge" for one in raw["seq"]]
            if batch.corrections
            else ["charge"] * len(batch.rows)
        ),
        "handle": lambda: [house.handles.get(one, "") for one in raw["person"]],
        "team": lambda: [house.teams.get(one, "") for one in raw["person"]],
    }
    counts: list[Sequence[int]] = []
    if any(one in _COUNTED for one in wanted):
        counts = list(zip(*map(metered.counted, raw["tokens"]), strict=True))
    return [
        counts[_COUNTED.index(name)]
        if name in _COUNTED
        else made[name]()
        if name in made
        else raw[_FROM.get(name, name)]
        for name in wanted
    ]
