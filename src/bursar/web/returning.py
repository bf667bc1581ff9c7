"""Where somebody is sent back to after signing in: a path of our own, never another site."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

MAX_CHARS = 1_000
_NOT_AGAIN = ("/sign-in", "/sign-out", "/invitation", "/live", "/static", "/theme")


def path_back(given: str) -> str:
    """`given` if it is a path of ours, else the front page.

    What browsers read as another host is refused: `//host`, `/\\host`, control characters, anything with a scheme.
    """
    if not 1 <= len(given) <= MAX_CHARS or not given.isascii() or not given.isprintable():
        return "/"
    if not given.startswith("/") or given.startswith("//") or "\\" in given:
        return "/"
    try:
        parts = urlsplit(given)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith("//"):
        return "/"
    return "/" if parts.path.startswith(_NOT_AGAIN) else given


def with_return(path: str, back: str) -> str:
    """An address that remembers where to go afterwards."""
    checked = path_back(back)
    return path if checked == "/" else f"{path}?next={quote(checked, safe='')}"
