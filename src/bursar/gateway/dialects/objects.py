"""A JSON object as bytes: where each of its fields lies, so that one can be changed and every other byte stays.

Only the outermost level is taken apart. A field that occurs twice is refused, because parsers differ on which of two
counts: a provider might read another limit, model or tier than the one that was held for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects.contract import Malformed

MAX_FIELDS = 256
"""More fields than this in one object are refused; the largest request of any provider has about forty."""
MAX_DIGITS = 18
"""A longer whole number is refused unread."""
MAX_SHOWN_CHARS = 40

Edit = tuple[int, int, bytes]
"""Replace the bytes from the first offset to the second by the third."""

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_KEY = re.compile(rb'[ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*')
_NEXT = re.compile(rb"[ \t\r\n]*([,}])")
_OPEN = re.compile(rb"[ \t\r\n]*\{")
_WHOLE = re.compile(rb"-?[0-9]+")


class Unreadable(Exception):
    """Raised while a body is read and caught where reading began; carries what the client is told."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(field)
        self.malformed = Malformed(field, found, expected)


class JsonObject:
    """One object of a body. Values are read on demand; absent and null are the same."""

    __slots__ = ("_body", "_first", "_spans", "where")

    def __init__(self, body: bytes, first: int, spans: dict[str, tuple[int, int]], where: str) -> None:
        self._body, self._first, self._spans = body, first, spans
        self.where = where

    def fields(self, wanted: Mapping[str, Any]) -> list[str]:
        """Which of these fields are written at all, in the order of `wanted`."""
        spans = self._spans
        return [name for name in wanted if name in spans]

    @property
    def names(self) -> Iterable[str]:
        return self._spans.keys()

    def raw(self, name: str) -> bytes | None:
        """The value's bytes; None if it is absent or null."""
        span = self._spans.get(name)
        if span is None:
            return None
        found = self._body[span[0] : span[1]]
        return None if found == b"null" else found

    def has(self, name: str) -> bool:
        """Whether the field says anything: not absent, null, false, empty."""
        return self.raw(name) not in (None, b"false", b'""', b"[]", b"{}")

    def value(self, name: str) -> Any:
        """The decoded value, None if there is none."""
        found = self.raw(name)
        if found is None:
            return None
        try:
            return msgspec.json.decode(found)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            raise self.wrong(name, f"a value that cannot be read ({error})"[:200], "JSON") from error

    def text(self, name: str) -> str | None:
        found = self.raw(name)
        if found is None:
            return None
        if not found.startswith(b'"'):
            raise self.wrong(name, shown(found), "a text")
        return str(self.value(name))

    def flag(self, name: str) -> bool:
        found = self.raw(name)
        if found not in (None, b"true", b"false"):
            raise self.wrong(name, shown(found), "true or false")
        return found == b"true"

    def count(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        found = self.raw(name)
        if found is None:
            return None
        if not _WHOLE.fullmatch(found):
            raise self.wrong(name, shown(found), "a whole number")
        if len(found) > MAX_DIGITS or not least <= int(found) <= most:
            raise self.wrong(name, shown(found), f"a whole number from {least} to {most}")
        return int(found)

    def inner(self, name: str) -> JsonObject | None:
        """An object within this one, taken apart in its turn."""
        found = self.raw(name)
        if found is None:
            return None
        if not found.startswith(b"{"):
            raise self.wrong(name, shown(found), "an object")
        start, end = self._spans[name]
        return _take_apart(self._body, start, end, f"{self.where}{name}.")

    def wrong(self, name: str, found: str, expected: str) -> Unreadable:
        return Unreadable(self.where + name, found, expected)

    def set(self, name: str, value: bytes) -> Edit:
        """The edit that gives a field this value, whether or not it is there."""
        span = self._spans.get(name)
        if span is not None:
            return span[0], span[1], value
        comma = b"," if self._spans else b""
        return self._first, self._first, b'"' + name.encode() + b'":' + value + comma


def open_object(body: bytes, guarded: Mapping[str, str]) -> JsonObject:
    """Take a body apart. Raises Unreadable.

    `guarded` maps the lower-case form of each field that decides about money to its spelling: another spelling of one
    is refused, because some hosts' parsers do not heed case.
    """
    if not body.strip():
        raise Unreadable("body", "nothing", "a JSON object")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "body", f"bytes that are not UTF-8 at offset {error.start}", "a JSON object in UTF-8"
        ) from error
    found = _take_apart(body, 0, len(body), "")
    for name in found.names:
        meant = guarded.get(name.lower())
        if meant is not None and name != meant:
            raise Unreadable(shown(name.encode()), "another spelling", meant)
    return found


def edited(body: bytes, edits: Iterable[Edit]) -> bytes:
    """Apply edits that do not overlap; everything else stays byte for byte."""
    parts, at = [], 0
    for start, end, value in sorted(edits, key=lambda edit: edit[:2]):
        parts += [body[at:start], value]
        at = end
    parts.append(body[at:])
    return b"".join(parts)


def spelled(*names: str) -> dict[str, str]:
    """The `guarded` argument of `open_object`."""
    return {name.lower(): name for name in names}


def shown(found: bytes | None) -> str:
    """A value as an error names it: short, on one line, without its content where that may be long or private."""
    if not found:
        return "nothing"
    kinds = {b"{": "an object", b"[": "an array"}
    if found[:1] in kinds:
        return kinds[found[:1]]
    text = "".join(char if char.isprintable() else "?" for char in found[:MAX_SHOWN_CHARS].decode(errors="replace"))
    return text if len(found) <= MAX_SHOWN_CHARS else text + "..."


def _take_apart(body: bytes, start: int, end: int, where: str) -> JsonObject:
    try:
        values = _decode(body if (start, end) == (0, len(body)) else body[start:end])
    except msgspec.ValidationError as error:
        kind = "an array" if body[start:].lstrip()[:1] == b"[" else "another value"
        raise Unreadable(where.rstrip(".") or "body", kind, "a JSON object") from error
    except RecursionError as error:
        raise Unreadable(where.rstrip(".") or "body", "values nested too deeply", "fewer levels") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        found = f"text that is not JSON ({error})"[:200]
        raise Unreadable(where.rstrip(".") or "body", found, "a JSON object") from error
    if len(values) > MAX_FIELDS:
        raise Unreadable(where.rstrip(".") or "body", f"{len(values)} fields", f"at most {MAX_FIELDS}")
    compact = _compact(body, start, end, values)
    if compact is not None:
        return JsonObject(body, start + 1, compact, where)
    opening = _OPEN.match(body, start)
    at = first = opening.end() if opening else start
    spans: dict[str, tuple[int, int]] = {}
    more = b"," if values else b"}"
    # The decoder keeps the last of two values at the first one's place: a walk along the bytes that finds anything but
    # the decoder's keys and values in their order has met a field that is there twice.
    for name, raw in values.items():
        key, value = _KEY.match(body, at), bytes(raw)
        if key is None or not _is_key(key[1], name) or not body.startswith(value, key.end()):
            raise _twice(where, key[1] if key else b"")
        spans[name] = (key.end(), key.end() + len(value))
        after = _NEXT.match(body, spans[name][1])
        if after is None:
            raise _twice(where, key[1])
        at, more = after.end(), after[1]
    if more == b",":
        key = _KEY.match(body, at)
        raise _twice(where, key[1] if key else b"")
    return JsonObject(body, first, spans, where)


def _compact(body: bytes, start: int, end: int, values: Mapping[str, msgspec.Raw]) -> dict[str, tuple[int, int]] | None:
    """Where the values lie if the object is written as most clients write it: no space, no escaped key, nothing twice.

    Then its fields, one after another, are the whole of it; where they are not, None, and it is walked piece by piece.
    """
    spans: dict[str, tuple[int, int]] = {}
    at = start
    for name, raw in values.items():
        field = b'"%b":%b' % (name.encode(), raw)
        at += 1  # the brace, or the comma after the field before
        if not body.startswith(field, at):
            return None
        after = at + len(field)
        spans[name] = (at + len(name.encode()) + 3, after)
        at = after
        if body[at] != _COMMA:
            break
    whole = len(spans) == len(values) and at + 1 == end and body[start] == _BRACE
    return spans if whole and body[at] == _CLOSING else None


_BRACE, _COMMA, _CLOSING = b"{,}"


def _is_key(written: bytes, name: str) -> bool:
    if b"\\" not in written:
        return written == name.encode()
    return bool(msgspec.json.decode(b'"' + written + b'"') == name)


def _twice(where: str, key: bytes) -> Unreadable:
    return Unreadable(where + shown(key), "the field twice", "it once: parsers differ on which of two counts")
