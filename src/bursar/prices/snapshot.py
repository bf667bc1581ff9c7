"""The list prices as one canonical document, taken from the genai-prices library.

A snapshot holds everything that pricing needs (matching rules, dated rates, tiers, variants, units), so a charge can be
recomputed years later whatever the library says by then. Its digest is the price book's version.
"""

from __future__ import annotations

import json
from datetime import time
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

FORMAT = 1
Snapshot = dict[str, Any]


@cache
def list_prices() -> Snapshot:
    """The packaged list prices of every provider and model (source: genai-prices, MIT, by Pydantic)."""
    from genai_prices import units
    from genai_prices.data import providers

    registry = units._get_registry()
    return {
        "format": FORMAT,
        "source": f"genai-prices {version('genai-prices')}",
        "units": {
            unit.price_key: {"per": unit.per, "dimensions": dict(unit.dimensions)} for unit in registry.units.values()
        },
        "providers": [
            {
                "id": provider.id,
                "fallback": list(provider.fallback_model_providers or ()),
                "models": [_model(model) for model in provider.models],
            }
            for provider in providers
        ],
    }


def digest(document: Any) -> str:
    """SHA-256 of a document's canonical JSON, as hex: the identity of a price book version."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _model(model: Any) -> dict[str, Any]:
    from genai_prices.types import ModelPrice

    dated = (
        [{"rates": _rates(model.prices)}]
        if isinstance(model.prices, ModelPrice)
        else [{"when": _condition(one.constraint), "rates": _rates(one.prices)} for one in model.prices]
    )
    found: dict[str, Any] = {"id": model.id, "match": _clause(model.match), "prices": dated}
    if model.context_window:
        found["context"] = model.context_window
    if model.price_variants:
        found["variants"] = [
            {"for": dict(one.when), "when": _condition(one.constraint), "rates": _rates(one.prices)}
            for one in model.price_variants
        ]
    return found


def _condition(constraint: Any) -> dict[str, str] | None:
    if constraint is None:
        return None
    start = getattr(constraint, "start_date", None)
    if start is not None:
        return {"from": start.isoformat()}
    return {"start": _utc(constraint.start_time), "end": _utc(constraint.end_time)}


def _utc(moment: time) -> str:
    offset = moment.utcoffset()
    if offset is not None and offset.total_seconds():
        raise ValueError(f"a price interval is not in UTC: {moment}")
    return moment.replace(tzinfo=None).isoformat(timespec="minutes")


def _rates(prices: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in sorted(vars(prices).items()):
        if value is None or key.startswith("_"):
            continue
        tiers = getattr(value, "tiers", None)
        if tiers is None:
            found[key] = str(value)
        else:
            found[key] = {"base": str(value.base), "tiers": [[tier.start, str(tier.price)] for tier in tiers]}
    return found


_CLAUSES = {
    "ClauseEquals": "equals",
    "ClauseStartsWith": "starts_with",
    "ClauseEndsWith": "ends_with",
    "ClauseContains": "contains",
    "ClauseRegex": "regex",
    "ClauseOr": "or_",
    "ClauseAnd": "and_",
}


def _clause(clause: Any) -> dict[str, Any]:
    name = _CLAUSES[type(clause).__name__]
    value = getattr(clause, name)
    if isinstance(value, list):
        return {name.rstrip("_"): [_clause(one) for one in value]}
    return {name: value}
