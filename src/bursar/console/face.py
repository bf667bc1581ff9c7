"""The console as a face of the app: its routes, its static files, and how it says no."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Form, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from bursar.console import mine, rendering, signing
from bursar.console.areas import AREAS
from bursar.console.menu import front, menu, within
from bursar.console.mine import wallet
from bursar.console.visit import THEME_COOKIE, THEMES, Visit, theme_of
from bursar.errors import Forbidden, InvalidInput, NotFound
from bursar.office.identity import sessions
from bursar.web import Desks, Face, Problem, caller_of, make_app
from bursar.web.cookies import is_secure, session_cookie
from bursar.web.forms import comes_from_here
from bursar.web.live import EVERYBODY
from bursar.web.returning import path_back, with_return

ROBOTS = "User-agent: *\nDisallow: /\n"


def console_app(desks: Desks, *more: Face) -> FastAPI:
    """The app with the console and, under their prefixes, further faces."""
    return make_app(desks, (console_face(), *more))


def console_face() -> Face:
    """Every area's routes, and what belongs to none."""
    # The menu knows every area, and every area draws templates: so the templates get to know it here.
    rendering.environment().globals.update(menu=menu, within=within)
    router = APIRouter()
    router.include_router(signing.PUBLIC)
    router.include_router(_common())
    for area in AREAS:
        router.include_router(area.router)
    return Face("", router, shows, signs_in)


def shows(request: Request, problem: Problem) -> Response:
    """A problem as a page; as a line where a part of a page was asked for."""
    visit = getattr(request.state, "visit", None)
    part = "hx-request" in request.headers
    template = "problem_part.html" if part else "problem.html"
    text = rendering.drawn(
        template,
        visit=visit,
        problem=problem,
        request_id=request.state.request_id,
        theme=theme_of(request),
        back=path_back(request.url.path),
    )
    return HTMLResponse(text, problem.status)


def signs_in(request: Request) -> Response:
    """On to the sign-in page, and back here afterwards."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in ("GET", "HEAD"):
        back = "/"
    target = with_return("/sign-in", back)
    if "hx-request" in request.headers or request.url.path == "/live":
        shown = _own_path(request, request.headers.get("hx-current-url", ""))
        return Response(status_code=401, headers={"HX-Redirect": with_return("/sign-in", shown)})
    return RedirectResponse(target, 303)


def _common() -> APIRouter:
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse, response_model=None)
    def first(request: Request, visit: Visit) -> Response:
        """One's own wallet; the first page of the menu for whoever has none."""
        page = next(one for one in mine.AREA.pages if one.path == "/wallet")
        if not visit.reaches(page.action, page.whose):
            return RedirectResponse(front(visit), 303)
        request.state.page = page
        return wallet.wallet(visit)

    @router.get("/static/{name:path}")
    async def static(request: Request, name: Annotated[str, Path(max_length=200)]) -> Response:
        found = rendering.static().answer(request, name)
        if found is None:
            raise NotFound("there is no such file")
        return found

    @router.get("/live")
    async def live(request: Request) -> StreamingResponse:
        """What moves for whoever is signed in; `?all=1` for pages about everybody."""
        caller = await run_in_threadpool(caller_of, request)
        desks, cookie = caller.desks, session_cookie(request)

        def still_in() -> bool:
            with desks.engine.connect() as connection:
                return sessions.find(connection, desks.vault, cookie, desks.clock()) is not None

        person = EVERYBODY if "all" in request.query_params or not caller.actor.person else caller.actor.person
        answer: StreamingResponse = request.app.state.pulse.stream(caller.actor.account, person, still_in)
        return answer

    @router.post("/theme")
    async def theme(request: Request, choice: Annotated[str, Form(max_length=10)] = "") -> Response:
        """Light, dark, or as the system has it; kept as long as the browser is open."""
        if not comes_from_here(request):
            raise Forbidden("this form did not come from a page of this console")
        if choice not in ("", *THEMES):
            raise InvalidInput("choice", repr(choice), "light, dark, or nothing for the system's own")
        answer = RedirectResponse(path_back(_own_path(request, request.headers.get("referer", ""))), 303)
        if choice:
            answer.set_cookie(THEME_COOKIE, choice, secure=is_secure(request), httponly=True, samesite="strict")
        else:
            answer.delete_cookie(THEME_COOKIE, secure=is_secure(request), httponly=True, samesite="strict")
        return answer

    @router.get("/healthz")
    async def healthz(request: Request) -> JSONResponse:
        """Whether this process answers: for whoever watches it, without signing in."""
        return JSONResponse({"ok": True})

    @router.get("/robots.txt")
    async def robots() -> Response:
        return Response(ROBOTS, media_type="text/plain")

    return router


def _own_path(request: Request, address: str) -> str:
    """The path of a page of ours that a browser says it shows; the front page for any other address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    if parts.netloc.lower() != request.headers.get("host", "").lower():
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")
