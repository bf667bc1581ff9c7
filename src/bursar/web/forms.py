"""Forms that only our own pages can send: a token in each, and the browser's own word for where it came from.

The token is derived from the session's cookie, so nothing is stored. It is masked anew in every page: answers are packed,
and a secret that never changes could be guessed from the size of packed pages (BREACH).
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.requests import Request

from bursar.errors import Forbidden
from bursar.office.identity import sessions
from bursar.office.vault import Vault
from bursar.web.cookies import session_cookie

FIELD = "csrf"
HEADER = "x-csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_FIELDS = 500
_FOREIGN = Forbidden("this form did not come from a page of your session", "open the page again and send it from there")


def form_token(vault: Vault, cookie: str) -> str:
    """What a form of this session carries; different every time, good for the whole session."""
    token = sessions.csrf_token(vault, cookie).encode()
    mask = secrets.token_bytes(len(token))
    return mask.hex() + _xor(token, mask).hex()


def token_fits(vault: Vault, cookie: str, given: str) -> bool:
    """Whether a form's token is one of this session."""
    try:
        both = bytes.fromhex(given)
    except ValueError:
        return False
    if not both or len(both) % 2:
        return False
    mask, masked = both[: len(both) // 2], both[len(both) // 2 :]
    return sessions.csrf_fits(vault, cookie, _xor(mask, masked).decode("latin-1"))


async def check_form(request: Request, vault: Vault) -> None:
    """Let a changing request pass only from our own pages. Raises Forbidden."""
    if request.method in SAFE:
        return
    if not comes_from_here(request):
        raise _FOREIGN
    given = request.headers.get(HEADER, "")
    if not given:
        form = await request.form(max_fields=MAX_FIELDS)
        found = form.get(FIELD, "")
        given = found if isinstance(found, str) else ""
    if not token_fits(vault, session_cookie(request), given):
        raise _FOREIGN


def comes_from_here(request: Request) -> bool:
    """What the browser says of the page that sent this; one that says nothing has to know the token all the same."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
