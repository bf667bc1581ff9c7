"""The API as a face of the app: its routes, its document, and how it says no."""

from __future__ import annotations

import json
from hashlib import sha256

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from bursar.api import problems, tags, telemetry
from bursar.api.document import document
from bursar.api.resources import RESOURCES, ROUTES
from bursar.api.routes import JSON, PREFIX
from bursar.web.app import Face
from bursar.web.problems import Problem


def api_face() -> Face:
    """Every resource's routes under `PREFIX`."""
    router = APIRouter()
    for one in RESOURCES:
        router.include_router(one.router)
    telemetry.add_to(router)

    def shows(request: Request, problem: Problem) -> Response:
        answer = problems.shows(request, problem)
        if problem.status == 405:
            answer.headers["Allow"] = ", ".join(_methods(request))
        return answer

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return tags.finished(request, Response(text, media_type=JSON, headers={"ETag": tag}))

    text = json.dumps(document(), ensure_ascii=False).encode()
    tag = f'"{sha256(text).hexdigest()[: tags.TAG_CHARS]}"'
    return Face(PREFIX, router, shows, signs_in)


def signs_in(request: Request) -> Response:
    """What a stranger gets: a problem, never a page."""
    hint = "send `Authorization: Bearer bur_api_...`; whoever is signed in makes a token with `bursar account token`"
    return problems.shows(request, Problem(401, "this takes somebody who is signed in, or a good API token", hint))


def _methods(request: Request) -> list[str]:
    """What an address takes; one that is written out in the document is none of `/plans/{plan}`."""
    path = request.url.path.removeprefix(PREFIX)
    found = [(one, method) for one, method, pattern in _PATTERNS if pattern.match(path)]
    named = [(one, method) for one, method in found if one == path]
    return sorted({method for _, method in named or found})


_PATTERNS = [(one.path, one.method, compile_path(one.path)[0]) for one in ROUTES]
_PATTERNS.append(("/openapi.json", "GET", compile_path("/openapi.json")[0]))
