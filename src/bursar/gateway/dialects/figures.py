"""Reading figures out of replies: whatever a provider writes there, nothing raises and nothing negative comes out."""

from __future__ import annotations

from bursar.prices.reported import MAX_COUNT, name, stated, table, whole

__all__ = ["MAX_COUNT", "name", "stated", "table", "whole", "written"]


def written(raw: bytes) -> int:
    """Bytes of generated text in an undecoded JSON value: those of a text, or of everything in an array or object."""
    if raw.startswith(b'"'):
        return len(raw) - 2
    return len(raw) if raw[:1] in (b"[", b"{") and len(raw) > 2 else 0
