"""Pages put together into one bill, each line once however often it is told; nothing of a broken reading.

The same line again is `repeated` and counts once. A line that a later page tells with other figures is `restated`: its
bucket was still growing while the pages were read, and the later figures count. Told twice with other figures on one and
the same page, nobody can say which counts: that reading is refused. A cursor that was given before leads nowhere, and so
does a question without end.
"""

from __future__ import annotations

import json
from typing import Protocol, TypeVar

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills.values import MAX_LINES, MAX_PAGES, Ask, Bill, Cost, Line, Oddity, Page, Seat

MAX_ODDITIES = 1_000
"""That are kept; more of them are no oddity."""


class _Told(Protocol):
    @property
    def identity(self) -> tuple[str, ...]: ...


_T = TypeVar("_T", bound=_Told)


class Gathering:
    """What has been read so far."""

    def __init__(self) -> None:
        self.pages = 0
        self._lines: dict[tuple[str, ...], tuple[int, Line]] = {}
        self._costs: dict[tuple[str, ...], tuple[int, Cost]] = {}
        self._seats: dict[tuple[str, ...], tuple[int, Seat]] = {}
        self._buckets: set[tuple[str, str]] = set()
        self._asked: set[str] = set()
        self._oddities: list[Oddity] = []

    def ask(self, one: Ask) -> Ask:
        """Note that this is asked. Raises InvalidInput where it was asked before, or pages have no end."""
        name = json.dumps([one.path, one.query, one.body], sort_keys=True)
        if name in self._asked:
            raise InvalidInput(
                f"{one.what}, page {self.pages}: next_page",
                "a cursor that was given before",
                "a way on to the next page; nothing was imported",
            )
        if self.pages >= MAX_PAGES:
            raise InvalidInput(one.what, f"more than {MAX_PAGES:,} pages", f"at most {MAX_PAGES:,}")
        self._asked.add(name)
        return one

    def take(self, page: Page, what: str) -> None:
        """What a page says. Raises InvalidInput."""
        self.pages += 1
        known = len(self._oddities)
        again = [day for day in page.days if (what, day) in self._buckets]
        self._buckets.update((what, day) for day in page.days)
        self._take(self._lines, page.lines, what)
        self._take(self._costs, page.costs, what)
        self._take(self._seats, page.seats, what)
        if again and len(self._oddities) == known:
            self._odd("repeated", f"{what}: {again[0]} to {again[-1]}, of which there is nothing to count")
        if len(self._lines) + len(self._costs) + len(self._seats) > MAX_LINES:
            raise InvalidInput(
                what, f"more than {MAX_LINES:,} lines", f"at most {MAX_LINES:,}: read fewer days at once"
            )

    def bill(self) -> Bill:
        return Bill(
            lines=tuple(one for _, one in self._lines.values()),
            costs=tuple(one for _, one in self._costs.values()),
            seats=tuple(one for _, one in self._seats.values()),
            days=frozenset(day for _, day in self._buckets),
            oddities=tuple(self._oddities),
            pages=self.pages,
        )

    def _take(self, known: dict[tuple[str, ...], tuple[int, _T]], told: tuple[_T, ...], what: str) -> None:
        for one in told:
            before = known.get(one.identity)
            if before is None:
                known[one.identity] = (self.pages, one)
                continue
            page, earlier = before
            words = " ".join(part for part in one.identity if part)
            if earlier == one:
                self._odd("repeated", f"{what}: {words}")
            elif page == self.pages:
                raise InvalidInput(
                    f"{what}, page {self.pages}", f"{words} twice with different figures", "each bucket once"
                )
            else:
                self._odd("restated", f"{what}: {words}")
                known[one.identity] = (self.pages, one)

    def _odd(self, kind: str, what: str) -> None:
        if len(self._oddities) < MAX_ODDITIES:
            self._oddities.append(Oddity(kind, self.pages, what))
