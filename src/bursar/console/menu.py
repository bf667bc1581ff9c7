"""The menu: for each area the pages that this visitor's roles reach."""

from __future__ import annotations

from bursar.console.area import Page
from bursar.console.areas import AREAS
from bursar.console.visit import Visitor


def menu(visit: Visitor) -> list[tuple[str, list[Page]]]:
    """Headings with their pages; a heading without any is left out."""
    found = []
    for area in AREAS:
        pages = [one for one in area.menu if visit.reaches(one.action, one.whose)]
        if pages:
            found.append((area.name, pages))
    return found


def front(visit: Visitor) -> str:
    """Where somebody begins: the first page of their menu."""
    return next((pages[0].path for _, pages in menu(visit)), "/account")
