"""Parity: is access fair between groups of people?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars, Curve, Lorenz
from bursar.console import words
from bursar.console.compensation.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import parity as office
from bursar.office.access import action
from bursar.office.parity import ATTRIBUTES, Group, Parity
from bursar.office.small_groups import LEAST_PEOPLE

READ = action("parity.read")
SAID = {"level": "level", "job_family": "job family", "team": "team", "location": "location"}
MAX_BARS = 40


@AREA.page("/parity", name="Parity", question="Is access fair between groups?", action="parity.read", whose="house")
def parity(visit: Visit, by: Annotated[str, Query(max_length=40)] = "level") -> Response:
    """What groups of the roster are promised, use, and get on top; small groups together."""
    visit.require(READ)
    chosen = next((one for one in ATTRIBUTES if one == by), None)
    if chosen is None:
        raise InvalidInput("by", repr(by), f"one of {', '.join(ATTRIBUTES)}")
    with visit.desk() as desk:
        found = office.parity(desk, chosen)
    whole = found.value
    return visit.show(
        "compensation/parity.html",
        found=whole,
        as_of=found.at,
        promises=whole.promises,
        uses=whole.uses,
        choices=[(f"/parity?by={one}", f"By {SAID[one]}", one) for one in ATTRIBUTES],
        called=SAID[chosen],
        named=lambda group: _named(group, SAID[chosen]),
        bars=_bars(whole),
        lorenz=_lorenz(whole),
        flagged=[one for one in whole.groups if one.is_flagged],
        least=LEAST_PEOPLE,
        days=office.USED_DAYS,
    )


def _named(group: Group, by: str) -> str:
    if group.merged:
        return f"{group.merged} small groups together" if group.merged > 1 else f"a {by} of few people"
    return group.name or f"no {by} on record"


def _bars(found: Parity) -> Bars | None:
    """The middle promise of each group."""
    if len(found.groups) < 2:
        return None
    return Bars(
        "promised",
        "Promised a year, in the middle",
        "Of whoever is promised anything, half have more and half have less.",
        [
            Bar(_named(one, SAID[found.by]), [one.promised], f"{one.people} people")
            for one in sorted(found.groups, key=lambda one: (-one.promised, one.name))[:MAX_BARS]
        ],
        ("promised",),
        axis=SAID[found.by],
        written=words.written_round,
    )


def _lorenz(found: Parity) -> Lorenz | None:
    """How evenly it is shared in all."""
    if found.promises is None:
        return None
    curves = [Curve("what is promised", found.promised)]
    if any(found.used):
        curves.append(Curve("what is used", found.used))
    return Lorenz(
        "lorenz",
        "Who has which share",
        "People from the one with the least to the one with the most; on the diagonal all would have the same.",
        curves,
    )
