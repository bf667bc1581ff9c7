"""A guest: whoever is signed in, or a stranger on a page that the organisation has opened to visitors.

Pages take `guest: Guest` where their area says that they are public; a stranger who comes while it is closed is asked to
sign in, like everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bursar.calendar import parse_zone
from bursar.console import rendering
from bursar.console.visit import Visitor, by_field, theme_of, visit_of
from bursar.errors import BursarError
from bursar.office import openings
from bursar.office.database import reading
from bursar.web.callers import SignInFirst, desks_of
from bursar.web.problems import problem_of


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who is not signed in."""

    request: Request
    now: int
    """The instant of this request, microseconds UTC."""

    @property
    def zone(self) -> ZoneInfo:
        return parse_zone("UTC")

    @property
    def theme(self) -> str:
        return theme_of(self.request)

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page or a part of one, drawn without `visit`."""
        page = getattr(self.request.state, "page", None)
        text = rendering.drawn(template, page=page, zone=self.zone, now=self.now, theme=self.theme, **values)
        return HTMLResponse(text, status, headers={"Vary": "Cookie, HX-Request"})

    def show_faults(self, template: str, error: BursarError, **values: Any) -> HTMLResponse:
        """A form again, with what is wrong beside its field."""
        problem = problem_of(error)
        return self.show(template, problem.status, problem=problem, faults=by_field(problem), **values)


def guest_of(request: Request) -> Visitor | Stranger:
    """Raises SignInFirst for a stranger where the house is closed to visitors."""
    try:
        return visit_of(request)
    except SignInFirst:
        desks = desks_of(request)
        with reading(desks.engine) as connection:
            if openings.is_open(connection, openings.VISITORS):
                return Stranger(request, desks.clock())
        raise


Guest = Annotated[Visitor | Stranger, Depends(guest_of)]
"""What a public page asks for as a parameter."""
