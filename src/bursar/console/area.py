"""An area: pages under one heading of the menu. Every route says which action of the access table it is; none is without.

    AREA = Area("Team")

    @AREA.page("/team", name="Team", question="Who will run out before the period ends?", action="burn.read", whose="team")
    def team(visit: Visit) -> Response:
        with visit.desk() as desk:
            ...
        return visit.show("team/team.html", ...)

The gate asks whether the caller's roles reach this action at all, before anything of the page runs; the page then requires
the right about whom or what it shows (`visit.myself`, `visit.look`). Functions are plain, so that they run in the pool of
threads that database calls need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bursar.console.visit import Visit, Whose
from bursar.office import access
from bursar.office.access import Action
from bursar.web.callers import desks_of
from bursar.web.forms import check_form

Handler = TypeVar("Handler", bound=Callable[..., Any])
Kind = Literal["page", "part", "form"]


@dataclass(frozen=True, slots=True)
class Page:
    """One route of the console: what it asks, who may, and whether the menu has it."""

    path: str
    kind: Kind
    action: Action
    whose: Whose
    name: str = ""
    question: str = ""
    in_menu: bool = False


class Area:
    """Collects the pages of one heading, and their router."""

    def __init__(self, name: str, order: Sequence[str] = ()) -> None:
        """`order` are paths as the menu has them; pages that are not named there follow."""
        self.name = name
        self.router = APIRouter(default_response_class=HTMLResponse)
        self.pages: list[Page] = []
        self._order = {path: place for place, path in enumerate(order)}

    @property
    def menu(self) -> list[Page]:
        """The pages that a menu may have, in its order."""
        found = [one for one in self.pages if one.in_menu]
        return sorted(found, key=lambda one: self._order.get(one.path, len(self._order)))

    def page(
        self, path: str, *, name: str, question: str, action: str, whose: Whose = "own", in_menu: bool = True
    ) -> Callable[[Handler], Handler]:
        """A whole page, found in the menu by whoever may see it; `question` is the one that it answers."""
        return self._add(Page(path, "page", access.action(action), whose, name, question, in_menu))

    def part(self, path: str, *, action: str, whose: Whose = "own") -> Callable[[Handler], Handler]:
        """A part of a page that is asked for again while it is open."""
        return self._add(Page(path, "part", access.action(action), whose))

    def form(
        self, path: str, *, action: str, whose: Whose = "own", name: str = "", question: str = ""
    ) -> Callable[[Handler], Handler]:
        """What a form is sent to. It changes something and answers with `visit.done`, or shows the form with its faults."""
        return self._add(Page(path, "form", access.action(action), whose, name, question))

    def _add(self, page: Page) -> Callable[[Handler], Handler]:
        checks = [Depends(_gate(page))]
        if page.kind == "form":
            checks.insert(0, Depends(_own_form))
        self.pages.append(page)
        methods = ["POST"] if page.kind == "form" else ["GET"]
        return self.router.api_route(page.path, methods=methods, dependencies=checks, response_model=None)


def _gate(page: Page) -> Callable[..., Any]:
    async def gate(request: Request, visit: Visit) -> None:
        request.state.page = page
        visit.enter(page.action, page.whose)

    return gate


async def _own_form(request: Request) -> None:
    await check_form(request, desks_of(request).vault)
