"""The price book: list prices of a snapshot, an organisation's overlays on top, compiled once per model and instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bursar.prices.matching import Matches, dashed_date, matcher
from bursar.prices.overlay import Overlay, read_overlay
from bursar.prices.snapshot import Snapshot, digest
from bursar.prices.tariff import Band, Tariff, bands_of
from bursar.prices.usage import Usage

MICROS = 1_000_000
CACHE_LIMIT = 4096
"""Tariffs kept compiled; clients choose model names, so this must be bounded."""
_MINUTE = 60 * MICROS
_VARIANTS: dict[str, dict[str, str]] = {"batch": {"processing": "batch"}, "speed:fast": {"speed": "fast"}}
"""Service tiers whose name in the price data differs from `{"service_tier": name}`."""
_STANDARD = frozenset({"", "auto", "standard", "standard_only", "on_demand", "ON_DEMAND"})


@dataclass(frozen=True, slots=True)
class _Model:
    id: str
    matches: Matches
    document: Mapping[str, Any]


class PriceBook:
    """Prices of one version. `version` identifies snapshot and overlays together."""

    def __init__(
        self, snapshot: Snapshot, overlays: Iterable[Mapping[str, Any]] = (), *, unknown: str = "refuse"
    ) -> None:
        documents = [dict(one) for one in overlays]
        self.version = digest([digest(snapshot), documents])[:32]
        self._snapshot = snapshot
        self._overlays = [read_overlay(one) for one in documents]
        self._unknown = unknown
        self._providers = {provider["id"]: provider for provider in snapshot["providers"]}
        self._models: dict[str, list[_Model]] = {}
        self._cache: dict[tuple[str, str, str], tuple[int, int, Tariff | None]] = {}

    def tariff(self, provider: str, model: str, at: int, service_tier: str = "") -> Tariff | None:
        """What a model costs at an instant (microseconds UTC); None if no price is known for it."""
        key = (provider, model, service_tier)
        known = self._cache.get(key)
        if known is not None and known[0] <= at < known[1]:
            return known[2]
        compiled = self._compile(provider, model.lower(), at, service_tier)
        if len(self._cache) >= CACHE_LIMIT:
            self._cache.clear()
        self._cache[key] = compiled
        return compiled[2]

    def context_window(self, provider: str, model: str) -> int | None:
        found = self._find(provider, model.lower())
        return None if found is None else found.document.get("context")

    def history(self, provider: str, model: str) -> list[dict[str, Any]]:
        """The dated rates of a model as the snapshot has them, oldest first, with its variants."""
        found = self._find(provider, model.lower())
        if found is None:
            return []
        return [dict(one) for one in (*found.document["prices"], *found.document.get("variants", ()))]

    def search(self, text: str, provider: str = "") -> list[tuple[str, str]]:
        """Providers and ids of models that a name means, or that contain it."""
        wanted = text.lower()
        found = []
        for name in self._providers:
            if provider and name != provider:
                continue
            exact = self._match(name, wanted)
            if exact is not None:
                found.append((name, exact.id))
            found += [(name, one.id) for one in self._of(name) if wanted in one.id.lower() and one is not exact]
        found += [
            (one.provider, one.model)
            for one in self._overlays
            if one.kind == "own" and one.applies(provider or one.provider, wanted, one.starts)
        ]
        return found

    def _compile(self, provider: str, model: str, at: int, tier: str) -> tuple[int, int, Tariff | None]:
        starts, ends, tariff = 0, 2**62, None
        for overlay in self._overlays:
            for edge in (overlay.starts, overlay.ends):
                if edge and edge <= at:
                    starts = max(starts, edge)
                elif edge:
                    ends = min(ends, edge)
        active = [one for one in self._overlays if one.applies(provider, model, at)]
        own = next((one for one in reversed(active) if one.kind == "own"), None)
        if own is not None and own.list_bands is not None:
            tariff = Tariff(provider, model, own.list_bands, own.cost_bands, origin="own")
        else:
            found = self._find(provider, model)
            if found is not None:
                since, until, rates = _rates_at(found.document, at, tier)
                starts, ends = max(starts, since), min(ends, until)
                tariff = Tariff(provider, found.id, bands_of(rates, self._snapshot["units"]))
            else:
                tariff = self._ceiling(provider, model, active, at)
        return starts, ends, None if tariff is None else _with_contract(tariff, active)

    def _ceiling(self, provider: str, model: str, active: list[Overlay], at: int) -> Tariff | None:
        """The price of a model that nobody knows: declared, or the dearest of its provider, or none at all."""
        declared = next((one for one in reversed(active) if one.kind == "ceiling"), None)
        if declared is not None and declared.list_bands is not None:
            return Tariff(provider, model, declared.list_bands, declared.cost_bands, origin="ceiling")
        if self._unknown != "ceiling" or provider not in self._providers:
            return None
        dearest: list[int] = []
        for one in self._of(provider):
            _, _, rates = _rates_at(one.document, at, "")
            for band in bands_of(rates, self._snapshot["units"]):
                dearest = [max(pair) for pair in zip(dearest or band.rates, band.rates, strict=True)]
        return Tariff(provider, model, (Band(0, tuple(dearest)),), origin="ceiling") if any(dearest) else None

    def _find(self, provider: str, model: str) -> _Model | None:
        dashed = dashed_date(model)
        for name in (model,) if dashed == model else (model, dashed):
            for candidate in (provider, *self._providers.get(provider, {}).get("fallback", ())):
                found = self._match(candidate, name)
                if found is not None:
                    return found
        return None

    def _match(self, provider: str, model: str) -> _Model | None:
        return next((one for one in self._of(provider) if one.matches(model)), None)

    def _of(self, provider: str) -> list[_Model]:
        models = self._models.get(provider)
        if models is None:
            documents = self._providers.get(provider, {}).get("models", ())
            models = self._models[provider] = [_Model(one["id"], matcher(one["match"]), one) for one in documents]
        return models


def recompute(
    snapshot: Snapshot,
    overlays: Iterable[Mapping[str, Any]],
    provider: str,
    model: str,
    at: int,
    service_tier: str,
    usage: Usage,
    *,
    unknown: str = "refuse",
) -> tuple[int, int] | None:
    """List value and cost of a stored usage under a stored price book, nano-USD; None if it has no price there."""
    tariff = PriceBook(snapshot, overlays, unknown=unknown).tariff(provider, model, at, service_tier)
    return None if tariff is None else (tariff.list_nanos(usage), tariff.cost_nanos(usage))


def _with_contract(tariff: Tariff, active: list[Overlay]) -> Tariff:
    for overlay in reversed(active):
        if overlay.kind == "contract":
            return replace(tariff, cost_bands=overlay.cost_bands)
        if overlay.kind == "discount":
            return replace(tariff, cost_bands=None, cost_basis_points=10_000 - overlay.basis_points)
    return tariff


def _rates_at(document: Mapping[str, Any], at: int, tier: str) -> tuple[int, int, dict[str, Any]]:
    """Rates in force at an instant and the interval within which nothing changes."""
    since, until = 0, 2**62
    prices = document["prices"]
    chosen = prices[0]
    for one in prices:
        active, starts, ends = _active(one.get("when"), at)
        since, until = max(since, starts), min(until, ends)
        if active:
            chosen = one
    rates = dict(chosen["rates"])
    if tier not in _STANDARD:
        wanted = _VARIANTS.get(tier, {"service_tier": tier})
        replaced: dict[str, Any] = {}
        for variant in document.get("variants", ()):
            active, starts, ends = _active(variant.get("when"), at)
            since, until = max(since, starts), min(until, ends)
            if active and all(wanted.get(key) == value for key, value in variant["for"].items()):
                for key, value in variant["rates"].items():
                    replaced.setdefault(key, value)
        rates.update(replaced)
    return since, until, rates


def _active(condition: Mapping[str, str] | None, at: int) -> tuple[bool, int, int]:
    """Whether a condition holds at an instant, and the interval within which that does not change."""
    if not condition:
        return True, 0, 2**62
    if "from" in condition:
        start = int(datetime.combine(date.fromisoformat(condition["from"]), time(), UTC).timestamp()) * MICROS
        return (True, start, 2**62) if at >= start else (False, 0, start)
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).time()
    start_time, end_time = time.fromisoformat(condition["start"]), time.fromisoformat(condition["end"])
    if end_time < start_time:
        holds = moment >= start_time or moment < end_time
    else:
        holds = start_time <= moment < end_time
    minute = at // _MINUTE * _MINUTE
    return holds, minute, minute + _MINUTE
