"""Reading request bodies: only the fields that matter to money, and nothing that two parsers could read differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from bursar.gateway.dialects.contract import Malformed

MAX_OUTPUT_LIMIT = 10_000_000
MAX_CHOICES = 128
MAX_MODEL_CHARS = 256

T = TypeVar("T", bound=msgspec.Struct)

ABSENT = msgspec.Raw()
"""A field that is kept undecoded and was not sent."""

SESSION_HEADERS = ("x-claude-code-session-id", "session_id", "session-id", "x-session-id", "conversation_id")
AGENT_HEADERS = ("x-claude-code-agent-id", "x-agent-id")
PARENT_HEADERS = ("x-claude-code-parent-agent-id", "x-parent-agent-id")
MAX_LABEL_CHARS = 128


def read(decoder: msgspec.json.Decoder[T], body: bytes, guarded: Iterable[bytes]) -> T | Malformed:
    """Decode a body into its typed fields; `guarded` names must not occur twice at the top level."""
    if not body.strip():
        return Malformed("body", "nothing", "a JSON object")
    try:
        found = decoder.decode(body)
    except msgspec.ValidationError as error:
        return _invalid(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Malformed("body", f"text that is not JSON ({error})"[:200], "a JSON object")
    for name in guarded:
        if body.count(b'"' + name + b'"') > 1 and _twice_at_top(body, name.decode()):
            return Malformed(name.decode(), "the field twice", "it once: parsers differ on which of two counts")
    return found


def _invalid(text: str) -> Malformed:
    """msgspec says `Expected `int`, got `str` - at `$.max_tokens``."""
    what, _, where = text.partition(" - at `$")
    field = where.strip(".`") or "body"
    expected, _, found = what.partition(", got ")
    if not found:
        return Malformed(field, "something else", what)
    return Malformed(field, found.strip("`"), expected.removeprefix("Expected ").strip("`"))


def _twice_at_top(body: bytes, name: str) -> bool:
    depth = 0

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal depth
        depth = sum(1 for key, _ in found if key == name)
        return {}

    try:
        json.loads(body, object_pairs_hook=pairs)  # the outermost object is closed last
    except (ValueError, RecursionError):
        return True
    return depth > 1


def check_limits(model: str, limit: int | None, choices: int | None, field: str = "max_tokens") -> Malformed | None:
    """Absurd numbers and names are refused before anything is priced."""
    if not model or len(model) > MAX_MODEL_CHARS or not model.isprintable():
        return Malformed("model", repr(model[:40]), f"a model's name of at most {MAX_MODEL_CHARS} characters")
    if limit is not None and not 0 <= limit <= MAX_OUTPUT_LIMIT:
        return Malformed(field, str(limit)[:40], f"0 to {MAX_OUTPUT_LIMIT}")
    if choices is not None and not 1 <= choices <= MAX_CHOICES:
        return Malformed("n", str(choices)[:40], f"1 to {MAX_CHOICES}")
    return None


def present(raw: msgspec.Raw) -> bool:
    """Whether an undecoded field says anything at all."""
    return bytes(raw) not in (b"", b"null", b"[]", b"{}")


def labels(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """Session, agent and parent agent, as the clients name them in headers."""
    return _first(headers, SESSION_HEADERS), _first(headers, AGENT_HEADERS), _first(headers, PARENT_HEADERS)


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = headers.get(name)
        if value:
            return "".join(char for char in value[:MAX_LABEL_CHARS] if char.isprintable())
    return ""


def media(body: bytes, image_tokens: int) -> tuple[int, int, bool]:
    """Text bytes, tokens of media, and whether something remote is fetched, of a body that has media in it.

    An image costs at most `image_tokens`; other inline media (audio, video, PDF) at most a token for each byte.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return len(body), 0, False
    tally = _Media(image_tokens)
    tally.walk(document, 0)
    return max(0, len(body) - tally.media_bytes), tally.tokens, tally.remote


class _Media:
    MAX_DEPTH = 64

    def __init__(self, image_tokens: int) -> None:
        self.image_tokens = image_tokens
        self.media_bytes = self.tokens = 0
        self.remote = False

    def walk(self, node: Any, depth: int) -> None:
        if depth > self.MAX_DEPTH:
            return
        if isinstance(node, list):
            for one in node:
                self.walk(one, depth + 1)
        elif isinstance(node, dict):
            self._part(node)
            for value in node.values():
                self.walk(value, depth + 1)

    def _part(self, node: dict[str, Any]) -> None:
        url = node.get("image_url")
        if isinstance(url, dict):
            url = url.get("url")
        if isinstance(url, str):
            self._image(len(url) if url.startswith("data:") else 0)
        if any(key in node for key in ("file_id", "fileData", "file_data_uri", "file_url")):
            self.remote = True
        source_type, payload = node.get("type"), node.get("data")
        kind = node.get("media_type") or node.get("mimeType") or node.get("mime_type") or node.get("format") or ""
        if isinstance(payload, str) and (kind or source_type == "base64"):
            if str(kind).startswith("image/"):
                self._image(len(payload))
            else:
                self.media_bytes += len(payload)
                self.tokens += len(payload) * 3 // 4
        elif source_type == "url" and isinstance(node.get("url"), str):
            self.tokens += self.image_tokens
            self.remote = True
        file_data = node.get("file_data")
        if isinstance(file_data, str):
            self.media_bytes += len(file_data)
            self.tokens += len(file_data) * 3 // 4

    def _image(self, encoded_bytes: int) -> None:
        self.media_bytes += encoded_bytes
        self.tokens += self.image_tokens


def whole(value: Any) -> int:
    """A count as a provider reports it; anything that is not a non-negative number counts as none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 0 or value > 2**53:
        return 0
    return int(value)


def table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def reencode(body: bytes, change: Any) -> bytes:
    """Decode, apply `change(document)`, encode: everything else keeps its value (integers of any size, floats)."""
    document = json.loads(body)
    change(document)
    return json.dumps(document, separators=(",", ":")).encode()
