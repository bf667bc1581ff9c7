"""The most that a model generates when a request names no limit of its own.

Published maxima by name pattern, first match wins; whatever is not listed gets an upper bound of everything that is.
Sources: the providers' model pages as of November 2026.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

DEFAULT_MAXIMUM_OUTPUT = 131_072

_MAXIMA: tuple[tuple[str, int], ...] = (
    ("*text-embedding*", 0),
    ("*embed*", 0),
    ("*gpt-3.5*", 4_096),
    ("*gpt-4o*", 16_384),
    ("*gpt-4.1*", 32_768),
    ("*gpt-4-turbo*", 4_096),
    ("*gpt-4.5*", 16_384),
    ("gpt-4", 8_192),
    ("gpt-4-0*", 8_192),
    ("*o1-mini*", 65_536),
    ("*o1-preview*", 32_768),
    ("o1*", 100_000),
    ("o3*", 100_000),
    ("o4*", 100_000),
    ("*gpt-5*chat*", 16_384),
    ("*gpt-5*", 128_000),
    ("*claude-3-haiku*", 4_096),
    ("*claude-3-opus*", 4_096),
    ("*claude-3-sonnet*", 4_096),
    ("*claude-3-5*", 8_192),
    ("*claude-3.5*", 8_192),
    ("*claude-3-7*", 128_000),
    ("*claude-opus-4-0*", 32_000),
    ("*claude-opus-4-1*", 32_000),
    ("*claude-opus-4-2025*", 32_000),
    ("*claude-opus-4-5*", 64_000),
    ("*claude-sonnet-4-0*", 64_000),
    ("*claude-sonnet-4-2025*", 64_000),
    ("*claude-sonnet-4-5*", 64_000),
    ("*claude-haiku-4-5*", 64_000),
    ("*claude*", 128_000),
    ("*gemini-1.5*", 8_192),
    ("*gemini-2.0*", 8_192),
    ("*gemini*", 65_536),
    ("*llama-3.1-8b-instant*", 131_072),
    ("*llama-3.3*", 32_768),
)


@lru_cache(maxsize=4096)
def maximum_output(provider: str, model: str) -> int:
    """Upper bound of output tokens (hidden reasoning included) of one answer of a model."""
    name = model.lower().rsplit("/", 1)[-1]
    for pattern, most in _MAXIMA:
        if fnmatchcase(name, pattern):
            return most
    return DEFAULT_MAXIMUM_OUTPUT
