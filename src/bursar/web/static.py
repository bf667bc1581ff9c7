"""Static files under names that hold their content's hash, so that a browser keeps them for ever and never has an old one.

They are few and small: all of them are read at the start, packed once, and answered from memory.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

PREFIX = "/static/"
HASH_CHARS = 16
MAX_FILE_BYTES = 512 * 1024
FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
_PACKED = frozenset({".css", ".js", ".svg", ".txt", ".webmanifest"})


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent."""

    content: bytes
    packed: bytes
    """The same with gzip; empty where that saves nothing."""
    type: str


class Static:
    """The files of a face, by the name that its pages ask for."""

    def __init__(self, folder: Traversable, made: Mapping[str, str] | None = None) -> None:
        """`made` are texts that are put together at the start, such as the stylesheet of charts and console."""
        contents = {name: text.encode() for name, text in (made or {}).items()}
        contents |= {name: content for name, content in _files(folder) if name not in contents}
        self._files: dict[str, File] = {}
        self._names: dict[str, str] = {}
        for name, content in contents.items():
            stem, dot, ending = name.rpartition(".")
            hashed = f"{stem}.{sha256(content).hexdigest()[:HASH_CHARS]}{dot}{ending}"
            packed = gzip.compress(content, 9, mtime=0) if f".{ending}" in _PACKED else b""
            self._names[name] = PREFIX + hashed
            self._files[hashed] = File(content, packed, _TYPES[f".{ending}"])

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that is not there."""
        return self._names[name]

    def answer(self, request: Request, hashed: str) -> Response | None:
        """The file of this hashed name, None if there is none."""
        file = self._files.get(hashed)
        if file is None:
            return None
        packed = bool(file.packed) and "gzip" in request.headers.get("accept-encoding", "")
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(file.packed if packed else file.content, media_type=file.type, headers=headers)


def _files(folder: Traversable, within: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{within}{one.name}"
        if one.is_dir():
            found += _files(one, f"{name}/")
        elif f".{name.rpartition('.')[2]}" in _TYPES:
            content = one.read_bytes()
            if len(content) > MAX_FILE_BYTES:
                raise ValueError(f"{name} is larger than {MAX_FILE_BYTES} bytes")
            found.append((name, content))
    return found
