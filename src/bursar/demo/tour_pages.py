"""The tour in the browser: a page with a button for each role's first questions, which signs in and opens the answer.

Only the demo mounts it: its accounts share one password, which the terminal prints.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.console import rendering
from bursar.console.areas import AREAS
from bursar.console.face import shows, signs_in
from bursar.console.signing.entrance import origin_of
from bursar.console.visit import theme_of
from bursar.demo.tour import PASSWORD, Stop
from bursar.errors import Forbidden, NotFound
from bursar.office.desk import new_id
from bursar.office.identity import sign_in
from bursar.office.identity.sign_in import Refused
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.vault import Secret
from bursar.web import Face
from bursar.web.callers import desks_of
from bursar.web.cookies import blank_cookie, session_cookie, set_session
from bursar.web.forms import check_form, form_token
from bursar.web.returning import path_back

PATH = "/tour"
LOOKS: dict[str, tuple[str, ...]] = {
    "engineer": ("/wallet", "/running", "/terms", "/total-pay", "/watchers"),
    "manager": ("/team", "/team/approvals", "/team/burn"),
    "compensation": ("/plans", "/grants", "/parity"),
    "finance": ("/finance", "/finance/landing", "/finance/reconciliation", "/finance/close"),
    "payroll": ("/payroll",),
    "platform": ("/platform/traffic", "/platform", "/platform/refusals"),
    "auditor": ("/audit/verify", "/audit/log"),
    "owner": ("/organisation/accounts", "/policy"),
}
"""Which pages show a role best, first the one to begin with; their questions are the buttons."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One role as the page has it: the account to sign in as, and the questions it can be asked."""

    title: str
    who: str
    login: str
    pages: list[tuple[str, str]]


def tour_face(stops: Sequence[Stop]) -> Face:
    """The tour of these stops, for the demo's console alone."""
    questions = {page.path: page.question for area in AREAS for page in area.menu}
    shown = [
        Shown(
            stop.role[:1].upper() + stop.role[1:],
            f"signed in as {stop.login}",
            stop.login,
            [(path, questions[path]) for path in LOOKS[stop.role.split()[0]]],
        )
        for stop in stops
        if stop.role.split()[0] in LOOKS
    ]
    logins = {one.login for one in shown}
    rendering.environment().globals["tour"] = PATH  # every page leads back to it
    template = rendering.environment().from_string(
        files("bursar.demo").joinpath("templates/tour.html").read_text(encoding="utf-8")
    )
    router = APIRouter(default_response_class=HTMLResponse)

    async def own_form(request: Request) -> None:
        await check_form(request, desks_of(request).vault)

    @router.get("")
    def tour(request: Request) -> Response:
        """The page; a browser without a session gets a cookie of none, so that its forms carry a token."""
        desks, cookie = desks_of(request), session_cookie(request)
        fresh = "" if cookie else blank_cookie(secrets.token_bytes(RANDOM_BYTES))
        text = template.render(
            stops=shown, theme=theme_of(request), token=form_token(desks.vault, cookie or fresh), visit=None, page=None
        )
        answer = HTMLResponse(text)
        if fresh:
            set_session(answer, request, fresh)
        return answer

    @router.post("", dependencies=[Depends(own_form)])
    def enter(
        request: Request,
        login: Annotated[str, Form(max_length=254)] = "",
        back: Annotated[str, Form(alias="next", max_length=1_000)] = "",
    ) -> Response:
        """Sign in as one of the tour, and go on to the page that was chosen."""
        if login not in logins:
            raise NotFound("nobody of the tour signs in by that name")
        desks = desks_of(request)
        found = sign_in.with_password(
            desks.engine,
            desks.vault,
            login,
            Secret(PASSWORD),
            origin_of(request),
            session_id=new_id("ses"),
            randomness=secrets.token_bytes,
            now=desks.clock(),
        )
        if isinstance(found, Refused):
            raise Forbidden(f"{login} changed the password, so the tour cannot sign in any more", "sign in by hand")
        answer = RedirectResponse(path_back(back), 303)
        set_session(answer, request, found.cookie.reveal())
        return answer

    return Face(PATH, router, shows, signs_in)
