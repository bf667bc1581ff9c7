"""Use that people's own clients tell of, less what the gateway has charged: what is left went past it.

A session that passed the gateway is known by its name; of it, each token that the gateway has charged is taken off,
whatever the hour, since a client reports a minute late. Use without such a name is taken off where an hour of the same
person and model, or one beside it, holds all of it. So nothing is counted twice; when in doubt, it is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bursar.exchange.provider_bills.matching import Observed
from bursar.exchange.provider_bills.values import COUNTS, billed, fits, is_nothing, minus, plus
from bursar.prices import Usage

HOURS_BESIDE = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """What a client tells of one hour of a session and model; hours are counted from 1970 in UTC."""

    person: str
    source: str
    hour: int
    session: str
    model: str
    usage: Usage


def past_the_gateway(
    told: Iterable[Told],
    passed: Iterable[Told],
    named: Callable[[str], str],
    day_of: Callable[[int], str],
) -> list[Observed]:
    """What was told and not charged, by person, day and model."""
    sessions: dict[tuple[str, str, str], Usage] = {}
    hours: dict[tuple[str, int, str], Usage] = {}
    for one in passed:
        model = named(one.model)
        if one.session:
            key = (one.person, one.session, model)
            sessions[key] = plus(sessions.get(key, Usage()), billed(one.usage))
        else:
            at = (one.person, one.hour, model)
            hours[at] = plus(hours.get(at, Usage()), billed(one.usage))
    found: dict[tuple[str, str, str], Usage] = {}
    for one in sorted(told, key=lambda each: (each.hour, each.source, each.session, each.model, each.person)):
        model, rest = named(one.model), billed(one.usage)
        key = (one.person, one.session, model)
        if one.session and key in sessions:
            rest, sessions[key] = _less(rest, sessions[key])
        else:
            rest = _within(hours, one.person, one.hour, model, rest)
        if not is_nothing(rest):
            place = (one.person, day_of(one.hour), model)
            found[place] = plus(found.get(place, Usage()), rest)
    return [Observed(person, day, model, usage) for (person, day, model), usage in found.items()]


def _less(told: Usage, passed: Usage) -> tuple[Usage, Usage]:
    """What is left of both when each token is taken off the other."""
    both = Usage(**{name: min(getattr(told, name), getattr(passed, name)) for name in COUNTS})
    return minus(told, both), minus(passed, both)


def _within(hours: dict[tuple[str, int, str], Usage], person: str, hour: int, model: str, told: Usage) -> Usage:
    for beside in HOURS_BESIDE:
        place = (person, hour + beside, model)
        left = minus(hours.get(place, Usage()), told)
        if fits(left):
            hours[place] = left
            return Usage()
    return told
