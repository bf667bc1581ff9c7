"""Figures of the whole house: taken anew wherever that is quick, and kept for a moment where it is not.

A sum over everybody's lots takes milliseconds in a small house and seconds in a large one. What was quick the last time
is taken again for every page; what was slow is answered as it stood before, with the instant that it is of, while one
thread takes it anew. A change of the control plane is seen at once unless that would keep somebody waiting. Nothing is
kept beyond the process, and nothing that decides is ever taken from here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import select

from bursar.ledger import open_store
from bursar.office.database import reading
from bursar.office.tables import control_version

if TYPE_CHECKING:
    from bursar.office.desk import Desk

log = logging.getLogger("bursar.standing")

T = TypeVar("T")

QUICK_SECONDS = 0.02
"""What takes no longer is taken for every page."""
WAITED_SECONDS = 0.5
"""What takes longer is not waited for even after a change of the control plane."""
REST = 20
"""Of what is slow: it is taken at most once in so many times its own length."""
SAME_MICROS = 10_000_000
"""How long figures stand if nothing was recorded since; they depend on the instant too."""
OLDEST_MICROS = 43_200_000_000
"""What is older than this is not shown any more: whoever asks waits. Pages say it of what is a few minutes old."""
MAX_KEPT = 256


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """Figures, and the instant that they are of (microseconds UTC)."""

    value: T
    at: int


@dataclass(frozen=True, slots=True)
class _Kept:
    taken: Taken[Any]
    mark: tuple[int, int]
    seconds: float


_kept: dict[tuple[str, str], _Kept] = {}
_under_way: set[tuple[str, str]] = set()
_lock = threading.Lock()


def taken(desk: Desk, name: str, make: Callable[[Desk], T]) -> Taken[T]:
    """What `make` says of the house; `name` says which figures these are, with everything that they depend on."""
    key, now = (f"{desk.settings.organisation}@{desk.settings.url}", name), desk.now()
    with _lock:
        kept = _kept.get(key)
    if kept is None or not 0 <= now - kept.taken.at < OLDEST_MICROS:
        return _take(desk, key, make)
    mark = _mark(desk)
    if kept.mark == mark and now - kept.taken.at < SAME_MICROS:
        return kept.taken
    # What somebody has just changed (a band, a grant, a month that was closed) they see at once.
    if kept.seconds <= (QUICK_SECONDS if kept.mark[1] == mark[1] else max(QUICK_SECONDS, WAITED_SECONDS)):
        return _take(desk, key, make)
    with _lock:
        rested = now - kept.taken.at >= kept.seconds * REST * 1_000_000
        begins = rested and key not in _under_way
        if begins:
            _under_way.add(key)
    if begins:
        threading.Thread(target=_take_beside, args=(desk, key, make), name="bursar-standing", daemon=True).start()
    return kept.taken


def _take(desk: Desk, key: tuple[str, str], make: Callable[[Desk], T]) -> Taken[T]:
    # The mark first: what is recorded while the sums are taken makes them old, not wrong.
    mark, now, began = _mark(desk), desk.now(), time.monotonic()
    found = Taken(make(desk), now)
    kept = _Kept(found, mark, time.monotonic() - began)
    with _lock:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        _kept[key] = kept
    return found


def _take_beside(desk: Desk, key: tuple[str, str], make: Callable[[Desk], Any]) -> None:
    """On a store of its own: one belongs to one thread at a time."""
    from bursar.office.desk import Desk as Own

    try:
        store = open_store(desk.settings.url, desk.settings.organisation)
        try:
            _take(Own(desk.settings, desk.engine, desk.vault, desk.clock, desk.actor, store), key, make)
        finally:
            store.close()
    except Exception:
        log.exception("figures were not taken anew: %s", key[1])
    finally:
        with _lock:
            _under_way.discard(key)


def _mark(desk: Desk) -> tuple[int, int]:
    """How far the journal and the control plane have come."""
    with reading(desk.engine) as connection:
        version = connection.execute(select(control_version.c.version)).scalar_one()
    return desk.store.read(lambda session: session.head().seq), int(version)
