"""Routes: each says which action of the access table it is, and what it is about; none is without.

    PEOPLE = Resource("People", "Who is on the roster.")

    @PEOPLE.get("/people/{person}", "getPerson", "A person of the roster", action="person.read", whose="person")
    def get_person(call: Called) -> PersonDocument:
        with call.desk() as desk:
            ...

A handler is a plain function (it runs in the pool of threads that database calls need), its docstring the description, its
return type the shape of the answer. `serving` puts the gate, limits, idempotency and entity tags around it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import APIRouter, Depends, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from bursar.api import serving, tags
from bursar.api.calls import Call, Gate, Thing, Whose
from bursar.api.limits import MAX_JSON_BYTES, MAX_NAME_CHARS
from bursar.office import access

Handler = TypeVar("Handler", bound=Callable[..., Any])
Current = Callable[[Call, Connection], BaseModel]
"""What the resource is at this instant, read with the connection that is about to change it."""
JSON = "application/json"
PREFIX = "/api/v1"
PERSON = Path(
    description="Handle, e-mail address or id of a person; `@me` is oneself.",
    max_length=MAX_NAME_CHARS,
    examples=["ada"],
)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API."""

    name: str
    """`operationId`."""
    method: str
    path: str
    tag: str
    summary: str
    description: str
    gate: Gate
    status: int
    shape: Any
    """Of the answer: a Document, or None where there is no content."""
    changes: bool
    """It changes something: it takes an Idempotency-Key, and a form's token where a cookie signs in."""
    current: Current | None
    """Set: it takes If-Match."""
    takes: tuple[str, ...] = (JSON,)
    max_bytes: int = MAX_JSON_BYTES
    body: str = ""
    """What a body is called that is no JSON object and read by the office itself."""
    gives: str = JSON
    or_gives: tuple[str, ...] = ()
    """Further media types of an answer that is a file."""
    located: bool = False
    """The answer has the address of what was made."""
    errors: tuple[int, ...] = ()
    """Further statuses than those that follow from the rest."""
    example: Any = field(default=None, compare=False)


class Resource:
    """Collects the routes about one thing."""

    def __init__(self, name: str, description: str) -> None:
        self.name, self.description = name, description
        self.router = APIRouter()
        self.routes: list[Route] = []

    def get(self, path: str, name: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Something to read."""
        return self._add("GET", path, name, summary, changes=False, **more)

    def post(
        self, path: str, name: str, summary: str, *, changes: bool = True, **more: Any
    ) -> Callable[[Handler], Handler]:
        """Something to do; with `changes` False something to work out that keeps nothing."""
        return self._add("POST", path, name, summary, changes=changes, **more)

    def patch(self, path: str, name: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._add("PATCH", path, name, summary, changes=True, **more)

    def put(self, path: str, name: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._add("PUT", path, name, summary, changes=True, **more)

    def delete(self, path: str, name: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, name, summary, changes=True, status=204, **more)

    def _add(
        self,
        method: str,
        path: str,
        name: str,
        summary: str,
        *,
        whose: Whose,
        action: str = "",
        thing: Thing | None = None,
        changes: bool,
        current: Current | None = None,
        status: int = 200,
        **more: Any,
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            gate = Gate(access.action(action) if action else None, whose, f"{summary} (API)", thing)
            shape = get_type_hints(handler, include_extras=True).get("return")
            shape = None if shape is type(None) else shape
            told = " ".join((inspect.getdoc(handler) or "").split())
            route = Route(name, method, path, self.name, summary, told, gate, status, shape, changes, current, **more)
            self.routes.append(route)
            self.router.add_api_route(
                path,
                _endpoint(route, handler),
                methods=[method],
                operation_id=name,
                name=name,
                tags=[self.name],
                summary=summary,
                description=told,
                status_code=status,
                response_model=None,
                dependencies=[Depends(one) for one in _of_path(gate)],
                openapi_extra=_raw_body(route),
                route_class_override=_guarded(route),
            )
            return handler

        return add


def _guarded(route: Route) -> type[APIRoute]:
    class Guarded(APIRoute):
        """The gate stands before FastAPI reads anything of the request."""

        def get_route_handler(self) -> Callable[[Request], Any]:
            inner = super().get_route_handler()
            known = frozenset(one.alias for one in self.dependant.query_params)

            async def handle(request: Request) -> Response:
                return await serving.serve(route, request, inner, known)

            return handle

    return Guarded


def _endpoint(route: Route, handler: Callable[..., Any]) -> Callable[..., Response]:
    """The handler, its answer written down once: what is sent is what the entity tag is of."""

    @wraps(handler)
    def endpoint(**given: Any) -> Response:
        call: Call = given["call"]
        with tags.condition(call, route.current):
            found = handler(**given)
        if isinstance(found, Response):
            return found
        if found is None:
            return Response(status_code=route.status)
        answer = Response(found.model_dump_json(), route.status, media_type=JSON)
        if call.location:
            answer.headers["Location"] = f"{PREFIX}{call.location}"
        if route.method == "GET":
            answer.headers["ETag"] = tags.tag_of(found)
        return answer

    signature = inspect.signature(handler, eval_str=True)
    endpoint.__signature__ = signature.replace(return_annotation=Response)  # type: ignore[attr-defined]
    return endpoint


def _raw_body(route: Route) -> dict[str, Any] | None:
    if not route.body:
        return None
    return {"requestBody": {"required": True, "content": {media: {"schema": {}} for media in route.takes}}}


def _of_path(gate: Gate) -> list[Callable[..., Any]]:
    """What the path names, for the OpenAPI document: the gate has read it itself."""
    if gate.whose == "person":
        return [_person]
    if gate.whose == "thing" and gate.thing is not None:
        return [_named(gate.thing.word)]
    return []


async def _person(person: Annotated[str, PERSON]) -> None:
    pass


def _named(word: str) -> Callable[..., Any]:
    async def named(**_: str) -> None:
        pass

    about = Path(description=f"Id of the {word}.", max_length=MAX_NAME_CHARS, examples=[f"{word[:3]}_5f0e6a1c2b3d"])
    parameter = inspect.Parameter(word, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, about])
    named.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    return named
