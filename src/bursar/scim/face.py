"""The SCIM server as a face of the app: its routes, who may call, and the limits of a request.

A directory comes with an API token and no cookie. The gate stands before anything of a request is read. What a patch rests
on may change meanwhile: then it is worked out again, a few times.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from scim2_models import (
    Context,
    InvalidSyntaxException,
    InvalidValueException,
    ListResponse,
    NotFoundException,
    PatchOp,
    Resource,
    ResponseParameters,
    SCIMException,
    ScimObject,
    SearchRequest,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bursar.errors import BursarError, Unavailable
from bursar.office.access import Actor, Subject, action, require
from bursar.office.database import reading
from bursar.office.identity import api_tokens
from bursar.office.workforce import provisioning
from bursar.office.workforce.provisioning import Changed, Document, Record
from bursar.scim import mapping, problems, queries
from bursar.scim.shapes import POLICY, Person, provider
from bursar.web.app import Face
from bursar.web.callers import SignInFirst, desks_of
from bursar.web.desks import Desks

PREFIX = "/scim/v2"
PROVISION = action("roster.provision")
MAX_BYTES = 256 * 1024
"""Body of a request."""
MAX_DEPTH = 20
"""Of what is nested in it."""
MAX_OPERATIONS = 100
"""In one patch."""
MAX_TOKEN_CHARS = 200
ATTEMPTS = 5
"""How often a patch is worked out again because somebody else was faster."""
TAKES = ("application/scim+json", "application/json")

Work = Callable[["Asked"], Response]


class Asked:
    """One request of a directory that may."""

    def __init__(self, request: Request, actor: Actor, desks: Desks, body: bytes) -> None:
        self.request, self.actor, self.desks, self.body = request, actor, desks, body
        public = desks.settings.public_url.rstrip("/")
        self.base = (public or str(request.base_url).rstrip("/")) + PREFIX

    @property
    def id(self) -> str:
        return str(self.request.path_params["id"])

    def document(self) -> Document:
        """The body. Raises InvalidSyntaxException for one that is no JSON object."""
        try:
            found = json.loads(self.body, parse_constant=_no_number)
            # Half a surrogate pair is no text that could be kept or sent.
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise InvalidSyntaxException(detail="the body is no JSON") from None
        if not isinstance(found, dict) or _depth(found) > MAX_DEPTH:
            raise InvalidSyntaxException(detail=f"expected a JSON object, nested at most {MAX_DEPTH} deep")
        return found

    def parameters(self) -> ResponseParameters[Any]:
        given = self.request.query_params
        names = ("attributes", "excludedAttributes")
        return ResponseParameters[Person].model_validate({name: given[name] for name in names if name in given})

    def seen(self) -> str:
        """The version that the caller has seen, if they say which."""
        return self.request.headers.get("if-match", "").removeprefix("W/").strip('" ').replace("*", "")


def scim_face() -> Face:
    """Users, and the three endpoints that describe the server."""
    described = provider()
    router = APIRouter()

    def add(path: str, method: str, work: Work) -> None:
        async def endpoint(request: Request) -> Response:
            return await _served(request, work)

        router.add_api_route(path, endpoint, methods=[method], include_in_schema=False, response_model=None)

    def describing(resources: list[Resource[Any]]) -> tuple[Work, Work]:
        def every(asked: Asked) -> Response:
            if "filter" in asked.request.query_params:
                # RFC 7644, section 4: a filter here is refused with 403.
                return problems.answer(403, "what describes the server is not filtered")
            return _sent(_page(resources, len(resources), 1), Context.RESOURCE_QUERY_RESPONSE)

        def one(asked: Asked) -> Response:
            found = next((each for each in resources if str(each.id) == asked.id), None)
            if found is None:
                raise NotFoundException(detail=f"there is no {asked.id[:200]!r}")
            return _sent(found, Context.RESOURCE_QUERY_RESPONSE)

        return every, one

    add("/ServiceProviderConfig", "GET", lambda _: _sent(described.config, Context.RESOURCE_QUERY_RESPONSE))
    for path, resources in (("/ResourceTypes", described.resource_types), ("/Schemas", described.schemas)):
        every, one = describing(list(resources))
        add(path, "GET", every)
        add(path + "/{id}", "GET", one)
    add("/Users", "GET", _list)
    add("/Users", "POST", _create)
    for path in ("/.search", "/Users/.search"):
        add(path, "POST", _search)
    add("/Users/{id}", "GET", _get)
    add("/Users/{id}", "PUT", _replace)
    add("/Users/{id}", "PATCH", _patch)
    add("/Users/{id}", "DELETE", _delete)
    return Face(PREFIX, router, problems.shows, problems.signs_in)


async def _served(request: Request, work: Work) -> Response:
    """The gate, the limits, and every refusal as an error of this protocol."""
    desks = desks_of(request)

    def enter() -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        actor = None
        if scheme.lower() == "bearer" and len(token) <= MAX_TOKEN_CHARS:
            actor = api_tokens.authenticate(desks.engine, desks.vault, token.strip(), desks.clock())
        if actor is None:
            raise SignInFirst
        require(actor, PROVISION, Subject(desks.settings.organisation))
        return actor

    def done() -> Response:
        with POLICY:
            return work(Asked(request, actor, desks, body))

    try:
        actor = await run_in_threadpool(enter)
        body = await request.body() if request.method in ("POST", "PUT", "PATCH") else b""
        if len(body) > MAX_BYTES:
            return problems.answer(413, f"the request is larger than {MAX_BYTES} bytes")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and media not in TAKES:
            return problems.answer(415, f"the body is {media[:80]!r}, expected one of {', '.join(TAKES)}")
        return await run_in_threadpool(done)
    except (SCIMException, ValidationError) as error:
        return problems.of_scim(error)
    except Unavailable:
        raise
    except BursarError as error:
        return problems.of_error(error)


def _list(asked: Asked) -> Response:
    given = asked.request.query_params
    names = ("filter", "startIndex", "count", "attributes", "excludedAttributes", "sortBy", "sortOrder")
    request = SearchRequest[Person].model_validate({name: given[name] for name in names if name in given})
    return _found(asked, request)


def _search(asked: Asked) -> Response:
    return _found(asked, SearchRequest[Person].model_validate(asked.document(), scim_ctx=Context.SEARCH_REQUEST))


def _found(asked: Asked, request: SearchRequest[Any]) -> Response:
    start, count = queries.page(request)
    with reading(asked.desks.engine) as connection:
        total, records = provisioning.listed(
            connection, queries.wanted(request.filter), asked.desks.clock(), start=start, count=count
        )
    users = [mapping.read(mapping.shown(one, asked.base), POLICY) for one in records]
    return _sent(_page(users, total, start), Context.RESOURCE_QUERY_RESPONSE, request)


def _get(asked: Asked) -> Response:
    return _user(asked, _record(asked), Context.RESOURCE_QUERY_RESPONSE)


def _create(asked: Asked) -> Response:
    user = Person.model_validate(asked.document(), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    document = mapping.written(user)
    document["active"] = document.get("active") is not False
    wish = mapping.wish_of(document, {})
    with asked.desks.lend(asked.actor.label) as desk:
        record = provisioning.create(desk, wish)
    return _user(asked, record, Context.RESOURCE_CREATION_RESPONSE, 201)


def _replace(asked: Asked) -> Response:
    record = _record(asked)
    user = Person.model_validate(asked.document(), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    document = mapping.written(user)
    document.setdefault("active", record.active)
    wish = mapping.wish_of(document, record.document)
    with asked.desks.lend(asked.actor.label) as desk:
        changed = provisioning.change(desk, record.id, wish, seen=asked.seen(), own=asked.actor.person)
    return _user(asked, changed, Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch(asked: Asked) -> Response:
    patch = PatchOp[Person].model_validate(asked.document(), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    if len(patch.operations or ()) > MAX_OPERATIONS:
        raise InvalidValueException(
            detail=f"Operations: found {len(patch.operations or ())}, expected at most {MAX_OPERATIONS}"
        )
    for attempt in range(ATTEMPTS):
        record = _record(asked)
        before = mapping.shown(record, asked.base)
        user = mapping.read(before, POLICY)
        patch.patch(user)
        wish = mapping.wish_of(mapping.written(user), before, record.document)
        with asked.desks.lend(asked.actor.label) as desk:
            try:
                seen = asked.seen() or record.version
                changed = provisioning.change(desk, record.id, wish, seen=seen, own=asked.actor.person)
                break
            except Changed:
                if asked.seen() or attempt == ATTEMPTS - 1:
                    raise
    return _user(asked, changed, Context.RESOURCE_PATCH_RESPONSE)


def _delete(asked: Asked) -> Response:
    with asked.desks.lend(asked.actor.label) as desk:
        provisioning.remove(desk, asked.id, seen=asked.seen(), own=asked.actor.person)
    return Response(status_code=204)


def _record(asked: Asked) -> Record:
    with reading(asked.desks.engine) as connection:
        return provisioning.named(connection, asked.id, asked.desks.clock())


def _user(asked: Asked, record: Record, context: Context, status: int = 200) -> Response:
    if context == Context.RESOURCE_QUERY_RESPONSE and mapping.tag(record) in asked.request.headers.get(
        "if-none-match", ""
    ):
        return Response(status_code=304, headers={"ETag": mapping.tag(record)})
    user = mapping.read(mapping.shown(record, asked.base), POLICY)
    answer = _sent(user, context, asked.parameters(), status)
    answer.headers["ETag"] = mapping.tag(record)
    answer.headers["Location"] = f"{asked.base}/Users/{record.id}"
    return answer


def _page(resources: list[Any], total: int, start: int) -> ListResponse[Any]:
    kind: Any = type(resources[0]) if resources else Person
    shape: Any = ListResponse
    found: ListResponse[Any] = shape[kind](
        total_results=total, start_index=start, items_per_page=len(resources), resources=resources
    )
    return found


def _sent(
    found: ScimObject | ListResponse[Any] | None,
    context: Context,
    asked: ResponseParameters[Any] | None = None,
    status: int = 200,
) -> Response:
    assert found is not None
    text = found.model_dump_json(scim_ctx=context, response_parameters=asked)
    return Response(text, status, media_type=problems.MEDIA_TYPE)


def _no_number(text: str) -> Any:
    """NaN and infinities are no JSON."""
    raise ValueError(text)


def _depth(value: Any) -> int:
    """How deep a document is nested, without going deeper than anybody may."""
    level, inner = 0, [value]
    while inner and level <= MAX_DEPTH:
        level += 1
        inner = [
            each
            for one in inner
            for each in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
    return level
