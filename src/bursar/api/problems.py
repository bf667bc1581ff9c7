"""Problems as RFC 9457 has them: what happened, what was expected, what to do; never a trace.

The type is a name that stays: programs tell problems apart by it, people by `detail` and `hint`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bursar.api.shapes import Document, said
from bursar.errors import BursarError, Conflict
from bursar.office.works.kept_answers import KeyBusy, KeyReused, KeyUnfinished
from bursar.web.problems import Problem, problem_of

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:bursar:problem:"


class PreconditionFailed(Conflict):
    """What was to be changed is not any more what the caller saw."""

    status = 412


class Unsupported(BursarError):
    """The body is in a form that is not taken here."""

    status = 415


class TooLarge(BursarError):
    status = 413


class TooMany(BursarError):
    """So many at once are not served."""

    status = 429
    retry_seconds = 5


KINDS: Mapping[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be understood"),
    "not-signed-in": (401, "Nobody is signed in"),
    "forbidden": (403, "That is not yours to see or do"),
    "not-found": (404, "There is nothing of that name"),
    "method-not-allowed": (405, "That is not done this way"),
    "too-slow": (408, "The request took too long to arrive"),
    "conflict": (409, "It contradicts what is recorded"),
    "key-reused": (409, "The idempotency key was used for another request"),
    "key-busy": (409, "The first request with this idempotency key is being answered"),
    "key-unfinished": (409, "The first request with this idempotency key did not come to an end"),
    "precondition-failed": (412, "It was changed meanwhile"),
    "too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "The body is in a form that is not taken here"),
    "misdirected": (421, "This is not the address of this installation"),
    "invalid-input": (422, "A value is not as it has to be"),
    "too-many": (429, "Too many at once"),
    "internal": (500, "Something went wrong here"),
    "unavailable": (503, "Not available just now"),
}
"""By the end of the type: status and title."""
_BY_STATUS = {status: kind for kind, (status, _) in reversed(list(KINDS.items()))}
_BY_ERROR: Mapping[type[BursarError], str] = {
    KeyReused: "key-reused",
    KeyBusy: "key-busy",
    KeyUnfinished: "key-unfinished",
}


class FaultDocument(Document):
    """One value that is not as it has to be."""

    field: str = said("What is wrong, with the place in the body or the name of the parameter.", "amount")
    found: str = said("What was found.", "'12,50'")
    expected: str = said("What is expected.", "an amount such as $1,250 or 1.5 GPU-h")
    hint: str = said("What to do.", "use a point before the decimals")


class ProblemDocument(Document):
    """A problem (RFC 9457). Of the first faulty value, `field`, `found` and `expected` stand here too."""

    type: Annotated[
        str, WithJsonSchema({"type": "string", "format": "uri", "enum": [PREFIX + one for one in KINDS]})
    ] = said("What kind of problem it is.", f"{PREFIX}invalid-input")
    title: str = said("The kind in words.", "A value is not as it has to be")
    status: int = said("The HTTP status.", 422)
    detail: str = said("What happened, in a sentence.", "amount: found '12,50', expected an amount such as $1,250")
    instance: str = said("This request, under which the log has the rest.", "urn:bursar:request:5f0e6a1c2b3d4e5f")
    hint: str = said("What to do next; may be empty.", "use a point before the decimals")
    field: str | None = said("The first value that is wrong.", "amount", None)
    found: str | None = said("What was found there.", "'12,50'", None)
    expected: str | None = said("What was expected there.", "an amount such as $1,250", None)
    errors: list[FaultDocument] = Field(default_factory=list, description="Every value that is wrong.")


def shows(request: Request, problem: Problem, kind: str = "") -> Response:
    """The answer that a problem is."""
    kind = kind or _BY_STATUS.get(problem.status, "bad-request" if problem.status < 500 else "internal")
    first = problem.faults[0] if problem.faults else None
    named = first is None or problem.sentence.startswith(first.field)
    document = ProblemDocument(
        type=PREFIX + kind,
        title=KINDS[kind][1],
        status=problem.status,
        detail=problem.sentence if named or first is None else f"{first.field}: {problem.sentence}",
        instance=f"urn:bursar:request:{request.state.request_id}",
        hint=problem.hint,
        field=first.field if first else None,
        found=first.found if first else None,
        expected=first.expected if first else None,
        errors=[
            FaultDocument(field=one.field, found=one.found, expected=one.expected, hint=one.hint)
            for one in problem.faults
        ],
    )
    headers = {"Retry-After": str(problem.retry_seconds)} if problem.retry_seconds else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="bursar"'
    return JSONResponse(document.model_dump(), problem.status, headers, MEDIA_TYPE)


def shows_error(request: Request, error: BursarError) -> Response:
    """The answer that an error is, with the kind that only this face tells apart."""
    problem = problem_of(error)
    retry = getattr(error, "retry_seconds", problem.retry_seconds)
    if isinstance(error, KeyBusy):
        retry = 1
    problem = Problem(problem.status, problem.sentence, problem.hint, problem.faults, retry)
    return shows(request, problem, _BY_ERROR.get(type(error), ""))
