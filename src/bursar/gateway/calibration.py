"""How many tokens a model's tokenizer makes of a byte, learnt from settled usage.

A byte is at least a token's worth of text, which bounds every input but is three or four times too much for most. The
dearest ratio that was ever settled for a model, with a margin, is a tighter bound once enough requests were seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.gateway.dialects.contract import Call
from bursar.prices.usage import Usage

MIN_SAMPLES = 20
MIN_BYTES = 256
"""Shorter inputs say more about a dialect's overhead than about its tokenizer."""
MARGIN_PERCENT = 130
PARTS = 1_000_000
DEFAULT_EXPECTED_PARTS = 300_000
"""Tokens per million bytes assumed for an estimate where nothing was seen yet."""


@dataclass(slots=True)
class _Ratio:
    samples: int = 0
    dearest: int = 0
    total_tokens: int = 0
    total_bytes: int = 0


class Calibration:
    """Ratios by provider kind and model; lives with a gateway and is learnt again after a restart."""

    def __init__(self) -> None:
        self._ratios: dict[tuple[str, str], _Ratio] = {}

    def learn(self, kind: str, call: Call, usage: Usage) -> None:
        """Take in one settled request with the provider's own figures."""
        if call.text_bytes < MIN_BYTES or call.unbounded:
            return
        tokens = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
        ratio = self._ratios.setdefault((kind, call.model), _Ratio())
        ratio.samples += 1
        ratio.dearest = max(ratio.dearest, -(-tokens * PARTS // call.text_bytes))
        ratio.total_tokens += tokens
        ratio.total_bytes += call.text_bytes

    def bound(self, kind: str, call: Call) -> int | None:
        """A tighter input bound in tokens, None while too little was seen."""
        ratio = self._ratios.get((kind, call.model))
        if ratio is None or ratio.samples < MIN_SAMPLES:
            return None
        text = call.text_bytes * ratio.dearest * MARGIN_PERCENT // (100 * PARTS) + 1
        return min(call.input_bound, call.input_bound - call.text_bytes + text)

    def expected(self, kind: str, call: Call) -> int:
        """The likely input in tokens, for estimates."""
        ratio = self._ratios.get((kind, call.model))
        parts = DEFAULT_EXPECTED_PARTS
        if ratio is not None and ratio.total_bytes:
            parts = ratio.total_tokens * PARTS // ratio.total_bytes
        return call.input_bound - call.text_bytes + -(-call.text_bytes * parts // PARTS)
