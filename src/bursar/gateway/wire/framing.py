"""Heads and chunks as bytes, and what a request's head must be before it is believed (RFC 9112). Pure.

A gateway that reads the end of a message elsewhere than whoever stands before or behind it hands one person's request to
another. So framing is believed only where it can be read in one way: one length or one `chunked`, never both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus

Headers = Sequence[tuple[str, str]]

MAX_TARGET_BYTES = 8 * 1024
MAX_HEADER_BYTES = 32 * 1024
"""All header lines of a message together."""
MAX_HEADERS = 128
_REASONS = {int(one): one.phrase for one in HTTPStatus}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")


class BadHead(Exception):
    """A head that is refused; the sentence says why, the status how."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def check_head(version: str, target: str, names: Sequence[str], values: Sequence[str]) -> None:
    """Raise BadHead unless the request's framing and host can be read in one way only; `names` are in lower case."""
    if version not in ("1.0", "1.1"):
        raise BadHead("the version of HTTP is not 1.1", 505)
    if not target or len(target) > MAX_TARGET_BYTES:
        raise BadHead(f"the request target is empty or longer than {MAX_TARGET_BYTES} bytes", 414)
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise BadHead("the request target has characters that no URL has")
    if len(names) > MAX_HEADERS:
        raise BadHead(f"more than {MAX_HEADERS} header lines", 431)
    if _CONTROL.search("".join(values)):
        raise BadHead("a header has a control character")
    hosts, lengths, codings = names.count("host"), names.count("content-length"), names.count("transfer-encoding")
    if hosts > 1 or (not hosts and version != "1.0"):
        raise BadHead("a request names its host once")
    if codings and (codings > 1 or values[names.index("transfer-encoding")].lower() != "chunked" or version != "1.1"):
        raise BadHead("the only transfer encoding is chunked, once, in HTTP/1.1", 501)
    if lengths > 1 or (lengths and codings):
        raise BadHead("the length of the body is said more than once")
    if lengths and not _LENGTH.fullmatch(values[names.index("content-length")]):
        raise BadHead("the content length is not a number")


def reply_head(status: int, reason: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a reply. Header values are what the caller vouches for: a line break in one is an error."""
    return _head(f"HTTP/1.1 {status} {reason or _REASONS.get(status, '')}", headers)


def request_head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request."""
    return _head(f"{method} {target} HTTP/1.1", headers)


def _head(first: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    text = "\r\n".join([first, *lines, "", ""])
    breaks = len(lines) + 2
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise ValueError("a header has a line break in it")
    return text.encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; `data` is not empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
