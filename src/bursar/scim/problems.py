"""How this face says no: the error of RFC 7644, section 3.12, with a scimType where there is one."""

from __future__ import annotations

from pydantic import ValidationError
from scim2_models import Error, SCIMException
from starlette.requests import Request
from starlette.responses import Response

from bursar.errors import BursarError, InvalidInput
from bursar.office.workforce.provisioning import Changed, Taken
from bursar.scim.mapping import ATTRIBUTES
from bursar.web.problems import Problem

MEDIA_TYPE = "application/scim+json"


def answer(status: int, detail: str, scim_type: str = "") -> Response:
    """An error as it is sent."""
    error = Error(status=status, scim_type=scim_type or None, detail=detail)
    headers = {"WWW-Authenticate": 'Bearer realm="bursar"'} if status == 401 else {}
    return Response(error.model_dump_json(), status, headers, MEDIA_TYPE)


def of_error(error: BursarError) -> Response:
    """What the office refuses, in a directory's words."""
    if isinstance(error, InvalidInput):
        name = ATTRIBUTES.get(error.field, error.field)
        told = f"{name}: found {error.found}, expected {error.expected}" + (f"; {error.hint}" if error.hint else "")
        return answer(400, told, "invalidValue")
    told = error.sentence + (f"; {error.hint}" if error.hint else "")
    if isinstance(error, Taken):
        return answer(409, told, "uniqueness")
    return answer(412 if isinstance(error, Changed) else error.status, told)


def of_scim(error: SCIMException | ValidationError) -> Response:
    """What does not follow the protocol or the schema."""
    found = Error.from_validation_errors(error)[0] if isinstance(error, ValidationError) else error.to_error()
    return answer(found.status or 400, found.detail or "the request is not understood", found.scim_type or "")


def shows(_: Request, problem: Problem) -> Response:
    """A problem that was found before any route, or that nobody expected."""
    return answer(problem.status, problem.sentence + (f"; {problem.hint}" if problem.hint else ""))


def signs_in(_: Request) -> Response:
    """What whoever has no good token gets."""
    return answer(401, "send `Authorization: Bearer bur_api_...` with a token that has the scope roster.provision")
