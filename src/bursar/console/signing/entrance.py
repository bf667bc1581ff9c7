"""The entrance: sign in with a password, then with a code where there is a second factor; a link of an invitation; sign out.

Whoever asks has no session yet. The forms carry a token all the same, derived from a cookie of no session, so that nobody is
signed in to somebody else's account by a page of another site. Every success begins a session with a new cookie.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.console import rendering
from bursar.console.visit import by_field, theme_of
from bursar.errors import BursarError, NotFound
from bursar.office import openings
from bursar.office.database import reading
from bursar.office.desk import new_id
from bursar.office.identity import invitations, sessions, sign_in
from bursar.office.identity.oidc import RETURN_PATH, IdentityProvider
from bursar.office.identity.oidc.flow import STATE_SECONDS
from bursar.office.identity.sessions import Opened
from bursar.office.identity.sign_in import Origin, Refused
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.vault import Secret
from bursar.web.callers import desks_of
from bursar.web.cookies import blank_cookie, forget_session, is_secure, session_cookie, set_session
from bursar.web.desks import Desks
from bursar.web.forms import check_form, form_token
from bursar.web.problems import problem_of
from bursar.web.returning import path_back, with_return

PUBLIC = APIRouter(default_response_class=HTMLResponse)
MAX_PASSWORD_CHARS = 1_024
MAX_LOGIN_CHARS = 254
MAX_CODE_CHARS = 64
STATE_COOKIE = "bursar-oidc"
MAX_STATE_CHARS = 1_000

Next = Annotated[str, Query(alias="next", max_length=1_000)]
NextField = Annotated[str, Form(alias="next", max_length=1_000)]


async def _own_form(request: Request) -> None:
    await check_form(request, desks_of(request).vault)


OWN_FORM = [Depends(_own_form)]


@PUBLIC.get("/sign-in")
def door(request: Request, back: Next = "") -> Response:
    """The form; whoever is signed in already goes on."""
    desks, cookie = desks_of(request), session_cookie(request)
    if cookie and sessions.resume(desks.engine, desks.vault, cookie, desks.clock()) is not None:
        return RedirectResponse(path_back(back), 303)
    return _drawn(request, "signing/sign_in.html", back=path_back(back), login="", visitors=_visitors(desks))


@PUBLIC.post("/sign-in", dependencies=OWN_FORM)
def enter(
    request: Request,
    login: Annotated[str, Form(max_length=MAX_LOGIN_CHARS)] = "",
    password: Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)] = "",
    back: NextField = "",
) -> Response:
    """Try a login and a password."""
    desks = desks_of(request)
    found = sign_in.with_password(
        desks.engine,
        desks.vault,
        login,
        Secret(password),
        origin_of(request),
        session_id=new_id("ses"),
        randomness=secrets.token_bytes,
        now=desks.clock(),
    )
    if isinstance(found, Refused):
        return _refused(
            request, "signing/sign_in.html", found, back=path_back(back), login=login, visitors=_visitors(desks)
        )
    return _entered(request, found, back)


def _visitors(desks: Desks) -> bool:
    """Whether strangers may weigh an offer here."""
    with reading(desks.engine) as connection:
        return openings.is_open(connection, openings.VISITORS)


@PUBLIC.get("/sign-in/code")
def second_door(request: Request, back: Next = "") -> Response:
    """The form for the second factor's code."""
    if _half(request) is None:
        return RedirectResponse(with_return("/sign-in", back), 303)
    return _drawn(request, "signing/code.html", back=path_back(back))


@PUBLIC.post("/sign-in/code", dependencies=OWN_FORM)
def enter_by_code(
    request: Request, code: Annotated[str, Form(max_length=MAX_CODE_CHARS)] = "", back: NextField = ""
) -> Response:
    """Try a code, or a recovery code."""
    desks, session = desks_of(request), _half(request)
    if session is None:
        return RedirectResponse(with_return("/sign-in", back), 303)
    found = sign_in.with_code(
        desks.engine,
        desks.vault,
        session,
        code,
        origin_of(request),
        session_id=new_id("ses"),
        randomness=secrets.token_bytes,
        now=desks.clock(),
    )
    if isinstance(found, Refused):
        return _refused(request, "signing/code.html", found, back=path_back(back))
    return _entered(request, found, back)


@PUBLIC.get(invitations.PATH + "{token}")
def invited(request: Request, token: Annotated[str, Path(max_length=200)]) -> Response:
    """The form that sets a password by a link."""
    desks = desks_of(request)
    with reading(desks.engine) as connection:
        account = invitations.holder(connection, desks.vault, token, desks.clock())
    return _drawn(request, "signing/invitation.html", account=account)


@PUBLIC.post(invitations.PATH + "{token}", dependencies=OWN_FORM)
def accept(
    request: Request,
    token: Annotated[str, Path(max_length=200)],
    password: Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)] = "",
) -> Response:
    """Set the password; its owner signs in with it then."""
    desks = desks_of(request)
    try:
        sign_in.by_invitation(
            desks.engine, desks.vault, token, Secret(password), randomness=secrets.token_bytes, now=desks.clock()
        )
    except BursarError as error:
        problem = problem_of(error)
        if not problem.faults:
            raise
        with reading(desks.engine) as connection:
            account = invitations.holder(connection, desks.vault, token, desks.clock())
        return _drawn(request, "signing/invitation.html", 422, account=account, problem=problem)
    return RedirectResponse("/sign-in?done=password", 303)


@PUBLIC.get("/sign-in/provider")
async def to_provider(request: Request, back: Next = "") -> Response:
    """On to the identity provider, with a cookie that has to come back."""
    provider = _provider(request)
    if provider is None:
        raise NotFound("no identity provider is set up here")
    begun = await provider.begin(path_back(back))
    answer = RedirectResponse(begun.url, 303)
    answer.set_cookie(
        STATE_COOKIE,
        begun.cookie.reveal(),
        max_age=STATE_SECONDS,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
        path="/sign-in",
    )
    return answer


@PUBLIC.get(RETURN_PATH)
async def from_provider(request: Request) -> Response:
    """Back from the identity provider."""
    provider = _provider(request)
    if provider is None:
        raise NotFound("no identity provider is set up here")
    cookie = request.cookies.get(STATE_COOKIE, "")[:MAX_STATE_CHARS]
    signed_in = await provider.finish(dict(request.query_params), cookie, origin_of(request))
    answer = RedirectResponse(path_back(signed_in.back_to), 303)
    set_session(answer, request, signed_in.opened.cookie.reveal())
    answer.delete_cookie(STATE_COOKIE, path="/sign-in", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


@PUBLIC.post("/sign-out", dependencies=OWN_FORM)
async def leave(request: Request) -> Response:
    """End this session; whoever came by an identity provider is shown how to sign out there too."""
    desks, provider = desks_of(request), _provider(request)
    ended = await run_in_threadpool(
        sessions.sign_out, desks.engine, desks.vault, session_cookie(request), desks.clock()
    )
    elsewhere = await provider.sign_out_url(ended) if provider is not None and ended is not None else ""
    answer: Response = RedirectResponse("/sign-in?done=out", 303)
    if elsewhere:
        # A form may lead nowhere but here (form-action), so the way there is a link.
        answer = _drawn(request, "signing/signed_out.html", elsewhere=elsewhere)
    forget_session(answer, request)
    # What the browser keeps of these pages goes too.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def origin_of(request: Request) -> Origin:
    """Where somebody signs in from, as the connection and the browser say."""
    address = request.client.host if request.client else ""
    return Origin(address, request.headers.get("user-agent", ""), session_cookie(request))


def _provider(request: Request) -> IdentityProvider | None:
    found: IdentityProvider | None = request.app.state.identity
    return found


def _half(request: Request) -> sessions.Session | None:
    desks = desks_of(request)
    return sessions.resume(desks.engine, desks.vault, session_cookie(request), desks.clock(), "code")


def _entered(request: Request, opened: Opened, back: str) -> Response:
    target = path_back(back) if opened.session.stage == "full" else with_return("/sign-in/code", back)
    answer = RedirectResponse(target, 303)
    set_session(answer, request, opened.cookie.reveal())
    return answer


def _refused(request: Request, template: str, refused: Refused, **values: Any) -> Response:
    status = 429 if refused.wait_seconds else 401
    answer = _drawn(request, template, status, refused=refused, **values)
    if refused.wait_seconds:
        answer.headers["Retry-After"] = str(refused.wait_seconds)
    return answer


def _drawn(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page for whoever is not signed in, with a cookie of no session if the browser has none."""
    desks, cookie = desks_of(request), session_cookie(request)
    fresh = "" if cookie else blank_cookie(secrets.token_bytes(RANDOM_BYTES))
    problem = values.get("problem")
    text = rendering.drawn(
        template,
        **{
            "refused": None,
            "visitors": False,
            "provider": urlsplit(desks.settings.oidc.issuer).hostname if desks.settings.oidc.issuer else "",
            "done": request.query_params.get("done", ""),
            "theme": theme_of(request),
            "token": form_token(desks.vault, cookie or fresh),
            "faults": by_field(problem) if problem else {},
            **values,
        },
    )
    answer = HTMLResponse(text, status)
    if fresh:
        set_session(answer, request, fresh)
    return answer
