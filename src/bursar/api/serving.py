"""What stands around every route: the gate, the limits of a request, one answer for one idempotency key, entity tags."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bursar.api import problems, tags
from bursar.api.calls import Call, called
from bursar.api.problems import TooLarge, Unsupported
from bursar.errors import BursarError, Forbidden, InvalidInput
from bursar.office.works import kept_answers
from bursar.web.forms import HEADER, SAFE, check_form
from bursar.web.problems import problem_of

if TYPE_CHECKING:
    from bursar.api.routes import Route

IDEMPOTENCY_KEY = "idempotency-key"
REPLAYED = "Idempotency-Replayed"
JSON = "application/json"
KEPT_HEADERS = ("content-type", "etag", "location")

Inner = Callable[[Request], Awaitable[Response]]


async def serve(route: Route, request: Request, inner: Inner, known: frozenset[str]) -> Response:
    """One request, from its gate to its answer."""
    try:
        return await _served(route, request, inner, known)
    except BursarError as error:
        if error.status >= 500:
            raise
        return problems.shows_error(request, error)


async def _served(route: Route, request: Request, inner: Inner, known: frozenset[str]) -> Response:
    call = await run_in_threadpool(_entered, route, request)
    request.state.call = call
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        expected = f"one of {', '.join(sorted(known))}" if known else "no parameter"
        raise InvalidInput(unknown[0][:100], "a parameter that is not known here", expected)
    if call.session is not None and request.method not in SAFE:
        if not request.headers.get(HEADER):
            raise Forbidden(f"a session's change takes the header {HEADER}", "GET /session gives its value")
        await check_form(request, call.desks.vault)
    body = call.body = await request.body()
    _check_body(route, request, body)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and route.changes and call.actor is not None:
        return await _once(call, request, inner, kept_answers.checked_key(key), _digest(request, body))
    return tags.finished(request, await inner(request))


def _entered(route: Route, request: Request) -> Call:
    call = called(request, route.gate)
    call.enter()
    return call


def _check_body(route: Route, request: Request, body: bytes) -> None:
    if len(body) > route.max_bytes:
        raise TooLarge(f"the body has {len(body)} bytes", f"at most {route.max_bytes} are taken here")
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and request.method not in SAFE and media not in route.takes:
        raise Unsupported(f"a body of type {media[:100] or 'none'} is not taken here", f"send {', '.join(route.takes)}")
    if body and media == JSON and not route.body:
        _check_json(body)


def _check_json(body: bytes) -> None:
    """JSON as RFC 8259 has it, said with its line where it is none."""
    try:
        json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        found = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise InvalidInput("body", found, "a JSON document") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput("body", str(error)[:100], "a JSON document in UTF-8") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name}, which JSON does not have")


def _digest(request: Request, body: bytes) -> str:
    """What a key stands for: the request as it was sent."""
    sent = [request.method, request.url.path, request.url.query, request.headers.get("if-match", "")]
    return sha256("\n".join(sent).encode() + b"\n\n" + body).hexdigest()


async def _once(call: Call, request: Request, inner: Inner, key: str, digest: str) -> Response:
    """Answer as before if the key was answered, else do it and keep the answer."""
    engine, vault, account = call.desks.engine, call.desks.vault, call.by.account
    before = await run_in_threadpool(kept_answers.take, engine, vault, account, key, digest, call.now)
    if before is not None:
        answer = Response(before.body, before.status, dict(before.headers))
        answer.headers[REPLAYED] = "true"
        return answer
    try:
        answer = await inner(request)
    except Exception as error:
        # What was refused may be asked again; what broke off somewhere is never done twice.
        refused = not call.worked or problem_of(error).status < 500
        await run_in_threadpool(kept_answers.free if refused else kept_answers.unfinished, engine, account, key)
        raise
    headers = tuple((name, answer.headers[name]) for name in KEPT_HEADERS if name in answer.headers)
    kept = kept_answers.Answer(answer.status_code, headers, bytes(answer.body))
    await run_in_threadpool(kept_answers.keep, engine, vault, account, key, kept)
    return answer
