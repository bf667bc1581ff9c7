"""A tariff: what one model costs at one instant, as integers, and what a request can cost at worst.

Rates are integers of 1e-18 USD per million units, which holds every published price exactly. A price is the sum of
count times rate over the disjoint fields of a usage record, rounded once, half up, to the nano-dollar. The long-context
cliff is the providers' rule: crossing a threshold of total input prices every token of the request at the tier's rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec import Struct

from bursar.money import round_half_up_div
from bursar.prices.usage import FIELDS, Usage

RATE_DECIMALS = 18
PER = 1_000_000
NANOS_PER_SCALE = 10 ** (RATE_DECIMALS - 9) * PER
"""Divide count x rate by this to get nano-USD."""
UNLIMITED_OUTPUT = 2**31 - 1
UNLIMITED_INPUT = 2**63 - 1

Step = tuple[int, int, int, int, int]
"""Of a band: its start, its end, the dearest rates of input and output, what each request costs beside."""

_TOKENS_IN = {"family": "tokens", "direction": "input"}
_TOKENS_OUT = {"family": "tokens", "direction": "output"}
DIMENSIONS: dict[str, dict[str, str]] = {
    "input": {**_TOKENS_IN, "modality": "text"},
    "cache_read": {**_TOKENS_IN, "modality": "text", "token_type": "cache_read"},
    "cache_write_5m": {**_TOKENS_IN, "modality": "text", "token_type": "cache_write", "cache_ttl": "5m"},
    "cache_write_1h": {**_TOKENS_IN, "modality": "text", "token_type": "cache_write", "cache_ttl": "1h"},
    "input_audio": {**_TOKENS_IN, "modality": "audio"},
    "input_image": {**_TOKENS_IN, "modality": "image"},
    "input_video": {**_TOKENS_IN, "modality": "video"},
    "cache_read_audio": {**_TOKENS_IN, "modality": "audio", "token_type": "cache_read"},
    "cache_read_image": {**_TOKENS_IN, "modality": "image", "token_type": "cache_read"},
    "cache_read_video": {**_TOKENS_IN, "modality": "video", "token_type": "cache_read"},
    "output": {**_TOKENS_OUT, "modality": "text"},
    "reasoning": {**_TOKENS_OUT, "modality": "text", "token_type": "reasoning"},
    "output_audio": {**_TOKENS_OUT, "modality": "audio"},
    "output_image": {**_TOKENS_OUT, "modality": "image"},
    "output_video": {**_TOKENS_OUT, "modality": "video"},
    "web_searches": {"family": "tool_calls", "tool_type": "web_search"},
}
"""Each usage field in the units of the price data; a field is priced by the most specific unit that covers it."""

_READ = ("input", "cache_read", "input_audio", "input_image", "input_video", "cache_read_audio", "cache_read_image")
_OUT = ("output", "reasoning", "output_audio", "output_image", "output_video")
_WRITES = {"": (), "5m": ("cache_write_5m",), "1h": ("cache_write_5m", "cache_write_1h")}


@dataclass(frozen=True, slots=True)
class Band:
    """Rates that apply when total input exceeds `above` tokens; 1e-18 USD per million units, in the order of FIELDS."""

    above: int
    rates: tuple[int, ...]
    per_request: int = 0
    """1e-18 USD x 1e6 for each request."""


class Quote(Struct, frozen=True, gc=False):
    """The most that a request can cost, nano-USD, rounded up; `input_nanos` is the part without any output."""

    worst_nanos: int
    input_nanos: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """List rates by band, the cost of them as a fraction or as rates of its own, and where they come from."""

    provider: str
    model: str
    bands: tuple[Band, ...]
    cost_bands: tuple[Band, ...] | None = None
    """The organisation's own rates; None if the cost is a share of the list value."""
    cost_basis_points: int = 10_000
    """Cost as parts of ten thousand of the list value."""
    origin: str = "list"
    """`list`, `own`, `ceiling`."""
    _steps: dict[str, tuple[Step, ...]] = field(init=False, repr=False, compare=False)
    """What an input may come to in each band, by the time to live of the cache writes that the request can provoke."""

    def __post_init__(self) -> None:
        steps = {ttl: _steps_of(self.bands, _READ + names) for ttl, names in _WRITES.items()}
        object.__setattr__(self, "_steps", steps)

    def list_nanos(self, usage: Usage) -> int:
        """The value at list price, nano-USD."""
        return round_half_up_div(_sum(self.bands, usage), NANOS_PER_SCALE)

    def cost_nanos(self, usage: Usage) -> int:
        """What the organisation pays, nano-USD."""
        if self.cost_bands is not None:
            return round_half_up_div(_sum(self.cost_bands, usage), NANOS_PER_SCALE)
        return round_half_up_div(_sum(self.bands, usage) * self.cost_basis_points, NANOS_PER_SCALE * 10_000)

    def quote(self, input_tokens: int, output_tokens: int, choices: int = 1, cache_ttl: str = "") -> Quote:
        """Bound what any request may cost with at most this much input and, per choice, output.

        The input may land in any band that it reaches and be of the dearest kind (a cache write if one is possible).
        """
        worst = alone = 0
        for above, upto, rate, output_rate, per_request in self._steps[cache_ttl]:
            if above and above >= input_tokens:
                break
            inputs = min(input_tokens, upto) * rate + per_request
            worst = max(worst, inputs + output_tokens * choices * output_rate)
            alone = max(alone, inputs)
        return Quote(-(-worst // NANOS_PER_SCALE), -(-alone // NANOS_PER_SCALE))

    def affordable_output(self, budget_nanos: int, input_tokens: int, choices: int = 1, cache_ttl: str = "") -> int:
        """The largest output limit per choice whose worst case fits the budget: the inverse of `quote`."""
        most = UNLIMITED_OUTPUT
        for above, upto, rate, output_rate, per_request in self._steps[cache_ttl]:
            if above and above >= input_tokens:
                break
            left = budget_nanos * NANOS_PER_SCALE - min(input_tokens, upto) * rate - per_request
            if left < 0:
                return 0
            if output_rate:
                most = min(most, left // (output_rate * max(1, choices)))
        return most


_INDEX = {name: index for index, name in enumerate(FIELDS)}


def _steps_of(bands: tuple[Band, ...], names: tuple[str, ...]) -> tuple[Step, ...]:
    """The bands as a quote walks them, each with its dearest rate among these kinds of input."""
    return tuple(
        (
            band.above if index else 0,
            bands[index + 1].above if index + 1 < len(bands) else UNLIMITED_INPUT,
            _dearest(band, names),
            _dearest(band, _OUT),
            band.per_request,
        )
        for index, band in enumerate(bands)
    )


def _dearest(band: Band, names: tuple[str, ...]) -> int:
    return max(band.rates[_INDEX[name]] for name in names)


def _sum(bands: tuple[Band, ...], usage: Usage) -> int:
    band = bands[0]
    if len(bands) > 1:
        total_input = usage.total_input
        for one in bands[1:]:
            if total_input > one.above:
                band = one
    rates = band.rates
    total = (
        band.per_request
        + usage.input * rates[0]
        + usage.cache_read * rates[1]
        + usage.cache_write_5m * rates[2]
        + usage.cache_write_1h * rates[3]
        + usage.output * rates[10]
        + usage.reasoning * rates[11]
    )
    for index in _RARE:
        count = getattr(usage, FIELDS[index])
        if count:
            total += count * rates[index]
    return total


_RARE = tuple(
    _INDEX[name]
    for name in FIELDS
    if name not in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")
)


def bands_of(rates: Mapping[str, Any], units: Mapping[str, Any]) -> tuple[Band, ...]:
    """Compile a model's rates (price key to decimal text or tiers, USD per unit quantity) into bands."""
    starts = sorted(
        {0} | {tier[0] for value in rates.values() if isinstance(value, Mapping) for tier in value["tiers"]}
    )
    priced = [(units[key], value) for key, value in rates.items() if key in units]
    chosen = {name: _covering(name, priced) for name in FIELDS}
    request = next((value for unit, value in priced if unit["dimensions"].get("family") == "requests"), None)
    per = next((unit["per"] for unit, _ in priced if unit["dimensions"].get("family") == "requests"), 1)
    return tuple(
        Band(
            above,
            tuple(0 if chosen[name] is None else _rate(chosen[name], above) for name in FIELDS),
            0 if request is None else scaled(_at(request, above)) * PER // per,
        )
        for above in starts
    )


def _covering(name: str, priced: list[tuple[Mapping[str, Any], Any]]) -> tuple[Mapping[str, Any], Any] | None:
    wanted = DIMENSIONS[name].items()
    covering = [one for one in priced if one[0]["dimensions"].items() <= wanted]
    return max(covering, key=lambda one: len(one[0]["dimensions"]), default=None)


def _rate(chosen: tuple[Mapping[str, Any], Any] | None, above: int) -> int:
    if chosen is None:
        return 0
    unit, value = chosen
    return scaled(_at(value, above)) * PER // int(unit["per"])


def _at(value: Any, above: int) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    price = value["base"]
    for start, tier in value["tiers"]:
        if above >= start:
            price = tier
    return str(price)


def scaled(text: str) -> int:
    """A decimal number of USD as an integer of 1e-18 USD; exact or an error."""
    value = Decimal(text).scaleb(RATE_DECIMALS)
    if value != value.to_integral_value() or value < 0:
        raise ValueError(f"a rate of {text} USD cannot be held exactly")
    return int(value)
