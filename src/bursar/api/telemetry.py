"""Where clients send their telemetry: OTLP over HTTP, `POST /api/v1/otlp/v1/metrics`, with a person's key or API token.

The form of bodies and answers is OpenTelemetry's and not the API's, so it stands beside the API's document.
"""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bursar.api import problems
from bursar.errors import Forbidden, InvalidInput
from bursar.exchange.telemetry import otlp
from bursar.office.access import Subject, action, allow
from bursar.office.database import reading
from bursar.office.identity import api_tokens
from bursar.office.keyring import keys
from bursar.office.metering import telemetry
from bursar.web.callers import SignInFirst, desks_of
from bursar.web.desks import Desks
from bursar.web.problems import Problem

OBSERVE = action("usage.observe")
RECORD = action("usage.record")
PATH = "/otlp/v1/metrics"
MAX_TOKEN_CHARS = 200


def add_to(router: APIRouter) -> None:
    """Put the receiver among the API's routes."""
    router.add_api_route(PATH, metrics, methods=["POST"], include_in_schema=False)


async def metrics(request: Request) -> Response:
    """Take an export of metrics. 400 with the reason for what is none; rejected points are told in the answer."""
    desks = desks_of(request)
    holder, by = await anyio.to_thread.run_sync(_holder, desks, request.headers.get("authorization", ""))
    body = await request.body()
    kind = request.headers.get("content-type", "").lower()
    try:
        encoding = request.headers.get("content-encoding", "").strip().lower()
        export = await anyio.to_thread.run_sync(lambda: otlp.read(otlp.unpacked(body, encoding), kind))
    except InvalidInput as error:
        return problems.shows(request, Problem(400, error.sentence, error.hint))

    def work() -> telemetry.Taken:
        with desks.lend(by) as desk:
            return telemetry.record(desk, export.readings, holder)

    taken = await anyio.to_thread.run_sync(work)
    skipped = (*export.skipped, *taken.skipped)
    why = "; ".join(f"{one.where}: {one.reason}" for one in skipped[:5])
    answer, form = otlp.answer(kind, len(skipped), why)
    return Response(answer, media_type=form)


def _holder(desks: Desks, given: str) -> tuple[str, str]:
    """The person whom a credential stands for ("" for one who speaks for many), and who that is in the audit log."""
    scheme, _, token = given.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARS:
        raise SignInFirst
    now = desks.clock()
    with reading(desks.engine) as connection:
        key = keys.authenticate(connection, desks.vault, token, now)
    if key is not None:
        return key.person_id, f"key:{key.id}"
    actor = api_tokens.authenticate(desks.engine, desks.vault, token, now)
    if actor is None:
        raise SignInFirst
    if allow(actor, RECORD, Subject(desks.settings.organisation)).allowed:
        return "", actor.label
    if actor.person and allow(actor, OBSERVE, Subject(actor.organisation, actor.person)).allowed:
        return actor.person, actor.label
    raise Forbidden("this token may not tell of usage", "make one with the scope usage.observe")
