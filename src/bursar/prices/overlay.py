"""What an organisation lays over the list prices: contract rates, own models, a ceiling for unknown ones.

An overlay is one plain document. Of several that match a model at an instant, the one added last counts.

    {"kind": "discount", "provider": "anthropic", "model": "claude-*", "basis_points": 1250, "from": "2026-01-01"}
    {"kind": "contract", "provider": "openai", "model": "gpt-5", "cost": {"input": "1.00", "output": "8.00"}}
    {"kind": "own", "provider": "our-llama", "model": "*", "list": {"input": "0.40", "output": "1.60"}, "cost": {...}}
    {"kind": "ceiling", "provider": "openrouter", "model": "*", "list": {"input": "30", "output": "150"}}

Rates are decimal USD per million tokens by usage field; `input` and `output` stand for every field not named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from bursar.errors import InvalidInput
from bursar.prices.tariff import Band, scaled
from bursar.prices.usage import FIELDS

KINDS = ("discount", "contract", "own", "ceiling")
MAX_RATE_DOLLARS = 1_000_000
_KNOWN = {"kind", "provider", "model", "basis_points", "list", "cost", "from", "until", "note"}


@dataclass(frozen=True, slots=True)
class Overlay:
    """A validated overlay; instants in microseconds UTC, 0 = open."""

    kind: str
    provider: str
    model: str
    basis_points: int
    list_bands: tuple[Band, ...] | None
    cost_bands: tuple[Band, ...] | None
    starts: int
    ends: int
    note: str

    def applies(self, provider: str, model: str, at: int) -> bool:
        return (
            (not self.starts or at >= self.starts)
            and (not self.ends or at < self.ends)
            and fnmatchcase(provider, self.provider)
            and fnmatchcase(model, self.model)
        )


def read_overlay(document: Mapping[str, Any]) -> Overlay:
    """Validate an overlay; raises InvalidInput naming the field."""
    unknown = sorted(set(document) - _KNOWN)
    if unknown:
        raise InvalidInput(unknown[0], "an unknown field", f"one of {', '.join(sorted(_KNOWN))}")
    kind = document.get("kind")
    if kind not in KINDS:
        raise InvalidInput("kind", repr(kind), f"one of {', '.join(KINDS)}")
    for name in ("provider", "model"):
        if not isinstance(document.get(name), str) or not document[name]:
            raise InvalidInput(name, repr(document.get(name)), "a name or a shell pattern")
    points = document.get("basis_points", 0)
    if not isinstance(points, int) or isinstance(points, bool) or not 0 <= points <= 10_000:
        raise InvalidInput("basis_points", repr(points), "0 to 10000 hundredths of a percent")
    own = kind in ("own", "ceiling")
    if own and "list" not in document:
        raise InvalidInput("list", "nothing", "rates in USD per million tokens")
    if kind == "contract" and "cost" not in document:
        raise InvalidInput("cost", "nothing", "rates in USD per million tokens")
    starts, ends = _instant(document, "from"), _instant(document, "until")
    if starts and ends and ends <= starts:
        raise InvalidInput("until", str(document["until"]), f"a date after {document['from']}")
    return Overlay(
        kind,
        document["provider"],
        document["model"].lower(),
        points,
        _bands(document["list"], "list") if own else None,
        _bands(document["cost"], "cost") if "cost" in document else None,
        starts,
        ends,
        str(document.get("note", "")),
    )


def _bands(rates: Any, field: str) -> tuple[Band, ...]:
    if not isinstance(rates, Mapping) or not {"input", "output"} <= set(rates):
        raise InvalidInput(field, repr(rates), "at least `input` and `output` rates")
    for name, value in rates.items():
        if name not in FIELDS:
            raise InvalidInput(f"{field}.{name}", "an unknown usage field", f"one of {', '.join(FIELDS)}")
        try:
            number = Decimal(str(value)) if isinstance(value, str | int) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or not 0 <= number <= MAX_RATE_DOLLARS:
            raise InvalidInput(f"{field}.{name}", repr(value), "decimal text: USD per million tokens, 0 or more")
    by_field = []
    for name in FIELDS:
        base = "output" if name.startswith(("output", "reasoning")) else "input"
        value = rates.get(name, "0" if name == "web_searches" else rates[base])
        by_field.append(scaled(str(value)))
    return (Band(0, tuple(by_field)),)


def _instant(document: Mapping[str, Any], field: str) -> int:
    text = document.get(field)
    if text in (None, ""):
        return 0
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InvalidInput(field, repr(text), "a date such as 2026-01-31") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000
