"""The most tokens that images, documents, sound and film in a request can count, by the providers' published rules.

Text is bounded by its bytes. Base64 payloads are taken out of that bound and replaced by what the provider makes of
them. Nothing is decoded but PDF files, whose pages are counted. What no rule bounds is named as `unbounded`.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

AUDIO_BYTES_PER_TOKEN = 8
"""Gemini counts 32 tokens a second (its token guide), OpenAI 10 (realtime guide): 8 bytes a token is sound of 2 kbit/s,
below every codec that either takes, unless the codec skips silence."""
VIDEO_BYTES_PER_TOKEN = 8
"""Gemini counts up to 300 tokens a second (its video guide): 8 bytes a token is film of 19 kbit/s."""
PDF_BYTES_PER_PAGE = 2_048
"""Assumed where a file hides its page objects in compressed streams; such a file is named as unbounded besides."""
MAX_PDF_PAGES = 1_000
"""Gemini takes 1,000 pages, Anthropic 600 (their document guides)."""
MAX_PDF_SCAN_BYTES = 8 * 1024 * 1024
"""A larger file (in base64) is not searched for its pages."""
MAX_KIND_CHARS = 64
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_SILENT = ("flac", "ogg", "opus", "webm", "aac", "m4a", "mp4")
"""Sound formats that write silence in next to no bytes."""
_TEXT_KINDS = ("text/", "application/json", "application/xml", "application/x-")


def kind_of(found: object) -> str | None:
    """The `type` of a block, part or tool as a body writes it: None if it has none, a name of ours if it is no text."""
    return found[:MAX_KIND_CHARS] if isinstance(found, str) else None if found is None else "unreadable"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a provider counts at most, tokens."""

    image: int
    page: int
    """One page of a PDF file: its image and its text."""


class Tally:
    """Collects what a request's content adds to, and takes from, the bound of its bytes."""

    __slots__ = ("replaced_bytes", "rules", "tokens", "ttl", "unbounded")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.replaced_bytes = 0
        self.tokens = 0
        self.ttl = ""
        self.unbounded: list[str] = []

    def remote(self, name: str) -> None:
        """Something that only the provider can size."""
        if name not in self.unbounded:
            self.unbounded.append(name)

    def image(self, url: object) -> None:
        """An image by URL: fetched by the provider, or inline as a data URL."""
        self.tokens += self.rules.image
        if isinstance(url, str) and url.startswith("data:"):
            self.replaced_bytes += len(url)

    def data_url(self, url: str) -> None:
        """A file as a data URL or as bare base64."""
        head, comma, payload = url.partition(",")
        if not comma or not head.startswith("data:"):
            self.inline("", url)
        elif head.endswith(";base64"):
            self.inline(head[5:].partition(";")[0], payload)

    def inline(self, kind: str, payload: str) -> None:
        """A base64 payload of a media type."""
        kind = kind.lower()
        self.replaced_bytes += len(payload)
        size = len(payload) * 3 // 4 + 1
        if kind.startswith("image/"):
            self.tokens += self.rules.image
        elif kind == "application/pdf" or (not kind and payload.startswith("JVBERi")):
            self.tokens += self._pages(payload, size) * self.rules.page
        elif kind.startswith("audio/"):
            self.tokens += size // AUDIO_BYTES_PER_TOKEN + 1
            if any(name in kind for name in _SILENT):
                self.remote("audio")
        elif kind.startswith("video/"):
            self.tokens += size // VIDEO_BYTES_PER_TOKEN + 1
            self.remote("video")
        else:
            self.tokens += size
            if not kind.startswith(_TEXT_KINDS):
                self.remote("file")

    def cached(self, control: object) -> None:
        """A cache breakpoint: the dearest time to live that any of them asks for."""
        if isinstance(control, dict):
            ttl = control.get("ttl", "5m")
            self.ttl = "5m" if ttl in ("5m", None) and self.ttl != "1h" else "1h"

    def _pages(self, payload: str, size: int) -> int:
        """Pages of a PDF file: counted where its page objects are in the open, else assumed from its size."""
        found, hidden = 0, True
        if len(payload) <= MAX_PDF_SCAN_BYTES:
            try:
                content = binascii.a2b_base64(payload)
            except (ValueError, UnicodeEncodeError):
                content = b""
            found = sum(1 for _ in _PAGE.finditer(content))
            hidden = not found or b"/ObjStm" in content
        if hidden:
            self.remote("document")
            found = max(found, size // PDF_BYTES_PER_PAGE + 1)
        return min(found, MAX_PDF_PAGES)
