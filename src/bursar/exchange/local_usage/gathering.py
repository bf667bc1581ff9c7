"""Every event once, in whatever order and however often its lines are told.

What lines of one identity make together does not depend on their order: the fullest figures, the earliest time, the
session and folder of the earliest line. A message id is one answer for each request that has it. A line without a
request is a copy of one that has it (gateways leave the request out); a line of a side conversation is a copy of the
main one's, and alone is one answer, since every side question repeats the same history under a request of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from bursar.errors import InvalidInput
from bursar.exchange.local_usage.pricing import priced
from bursar.exchange.local_usage.values import (
    MAX_COPIES,
    MAX_EVENTS,
    MAX_SHOWN,
    LocalUsage,
    Nothing,
    Sighting,
    Skipped,
    UsageEvent,
)
from bursar.prices import PriceBook


class Gathering:
    """What has been read so far."""

    def __init__(self, max_events: int = MAX_EVENTS) -> None:
        self.files = self.lines = 0
        self._max_events = max_events
        self._told: dict[bytes, Sighting | list[Sighting]] = {}
        self._sightings = self._again = self._ignored = self._skipped_lines = 0
        self._skipped: list[Skipped] = []

    def take(self, found: list[Sighting] | Nothing, file: str, line: int) -> None:
        """What a line tells of."""
        if isinstance(found, Nothing):
            self._again += found is Nothing.AGAIN
            self._ignored += found is Nothing.UNBILLED
            return
        for one in found:
            if one.identity not in self._told and len(self._told) >= self._max_events:
                self.skip(file, line, f"more than {self._max_events:,} events: read fewer files at once")
                continue
            self._sightings += 1
            self._add(one)

    def skip(self, file: str, line: int, reason: str) -> None:
        """A line that was left out, or with line 0 a file."""
        self._skipped_lines += 1
        self._skipped.append(Skipped(file, line, reason))
        if len(self._skipped) > 4 * MAX_SHOWN:
            self._skipped = _first(self._skipped)

    def fault(self, file: str, line: int, error: InvalidInput) -> None:
        """A line that could not be understood."""
        self.skip(file, line, error.sentence)

    def usage(self, book: PriceBook, since: int = 0) -> LocalUsage:
        """All events from `since` (microseconds UTC) on, priced."""
        kept, earlier, total = [], False, 0
        for group in self._told.values():
            for one in _answers(group if isinstance(group, list) else [group]):
                total += 1
                if one.event.at_micros < since:
                    earlier = True
                else:
                    kept.append(priced(one.event, one.band, book))
        kept.sort(key=_place)
        covered = since if earlier and kept else kept[0].at_micros if kept else None
        return LocalUsage(
            events=tuple(kept),
            covered_from=covered,
            files=self.files,
            lines=self.lines,
            duplicates=self._again + self._sightings - total,
            ignored=self._ignored,
            skipped=tuple(_first(self._skipped)),
            skipped_lines=self._skipped_lines,
        )

    def _add(self, found: Sighting) -> None:
        known = self._told.get(found.identity)
        if known is None:
            self._told[found.identity] = found
            return
        group = known if isinstance(known, list) else [known]
        for nth, other in enumerate(group):
            if (other.variant, other.sidechain) == (found.variant, found.sidechain):
                group[nth] = _together(other, found)
                break
        else:
            if len(group) < MAX_COPIES:
                group.append(found)
        self._told[found.identity] = group[0] if len(group) == 1 else group


def _answers(group: list[Sighting]) -> Iterator[Sighting]:
    """The answers that lines of one identity stand for."""
    main = [one for one in group if not one.sidechain] or group
    requests = [one for one in main if one.variant]
    if len(requests) > 1 and not main[0].sidechain:
        yield from requests
        return
    whole = main[0]
    for one in main[1:]:
        whole = _together(whole, one)
    yield whole


def _together(one: Sighting, other: Sighting) -> Sighting:
    """Two lines of one answer as one, whichever comes first."""
    full = max(one, other, key=_fullness)
    early = min(one, other, key=lambda sighting: (sighting.event.at_micros, _label(sighting.event)))
    return replace(
        full,
        event=replace(
            full.event, at_micros=early.event.at_micros, session=early.event.session, project=early.event.project
        ),
    )


def _fullness(one: Sighting) -> tuple[object, ...]:
    event = one.event
    counted = event.usage.total_input + event.usage.total_output
    return (
        counted,
        structs.astuple(event.usage),
        event.stated_nanos or 0,
        event.list_nanos or 0,
        *_kind(event),
        one.band.value,
    )


def _kind(event: UsageEvent) -> tuple[str, ...]:
    return (event.source, event.model, event.provider, event.service_tier)


def _label(event: UsageEvent) -> tuple[str, str]:
    return (event.session, event.project)


def _place(event: UsageEvent) -> tuple[object, ...]:
    return (event.at_micros, *_kind(event), *_label(event), structs.astuple(event.usage), event.list_nanos or 0)


def _first(skipped: list[Skipped]) -> list[Skipped]:
    return sorted(skipped, key=lambda one: (one.file, one.line, one.reason))[:MAX_SHOWN]
