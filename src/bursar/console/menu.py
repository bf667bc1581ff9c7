"""The menu: for each area the pages that this visitor's roles reach."""

from __future__ import annotations

from bursar.console.area import Page
from bursar.console.areas import AREAS
from bursar.console.visit import Visitor


def menu(visit: Visitor) -> list[tuple[str, list[Page]]]:
    """Headings with their pages; a heading without any is left out."""
    found = []
    for area in AREAS:
        pages = [one for one in area.menu if visit.reaches(one.action, one.listed_for)]
        if pages:
            found.append((area.name, pages))
    return found


def front(visit: Visitor) -> str:
    """Where somebody begins: the first page of their menu."""
    return next((pages[0].path for _, pages in menu(visit)), "/account")


def within(page: Page | None) -> str:
    """The menu's page that a page lies under, by its path: the longest that begins it."""
    if page is None:
        return ""
    paths = [one.path for area in AREAS for one in area.menu]
    return max((one for one in paths if f"{page.path}/".startswith(f"{one}/")), key=len, default="")
