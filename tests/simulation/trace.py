"""The story of a world: what happened, when, in words; and a digest of it, which two runs of a seed have in common."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b


class Trace:
    """Events in their order; `say` is told each, the digest is made of them anyway."""

    def __init__(self, say: Callable[[str], object] | None = None) -> None:
        self._say = say
        self._hash = blake2b(digest_size=16)
        self.events = 0

    def note(self, at: float, who: str, what: str) -> None:
        line = f"{at:12.6f}  {who:10}  {what}"
        self.events += 1
        self._hash.update(line.encode() + b"\n")
        if self._say is not None:
            self._say(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
