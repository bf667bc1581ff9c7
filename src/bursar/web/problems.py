"""Problems in words: what any failure becomes for whoever asked, whichever face shows it.

A `BursarError` says what happened and what to do, and knows its status. Everything that nobody expected is one sentence and
the request's id, under which the log has the rest; no trace, path or SQL ever leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bursar.errors import BursarError, InvalidInput, Unavailable
from bursar.ledger import StoreUnavailable

UNPROCESSABLE = 422
TITLES = {
    400: "That cannot be done as it was asked",
    401: "Sign in first",
    403: "That is not yours to see or do",
    404: "There is nothing here",
    405: "That is not done this way",
    408: "The request took too long to arrive",
    409: "That does not go with what is recorded",
    413: "That is too large",
    415: "That is not in a form that is understood here",
    421: "This is not the address of this console",
    422: "Something in the form needs another look",
    429: "Too many at once",
    500: "Something went wrong here",
    503: "Not available just now",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is not as it has to be."""

    field: str
    found: str
    expected: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        return f"found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a face shows instead of an answer."""

    status: int
    sentence: str
    hint: str = ""
    faults: tuple[Fault, ...] = ()
    retry_seconds: int = 0
    """When the same request may succeed, 0 for not by waiting."""

    @property
    def title(self) -> str:
        return TITLES.get(self.status, TITLES[400] if self.status < 500 else TITLES[500])


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is to whoever asked."""
    match error:
        case InvalidInput():
            return Problem(UNPROCESSABLE, error.sentence, error.hint, (fault_of(error),))
        case Unavailable():
            return Problem(503, error.sentence, error.hint, retry_seconds=5)
        case BursarError():
            return Problem(error.status, error.sentence, error.hint)
        case StoreUnavailable():
            return Problem(503, "the ledger is not available now", "nothing was changed; try again in a moment", (), 5)
        case RequestValidationError():
            faults = tuple(_of_field(one) for one in error.errors())
            return Problem(UNPROCESSABLE, faults[0].sentence if faults else "the request is not understood", "", faults)
        case HTTPException():
            return Problem(error.status_code, _HTTP.get(error.status_code, "the request cannot be answered"))
        case _:
            return Problem(500, "it was not your doing, and it is written down", "try again; if it stays, name the id")


def fault_of(error: InvalidInput) -> Fault:
    return Fault(error.field, error.found, error.expected, error.hint)


_HTTP = {
    404: "the address leads nowhere, or to something that is not there any more",
    405: "this address does not take that kind of request",
    413: "the request is larger than is taken here",
}
_MAX_SHOWN_CHARS = 80


def _of_field(error: dict[str, object]) -> Fault:
    place = error.get("loc", ())
    name = ".".join(str(one) for one in place[1:]) if isinstance(place, tuple) else ""
    given = error.get("input")
    found = "nothing" if given is None else repr(given)[:_MAX_SHOWN_CHARS]
    # What is missing echoes the whole form, which may hold a password.
    if error.get("type") == "missing" or not isinstance(given, str | int | float | bool):
        found = "nothing"
    expected = str(error.get("msg", "")).removeprefix("Input should be ").removeprefix("String should ")
    return Fault(name or "request", found, expected.lower() or "something else")
