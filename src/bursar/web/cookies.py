"""The session's cookie: not readable by scripts, not sent by other sites' pages, gone with the browser.

Under https it is called `__Host-bursar`, which browsers accept only with Secure, for this host alone and for every path.
"""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import Response

from bursar.office.identity.sessions import COOKIE_CHARS
from bursar.office.keyring.tokens import RANDOM_BYTES

_PLAIN, _HOST = "bursar", "__Host-bursar"


def is_secure(request: Request) -> bool:
    """Whether whoever asks came by https: the connection's own scheme, or what a proxy that is believed says."""
    return request.url.scheme == "https"


def session_cookie(request: Request) -> str:
    """The session's cookie that the browser came with, empty for none or one that cannot be ours."""
    found = request.cookies.get(_HOST if is_secure(request) else _PLAIN, "")
    return found if len(found) == COOKIE_CHARS and found.isascii() else ""


def set_session(response: Response, request: Request, cookie: str) -> None:
    """Hand out a session's cookie; it ends with the browser, and the session before it."""
    secure = is_secure(request)
    response.set_cookie(_HOST if secure else _PLAIN, cookie, secure=secure, httponly=True, samesite="lax", path="/")


def forget_session(response: Response, request: Request) -> None:
    secure = is_secure(request)
    response.delete_cookie(_HOST if secure else _PLAIN, secure=secure, httponly=True, samesite="lax", path="/")


def blank_cookie(entropy: bytes) -> str:
    """A cookie of no session, for whoever is about to sign in: the form's token is derived from it."""
    if len(entropy) != RANDOM_BYTES:
        raise ValueError(f"a cookie takes {RANDOM_BYTES} random bytes")
    return base64.urlsafe_b64encode(entropy).decode().rstrip("=")
