"""The app: faces on one ASGI application, each with its routes and its own way to show a problem."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from bursar.errors import BursarError
from bursar.ledger import StoreUnavailable
from bursar.office.desk import new_id
from bursar.office.identity.oidc import IdentityProvider, ProviderClient
from bursar.office.works.working import Workers
from bursar.web.callers import SignInFirst
from bursar.web.desks import DATABASE_THREADS, Desks
from bursar.web.edge import Edge
from bursar.web.live import Pulse
from bursar.web.problems import Problem, problem_of

log = logging.getLogger("bursar.web")

PACKED_FROM_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Face:
    """A set of routes under a prefix (empty: everything else), and how it says no."""

    prefix: str
    router: APIRouter
    shows: Callable[[Request, Problem], Response]
    signs_in: Callable[[Request], Response]
    """What whoever is not signed in gets."""


def make_app(desks: Desks, faces: Sequence[Face]) -> FastAPI:
    """The ASGI app of these faces. It closes the desks at the end of its life."""
    settings = desks.settings
    by_length = sorted(faces, key=lambda face: len(face.prefix), reverse=True)

    def face_of(request: Request) -> Face:
        return next(one for one in by_length if request.url.path.startswith(one.prefix))

    def shown(request: Request, problem: Problem) -> Response:
        return face_of(request).shows(request, problem)

    async def on_error(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500:
            log.warning("request %s: %s", request.state.request_id, error)
        answer = shown(request, problem)
        if problem.retry_seconds:
            answer.headers["Retry-After"] = str(problem.retry_seconds)
        return answer

    async def on_stranger(request: Request, _: Exception) -> Response:
        return face_of(request).signs_in(request)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = DATABASE_THREADS
        async with AsyncExitStack() as stack:
            stack.callback(desks.close)
            stack.push_async_callback(app.state.pulse.stopped)
            stack.push_async_callback(asyncio.to_thread, app.state.workers.stop)
            if settings.oidc.issuer:
                client = await stack.enter_async_context(ProviderClient(settings.oidc, desks.clock))
                app.state.identity = IdentityProvider(
                    desks.engine,
                    desks.vault,
                    settings.oidc,
                    client,
                    base_url=settings.console_url,
                    randomness=secrets.token_bytes,
                    new_id=new_id,
                    clock=desks.clock,
                )
            yield

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=life, redirect_slashes=False)
    app.state.desks = desks
    app.state.pulse = Pulse(desks)
    app.state.identity = None
    app.state.workers = Workers(settings, desks.clock)
    for face in faces:
        app.include_router(face.router, prefix=face.prefix)
    for kind in (BursarError, StoreUnavailable, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, on_error)
    app.add_exception_handler(SignInFirst, on_stranger)
    app.add_middleware(GZipMiddleware, minimum_size=PACKED_FROM_BYTES, compresslevel=5)
    # Added last, so it is outermost: nothing is answered without its headers.
    app.add_middleware(Edge, shown=shown, own_url=settings.public_url, bound_host=settings.console_host)
    return app
