"""What is carried and by whom: a notice made ready for one person, and what a channel promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from bursar.exchange.notify.words import Value


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words, with its person. It is the same at every attempt, so a receiver can tell a repetition."""

    notice: str
    kind: str
    created: int
    """Microseconds UTC."""
    person: str
    """The handle."""
    name: str
    email: str
    subject: str
    text: str
    fields: Mapping[str, Value]

    @property
    def id(self) -> str:
        """The notice's identity where other programs see it."""
        return f"ntc_{sha256(self.notice.encode()).hexdigest()[:32]}"


class Undelivered(Exception):
    """A channel could not deliver. `reason` is a sentence without secrets; `final` says that trying again is no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Channel(Protocol):
    """Carries letters to one place."""

    @property
    def name(self) -> str:
        """How deliveries over this channel are recorded."""
        ...

    def takes(self, letter: Letter) -> bool:
        """Can this letter go here at all?"""
        ...

    def send(self, letter: Letter, now: int) -> None:
        """Deliver, or raise Undelivered. Returns within the channel's time limit."""
        ...
