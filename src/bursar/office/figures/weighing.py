"""Offers weighed for whoever asks, fast enough to follow a slider: few worlds, and answers that are kept for a while.

Nothing is stored: an offer comes with the question and is forgotten when newer ones need its place in memory. The same
offer, person and worlds have the same identity, so what was worked out once is not worked out again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from bursar.errors import InvalidInput, Unavailable
from bursar.offers.asking import Asked, asked
from bursar.offers.evaluation import Compared, Facts, beside, compared, facts, who_weighs
from bursar.offers.outcome import DEFAULT_PATHS, Setup
from bursar.offers.reading import Draft, read_plain
from bursar.offers.report import html
from bursar.offers.weighing import Weighing, identity, weighed

WORLDS = 2_048
"""Of an answer on a page, which says how far a report may be from it; the same worlds serve every offer."""
ASKED_WORLDS = 512
"""Of each answer to a question: only differences between the same worlds are taken."""
REPORT_WORLDS = DEFAULT_PATHS
"""Of a report, which says what `bursar offer evaluate` says."""
KEPT_ANSWERS = 256
"""Answers that are kept, the newest; one has a few kilobytes."""
AT_ONCE = 2
"""Answers that are worked out at once, so that other pages have their turn."""
WAIT_SECONDS = 5.0
"""How long a question waits for its turn."""
MAX_BESIDE = 4
"""Offers side by side."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Weighed:
    """An offer in many worlds, and the twelve answers of its terms."""

    weighing: Weighing
    facts: tuple[Facts, ...]


class Scales:
    """One per process; safe for threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def weigh(self, document: Mapping[str, Any], today: date) -> Weighed:
        """An offer, without its questions. Raises `InvalidInput`, with every fault of the document, or Unavailable."""
        return self._weighed(read(document, today))

    def ask(self, document: Mapping[str, Any], today: date) -> Asked:
        """What to ask about an offer. Raises as `weigh` does."""
        draft = read(document, today)
        one = self._weighed(draft).weighing
        few = replace(one.setup, paths=ASKED_WORLDS, fan=False)
        return self._answer(f"asked {one.id}", lambda: asked(draft, draft.person, few, one.outcome.a_year))

    def _weighed(self, draft: Draft) -> Weighed:
        setup = Setup(paths=WORLDS)
        key = f"one {identity(draft.offer, draft.person, setup)}"
        return self._answer(key, lambda: Weighed(weighed(draft, setup=setup), facts(draft.offer)))

    def beside(self, documents: Sequence[Mapping[str, Any]], today: date) -> Compared[Weighing]:
        """Offers side by side, for the person of the first one that describes one. Raises as `weigh` does."""
        drafts = self._several(documents, today)
        setup, person = Setup(paths=WORLDS, fan=False), who_weighs(drafts)
        key = " ".join(identity(one.offer, person, setup) for one in drafts)
        return self._answer(f"beside {key}", lambda: beside(drafts, person, setup))

    def report(self, documents: Sequence[Mapping[str, Any]], today: date) -> str:
        """The report of one offer or several, as HTML. Raises as `weigh` does."""
        drafts = self._several(documents, today)
        with self._turn():
            return html(compared(drafts, setup=Setup(paths=REPORT_WORLDS)))

    def _several(self, documents: Sequence[Mapping[str, Any]], today: date) -> list[Draft]:
        if not 1 <= len(documents) <= MAX_BESIDE:
            raise InvalidInput("offers", str(len(documents)), f"1 to {MAX_BESIDE}")
        return [read(one, today) for one in documents]

    def _answer(self, key: str, work: Callable[[], T]) -> T:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
        with self._turn():
            made = work()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return made

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("many offers are being weighed just now", "try again in a moment")
        try:
            yield
        finally:
            self._turns.release()


def read(document: Mapping[str, Any], today: date) -> Draft:
    """An offer that begins, where it does not say when, with the next month. Raises `PlanFaults`."""
    return read_plain(document, date(today.year + today.month // 12, today.month % 12 + 1, 1))
