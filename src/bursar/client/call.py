"""A call: an operation with its arguments, before anybody has sent it anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 (an item)
JSON = "application/json"

Argument = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """What is asked, and what shape the answer has (`bytes`: as it is)."""

    name: str
    method: str
    path: str
    """Below the prefix of the API, its parameters filled in."""
    shape: type[T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    media: str = JSON
    changes: bool = False
    """It changes something: it is sent with a key, so that it is done once however often it is sent."""
    key: str = ""
    """Idempotency key; empty: the client makes one up."""
    only_if: str = ""
    """Tag of what is changed; empty: whatever it is now."""
    unless: str = ""
    """Tag of what the caller has already."""

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def with_key(self, key: str) -> Call[T]:
        """The same with an idempotency key of the caller's own, which survives this process."""
        return replace(self, key=key)

    def only_as(self, tag: str) -> Call[T]:
        """The same, done only if what it changes still has this tag."""
        return replace(self, only_if=tag)

    def unless_as(self, tag: str) -> Call[T]:
        """The same, answered only if what it reads has another tag by now."""
        return replace(self, unless=tag)


@dataclass(frozen=True, slots=True)
class Paged(Call[T], Generic[T, I]):
    """A call for a page of a list with items of type `I`."""

    def after(self, cursor: str) -> Paged[T, I]:
        """The call for the page after this cursor."""
        kept = tuple(pair for pair in self.query if pair[0] != "after")
        return replace(self, query=(*kept, ("after", cursor)))


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came back, with what stands around it."""

    value: T | None
    """None where there is nothing to say, or where the caller has it (status 304)."""
    status: int
    tag: str
    """Entity tag, empty for none."""
    location: str
    """Address of what was made, empty for none."""
    replayed: bool
    """It was done and answered before, under the same key."""


def segment(value: str | int) -> str:
    """An argument as a part of a path."""
    return quote(str(value), safe="@")


def questions(given: Mapping[str, Argument]) -> tuple[tuple[str, str], ...]:
    """Arguments as a query; what was not given is left out."""
    return tuple((name, _text(value)) for name, value in given.items() if value is not None)


def content(given: Mapping[str, Any]) -> bytes:
    """Arguments as a JSON body; what was not given is left out."""
    return msgspec.json.encode({name: value for name, value in given.items() if value is not None})


def _text(value: Argument) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
