"""The areas of the console, in the order of its menu. A new page is one function in its area's module; a new area one line."""

from __future__ import annotations

from bursar.console import (
    audit,
    board,
    candidate,
    compensation,
    finance,
    mine,
    organisation,
    people,
    platform,
    signing,
    team,
)
from bursar.console.area import Area

AREAS: tuple[Area, ...] = (
    mine.AREA,
    team.AREA,
    people.AREA,
    compensation.AREA,
    finance.AREA,
    platform.AREA,
    audit.AREA,
    candidate.AREA,
    board.AREA,
    organisation.AREA,
    signing.AREA,
)
