"""Pages of long lists: a cursor that says where the next page begins, never a number of pages.

A cursor is what the last row was sorted by, in base64 for addresses: it stays right while rows are added in front, and a
made-up one finds at most another place in the same list.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bursar.errors import InvalidInput

T = TypeVar("T")
MAX_CURSOR_CHARS = 200
PAGE_ROWS = 50
MAX_PAGE_ROWS = 500

Cursor = int | str
"""What rows are sorted by: a sequence number, an instant, a handle."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some rows, and the cursor of the next ones: empty at the end."""

    rows: Sequence[T]
    next: str = ""


def written(cursor: Cursor) -> str:
    """A cursor as it stands in an address."""
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")


def read(text: str, kind: type[T]) -> T | None:
    """The cursor in an address, None for none. Raises InvalidInput."""
    if not text:
        return None
    try:
        if len(text) > MAX_CURSOR_CHARS:
            raise ValueError
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise InvalidInput("after", "a cursor that is none", "the one that the page before gave")
    return found


def sliced(rows: Sequence[T], size: int, cursor_of: object) -> Slice[T]:
    """The first `size` of `rows`, of which one more was asked for; `cursor_of` says what a row is sorted by."""
    if len(rows) <= size:
        return Slice(rows)
    kept = rows[:size]
    return Slice(kept, written(cursor_of(kept[-1])))  # type: ignore[operator]
