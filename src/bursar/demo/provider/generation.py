"""What the provider answers: how many tokens go in, how many come out, at which pace, with which fault.

Everything follows from the request, so two runs of one seed answer alike. The text of the last user message may steer it:

    [[standin output=5000 reasoning=1000 pace_ms=1 chunk=20 status=500 cut_after=3 usage=none first_byte_ms=200]]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import Any

BYTES_PER_TOKEN = 4
CACHE_UNIT_TOKENS = 1024
"""Implicit prompt caches work on prefixes of at least this many tokens, in steps of 128."""
CACHE_STEP_TOKENS = 128
DEFAULT_MAXIMUM_OUTPUT = 128_000
_DIRECTIVE = re.compile(r"\[\[standin ([^\]]{1,400})\]\]")
_WORDS = ("lot ", "note", " due", " sum", " row", " tab", " day", " run", " key", " set")
GREETING = "Hello! Your compute arrives as promised, and every token of it is on the ledger."


@dataclass(frozen=True, slots=True)
class Defaults:
    """How the provider answers unless the request steers it. -1: decided by the request's own hash."""

    output: int = -1
    reasoning: int = -1
    pace_ms: float = 0.0
    chunk: int = 20
    status: int = 0
    cut_after: int = -1
    """Reset the connection after this many chunks of a stream."""
    end_after: int = -1
    """Close cleanly, without the terminal event, after this many chunks."""
    usage: str = "full"
    """`none`: the reply carries no usage."""
    first_byte_ms: float = 0.0
    hang_after: int = -1
    """Go silent after this many chunks."""
    retry_after: int = 0
    fill: bool = False
    """Generate up to the output limit that the request gives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One decided answer: tokens by kind, for all choices together, and how to send it."""

    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    """Visible tokens of each choice."""
    reasoning: int
    """Hidden tokens of each choice."""
    choices: int
    cut_short: bool
    """The output limit ended it."""
    text: str
    how: Defaults

    @property
    def total_input(self) -> int:
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    def pieces(self) -> list[str]:
        """The text in chunks of `how.chunk` tokens."""
        step = max(1, self.how.chunk) * BYTES_PER_TOKEN
        return [self.text[start : start + step] for start in range(0, len(self.text), step)]


@dataclass(slots=True)
class Caches:
    """Prompt prefixes that were seen, by key."""

    seen: dict[tuple[str, str], int] = field(default_factory=dict)


def tokens_of(text: str | bytes) -> int:
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_PER_TOKEN)


def steer(text: str, defaults: Defaults) -> Defaults:
    """Defaults with what a directive in the text says; unknown names are ignored."""
    found = _DIRECTIVE.findall(text)
    if not found:
        return defaults
    kinds: dict[str, Any] = {one.name: type(one.default) for one in fields(Defaults)}
    changed: dict[str, Any] = {}
    for pair in found[-1].split():
        name, _, value = pair.partition("=")
        if name in kinds:
            kind = kinds[name]
            changed[name] = value in ("1", "true", "yes") if kind is bool else kind(value)
    return replace(defaults, **changed)


def decide(
    *,
    seed: int,
    prompt: str,
    steering: str,
    model: str,
    limit: int | None,
    choices: int,
    thinks: bool,
    defaults: Defaults,
    cached: tuple[int, int, int],
) -> Answer:
    """Decide an answer; `cached` is (read, written for 5 minutes, written for 1 hour) out of the prompt's tokens."""
    how = steer(steering, defaults)
    chance = int.from_bytes(sha256(f"{seed}:{model}:{prompt[-2000:]}".encode("utf-8", "surrogatepass")).digest()[:8])
    greeting = how.output < 0 and not how.fill
    output = tokens_of(GREETING) if greeting else how.output
    reasoning = how.reasoning if how.reasoning >= 0 else (64 + chance % 192 if thinks else 0)
    most = DEFAULT_MAXIMUM_OUTPUT if limit is None else limit
    if how.fill:
        reasoning = most // 2 if thinks else 0
        output = most - reasoning
    cut_short = reasoning + output > most
    reasoning = min(reasoning, most)
    output = max(0, min(output, most - reasoning))
    text = GREETING[: output * BYTES_PER_TOKEN] if greeting else _filler(output)
    total = tokens_of(prompt)
    read, short, long = cached
    return Answer(
        input=max(0, total - read - short - long),
        cache_read=read,
        cache_write_5m=short,
        cache_write_1h=long,
        output=output,
        reasoning=reasoning,
        choices=choices,
        cut_short=cut_short or (how.fill and limit is not None),
        text=text,
        how=how,
    )


def _filler(tokens: int) -> str:
    whole, rest = divmod(tokens, len(_WORDS))
    return "".join(_WORDS) * whole + "".join(_WORDS[:rest])


def implicit_cache(caches: Caches, key: str, prompt: str) -> int:
    """Tokens of a long prompt prefix that the provider has seen from this key before."""
    units = tokens_of(prompt) // CACHE_STEP_TOKENS
    if units * CACHE_STEP_TOKENS < CACHE_UNIT_TOKENS:
        return 0
    found = 0
    for unit in (units, CACHE_UNIT_TOKENS // CACHE_STEP_TOKENS):
        prefix = prompt.encode("utf-8", "surrogatepass")[: unit * CACHE_STEP_TOKENS * BYTES_PER_TOKEN]
        name = (key, sha256(prefix).hexdigest())
        if name in caches.seen:
            found = max(found, unit * CACHE_STEP_TOKENS)
        caches.seen[name] = unit
    return min(found, tokens_of(prompt) - 1)


def explicit_cache(caches: Caches, key: str, prefix: str, hour: bool) -> tuple[int, int, int]:
    """Anthropic's cache control: the marked prefix is written once for its time to live, then read."""
    size = tokens_of(prefix)
    if size < CACHE_UNIT_TOKENS:
        return 0, 0, 0
    name = (key, sha256(prefix.encode("utf-8", "surrogatepass")).hexdigest())
    if name in caches.seen:
        return size, 0, 0
    caches.seen[name] = size
    return (0, 0, size) if hour else (0, size, 0)
