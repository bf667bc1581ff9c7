"""Reading figures out of replies: whatever a provider writes there, nothing raises and nothing negative comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_COUNT = 2**53
"""A larger figure is no count of tokens."""


def whole(value: Any) -> int:
    """A count as a provider reports it; what is not a non-negative number counts as none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_COUNT:
        return 0
    return int(value)


def stated(value: Any) -> bool:
    """Whether a field is a figure at all: an explicit zero is, null is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def table(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def name(value: Any) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def written(raw: bytes) -> int:
    """Bytes of generated text in an undecoded JSON value: those of a text, or of everything in an array or object."""
    if raw.startswith(b'"'):
        return len(raw) - 2
    return len(raw) if raw[:1] in (b"[", b"{") and len(raw) > 2 else 0
