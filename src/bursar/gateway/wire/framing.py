"""Heads and chunks as bytes, and what a request's head must be before it is believed (RFC 9112). Pure.

A gateway that reads the end of a message elsewhere than whoever stands before or behind it hands one person's request to
another. So framing is believed only where it can be read in one way: one length or one `chunked`, never both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus

Headers = Sequence[tuple[str, str]]

MAX_TARGET_BYTES = 8 * 1024
MAX_HEADER_BYTES = 32 * 1024
"""All header lines of a message together."""
MAX_HEADERS = 128
_REASONS = {int(one): one.phrase for one in HTTPStatus}
_UNPRINTABLE = frozenset(chr(code) for code in (*range(32), 127)) - {"\t"}


class BadHead(Exception):
    """A head that is refused; the sentence says why, the status how."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def check_head(version: str, target: str, headers: Headers) -> None:
    """Raise BadHead unless the request's framing and host can be read in one way only."""
    if version not in ("1.0", "1.1"):
        raise BadHead("the version of HTTP is not 1.1", 505)
    if not target or len(target) > MAX_TARGET_BYTES:
        raise BadHead(f"the request target is empty or longer than {MAX_TARGET_BYTES} bytes", 414)
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise BadHead("the request target has characters that no URL has")
    if len(headers) > MAX_HEADERS:
        raise BadHead(f"more than {MAX_HEADERS} header lines", 431)
    hosts = lengths = 0
    coding = ""
    for name, value in headers:
        if not _UNPRINTABLE.isdisjoint(value):
            raise BadHead(f"the header {name[:64]!r} has a control character")
        match name.lower():
            case "host":
                hosts += 1
            case "content-length":
                lengths += 1
                if not (value.isascii() and value.isdigit() and len(value) <= 18):
                    raise BadHead("the content length is not a number")
            case "transfer-encoding":
                if coding or value.strip().lower() != "chunked" or version != "1.1":
                    raise BadHead("the only transfer encoding is chunked, once, in HTTP/1.1", 501)
                coding = value
    if lengths > 1 or (lengths and coding):
        raise BadHead("the length of the body is said more than once")
    if hosts > 1 or (not hosts and version != "1.0"):
        raise BadHead("a request names its host once")


def reply_head(status: int, reason: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a reply. Header values are what the caller vouches for: a line break in one is an error."""
    return _head(f"HTTP/1.1 {status} {reason or _REASONS.get(status, '')}", headers)


def request_head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request."""
    return _head(f"{method} {target} HTTP/1.1", headers)


def _head(first: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header has a line break in it")
    return text.encode("latin-1") + b"\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; `data` is not empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
