"""Pages of lists: the rows after a cursor, in an order that no new row disturbs.

A cursor is what the last row was sorted by, so it finds its place also after rows were added in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from bursar.api.limits import MAX_PAGE_ITEMS, PAGE_ITEMS
from bursar.errors import InvalidInput
from bursar.web import paging

T = TypeVar("T")

After = Annotated[str, Query(description="Cursor: `next` of the page before.", max_length=paging.MAX_CURSOR_CHARS)]
Limit = Annotated[int, Query(description="Items in a page.", ge=1, le=MAX_PAGE_ITEMS)]
DEFAULT_LIMIT = PAGE_ITEMS


def after(rows: Iterable[T], cursor: str, limit: int, key: Callable[[T], Any]) -> tuple[Sequence[T], str | None]:
    """Of rows in ascending order of `key` (texts and numbers), those after the cursor, and the next cursor."""
    start = None if not cursor else read(cursor)
    try:
        left = [one for one in rows if start is None or _place(key(one)) > start]
    except TypeError:
        raise _no_cursor() from None
    page = left[:limit]
    return page, written(key(page[-1])) if len(left) > limit else None


def before(rows: Iterable[T], cursor: str, limit: int, key: Callable[[T], Any]) -> tuple[Sequence[T], str | None]:
    """The same for rows in descending order, the newest first."""
    start = None if not cursor else read(cursor)
    try:
        left = [one for one in rows if start is None or _place(key(one)) < start]
    except TypeError:
        raise _no_cursor() from None
    page = left[:limit]
    return page, written(key(page[-1])) if len(left) > limit else None


def written(key: Any) -> str:
    """A cursor; of a row that is sorted by several things, all of them."""
    return paging.written(_place(key))


def read(cursor: str) -> list[Any]:
    """What a cursor says. Raises InvalidInput for one that no page gave."""
    found = paging.read(cursor, list)
    if not found or not all(isinstance(one, str | int) and not isinstance(one, bool) for one in found):
        raise _no_cursor()
    return found


def _place(key: Any) -> list[Any]:
    return list(key) if isinstance(key, tuple) else [key]


def _no_cursor() -> InvalidInput:
    return InvalidInput("after", "a cursor that is none", "`next` of the page before")
