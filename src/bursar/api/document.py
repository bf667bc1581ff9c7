"""The OpenAPI 3.1 document: written from the routes, so that it says what is served.

FastAPI describes parameters and bodies; what it cannot know is added from the routes: the shape of each answer with an
example put together from the examples of its fields, the problems that may come, who may, headers, limits.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bursar import __version__
from bursar.api.problems import KINDS, MEDIA_TYPE, ProblemDocument
from bursar.api.resources import RESOURCES, ROUTES
from bursar.api.routes import JSON, PREFIX, Route
from bursar.api.shapes import Page
from bursar.office.access import ROLES
from bursar.office.works.kept_answers import MAX_KEY_CHARS

Json = dict[str, Any]

ABOUT = """\
Everything that the command line and the console do, for programs.

**Amounts** are exact: `amount` is a decimal number as a string, `nanos` the same in nano-units (1e-9) as a string of an
integer, since JSON's numbers lose digits beyond 2^53 in most languages; `unit` says what is counted. Amounts that are sent
are texts as people write them: `$1,250`, `2_000 USD`, `100M tokens of claude-sonnet`, `1.5 GPU-h`.
**Instants** are ISO 8601 in UTC. A day or instant that is sent may also be local (`2026-12-31`): it is in the time zone of
the person or plan that it is about.
**Who may**: an API token (`Authorization: Bearer bur_api_...`), or the session of the console with its `x-csrf` header for
changes. Each operation names its action of the access table; what is not in the table is denied. Whom or what one may not
know of is not found. Looks at somebody else's figures are written down for that person.
**Twice is once**: a POST, PUT, PATCH or DELETE with an `Idempotency-Key` is done once; its answer is kept for 24 hours and given
again (`Idempotency-Replayed: true`). The same key with other content is a conflict (409).
**Changed meanwhile**: GET answers carry a strong `ETag`; `If-None-Match` saves reading again (304), and `If-Match` changes
something only if it is still what was read (412 otherwise).
**Lists** come in pages: `next` of a page, given as `after`, is the next one; it stays right while rows are added.
**Problems** are `application/problem+json` (RFC 9457) with `field`, `found`, `expected` and a `hint`.
**Long work** answers 202 with a job that can be polled, followed as events and cancelled. Any process
can tell how far one is; what came out is kept for a week.
"""
PAGE = " ".join((inspect.getdoc(Page) or "").split())
STATUS_WORDS = {
    200: "Done.",
    201: "Made.",
    202: "Begun; the job says how far it is.",
    204: "Done; there is nothing to say.",
}
_ETAG = {"description": "Names this content.", "schema": {"type": "string"}}
_REQUEST_ID = {"description": "Names this request in the log.", "schema": {"type": "string"}}
_RETRY = {"description": "Seconds after which the same may succeed.", "schema": {"type": "integer"}}
_LOCATION = {"description": "Address of what was made.", "schema": {"type": "string", "format": "uri-reference"}}
_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"event": _TEXT, "data": _TEXT}, "description": "Each event of the stream."}
STREAM = "text/event-stream"


def document() -> Json:
    """The whole document, as a value."""
    return json.loads(_written())  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _written() -> str:
    router = APIRouter()
    for one in RESOURCES:
        router.include_router(one.router)
    found = get_openapi(
        title="Bursar", version=__version__, openapi_version="3.1.0", description=ABOUT, routes=router.routes
    )
    found["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    found["servers"] = [{"url": PREFIX}]
    found["tags"] = [{"name": one.name, "description": one.description} for one in RESOURCES]
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    references = _add_shapes(schemas)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token: `bur_api_...`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "bursar",
            "description": "The console's session (`__Host-bursar` under https); changes carry the header `x-csrf`.",
        },
    }
    found["components"]["responses"] = dict(_problem_responses())
    for route in ROUTES:
        operation = found["paths"][route.path][route.method.lower()]
        _complete(operation, route, references, schemas)
    _drop_titles(found)
    # `Page[Key]` is written `Page_Key_`; people call it a page of keys.
    return re.sub(r'\bPage_(\w+?)_"', r'\1Page"', json.dumps(found, ensure_ascii=False))


def _add_shapes(schemas: Json) -> dict[Any, Json]:
    """Put the shapes of all answers among the schemas; returns how each is referred to."""
    shapes = {route.shape for route in ROUTES if _is_model(route.shape)} | {ProblemDocument}
    ordered = sorted(shapes, key=lambda one: one.__name__)
    mapping, definitions = models_json_schema(
        [(one, "serialization") for one in ordered], ref_template="#/components/schemas/{model}"
    )
    for name, schema in definitions["$defs"].items():
        if name.startswith("Page_"):
            schema["description"] = PAGE
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two shapes are called {name}")
    return {shape: reference for (shape, _), reference in mapping.items()}


def _drop_titles(found: Any) -> None:
    """Titles that only say a field's name again."""
    if isinstance(found, list):
        for one in found:
            _drop_titles(one)
    elif isinstance(found, dict):
        if isinstance(found.get("title"), str) and ("type" in found or "anyOf" in found or "properties" in found):
            del found["title"]
        for one in found.values():
            _drop_titles(one)


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _problem_responses() -> Iterable[tuple[str, Json]]:
    by_status: dict[int, list[str]] = {}
    for kind, (status, title) in KINDS.items():
        by_status.setdefault(status, []).append(f"`{kind}`: {title}.")
    for status, lines in by_status.items():
        headers: Json = {"x-request-id": _REQUEST_ID}
        if status in (409, 429, 503):
            headers["Retry-After"] = _RETRY
        if status == 401:
            headers["WWW-Authenticate"] = {"schema": _TEXT}
        if status == 405:
            headers["Allow"] = {"schema": _TEXT}
        schema = {"$ref": "#/components/schemas/ProblemDocument"}
        yield (
            f"Problem{status}",
            {"description": " ".join(lines), "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}},
        )


def _complete(operation: Json, route: Route, references: dict[Any, Json], schemas: Json) -> None:
    operation["description"] = f"{route.description}\n\n{_who_may(route)}".strip()
    operation["security"] = _security(route)
    if route.gate.action is not None:
        operation["x-action"] = route.gate.action.name
    operation["responses"] = _responses(route, references, schemas)
    parameters = operation.setdefault("parameters", [])
    parameters += _headers(route)
    if not parameters:
        del operation["parameters"]
    body = operation.get("requestBody")
    if body is not None:
        shaped = body["content"].get(JSON) or next(iter(body["content"].values()))
        body["content"] = {media: dict(shaped) for media in route.takes}
        for media, content in body["content"].items():
            given = (route.example or {}).get(media) if isinstance(route.example, dict) else None
            content["example"] = given if given is not None else example_of(content["schema"], schemas)
        body["description"] = f"At most {route.max_bytes // 1024} KiB."


def _who_may(route: Route) -> str:
    action = route.gate.action
    if action is None:
        return "Anybody may."
    scopes = {role: action.scopes[role] for role in ROLES if role in action.scopes}
    told = ", ".join(f"{role} ({scope})" for role, scope in scopes.items())
    open_ = " Visitors may where the organisation opened it." if action.public else ""
    signed_in = "" if action.by_token else " Not by an API token."
    return f"Action `{action.name}`: {told}.{open_}{signed_in}"


def _security(route: Route) -> list[Json]:
    action = route.gate.action
    if action is None:
        return []
    found: list[Json] = [{"session": []}]
    if action.by_token:
        found.insert(0, {"token": []})
    return [*found, {}] if action.public else found


def _responses(route: Route, references: dict[Any, Json], schemas: Json) -> Json:
    headers: Json = {"x-request-id": _REQUEST_ID}
    if route.method == "GET" and _is_model(route.shape):
        headers["ETag"] = _ETAG
    if route.status in (201, 202) and route.located:
        headers["Location"] = _LOCATION
    if route.changes:
        headers["Idempotency-Replayed"] = {"description": "`true` if this was answered before.", "schema": _TEXT}
    good: Json = {"description": STATUS_WORDS[route.status], "headers": headers}
    if _is_model(route.shape):
        schema = references[route.shape]
        good["content"] = {JSON: {"schema": schema, "example": example_of(schema, schemas)}}
    elif route.shape is not None:
        shaped: Json = {"type": "object"} if route.gives == JSON else _EVENT if route.gives == STREAM else _TEXT
        good["content"] = {
            route.gives: {"schema": shaped},
            **{one: {"schema": {}, "example": {}} for one in route.or_gives},
        }
        if route.gives == JSON:
            good["content"][JSON]["example"] = route.example or {}
    found: Json = {str(route.status): good}
    if "ETag" in headers:
        found["304"] = {"description": "What the caller has is what there is.", "headers": {"ETag": _ETAG}}
    for status in sorted(_problems(route)):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return found


def _problems(route: Route) -> set[int]:
    """What may go wrong, as it follows from the route."""
    found = {400, 405, 408, 413, 421, 422, 500, 503, *route.errors}
    if route.gate.action is not None:
        found |= {401, 403, 404}
    elif "{" in route.path:
        found.add(404)
    if route.method != "GET":
        found.add(415)
    if route.changes:
        found.add(409)
    if route.current is not None:
        found.add(412)
    if route.status == 202:
        found.add(429)
    return found


def _headers(route: Route) -> list[Json]:
    found = []
    if route.changes:
        about = "Names this request: sent again with the same key, it is not done again."
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[ -~]+$"}
        found.append(_header("Idempotency-Key", about, schema, "2f1c9a-topup-42"))
    if route.current is not None:
        found.append(_header("If-Match", "Change it only if this is its tag.", _TEXT, '"5f0e6a1c2b3d4e5f"'))
    if route.method == "GET" and _is_model(route.shape):
        found.append(_header("If-None-Match", "Answer only if this is not its tag.", _TEXT, '"5f0e6a1c2b3d4e5f"'))
    return found


def _header(name: str, about: str, schema: Json, example: str) -> Json:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema, "example": example}


def example_of(schema: Json, schemas: Json) -> Any:
    """An example of a schema, put together from those of its fields."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "properties" in schema:
        wanted = {
            name: one
            for name, one in schema["properties"].items()
            if name in schema.get("required", ()) or one.get("examples") or "default" not in one
        }
        return {name: example_of(one, schemas) for name, one in wanted.items()}
    if "default" in schema:
        return schema["default"]
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return example_of(one, schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if "enum" in schema:
        return schema["enum"][0]
    return {"boolean": False, "integer": 1, "number": 1.0, "object": {}}.get(schema.get("type", ""), "")
