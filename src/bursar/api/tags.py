"""Entity tags: what somebody read is named by a strong tag, so that reading again is cheap and nobody overwrites unseen.

A tag is of the content. An answer that is packed on its way is another representation of it, with a tag of its own
(`...-gzip`); for a condition both name the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from bursar.api.calls import Call
from bursar.api.problems import PreconditionFailed
from bursar.errors import InvalidInput
from bursar.office.database import only_if
from bursar.web.app import PACKED_FROM_BYTES

TAG_CHARS = 32
PACKED = "-gzip"
MAX_TAGS = 20
"""In one condition."""


def tag_of(document: BaseModel) -> str:
    """The strong tag of what is sent, quotes included."""
    return f'"{sha256(document.model_dump_json().encode()).hexdigest()[:TAG_CHARS]}"'


def named(header: str) -> frozenset[str]:
    """The tags of a condition, whichever representation they name; `*` names any. Weak ones are left out."""
    parts = [one.strip() for one in header.split(",")][:MAX_TAGS]
    return frozenset(one.replace(PACKED + '"', '"') for one in parts if one == "*" or one.startswith('"'))


def finished(request: Request, answer: Response) -> Response:
    """The answer with the tag of how it travels, or 304 if the caller has it."""
    tag = answer.headers.get("etag")
    if tag is None or answer.status_code != 200:
        return answer
    packed = len(answer.body) >= PACKED_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", "")
    sent = tag[:-1] + PACKED + '"' if packed else tag
    # Whoever only reads may also have it by a weak tag (RFC 9110, section 13.1.2).
    had = named(request.headers.get("if-none-match", "").replace("W/", ""))
    if tag in had or "*" in had:
        return Response(status_code=304, headers={"ETag": sent})
    answer.headers["ETag"] = sent
    return answer


@contextmanager
def condition(call: Call, current: Callable[[Call, Connection], BaseModel] | None) -> Iterator[None]:
    """Change only what the caller has seen, if the caller says what that was."""
    header = call.request.headers.get("if-match", "")
    if not header:
        yield
        return
    if current is None:
        raise InvalidInput("If-Match", "a tag", "none: this is not changed by its tag")
    seen = named(header)

    def check(connection: Connection) -> None:
        tag = tag_of(current(call, connection))
        if tag not in seen and "*" not in seen:
            raise PreconditionFailed("it was changed since it was read", "read it again, and decide again")

    with only_if(check):
        yield
