"""What the provider really generated: one line for each request that reached its model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bursar.prices.usage import Usage

MAX_LINES = 1_000_000


@dataclass(frozen=True, slots=True)
class Served:
    """One line of the bill. `complete` is false where the client left or the stream was cut."""

    id: str
    provider: str
    dialect: str
    model: str
    usage: Usage
    at: int
    service_tier: str = ""
    complete: bool = True
    key: str = ""
    """What the provider's administration calls the key that was used."""
    user: str = ""
    """The address of the member who used it, where the provider knows one."""

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "usage": {name: count for name, count in asdict(self.usage).items() if count}}


@dataclass(slots=True)
class Bill:
    """All lines since the last reset, and how many requests came in and were refused."""

    lines: list[Served] = field(default_factory=list)
    requests: int = 0
    errors: int = 0
    most_at_once: int = 0
    at_once: int = 0

    def add(self, served: Served) -> None:
        if len(self.lines) < MAX_LINES:
            self.lines.append(served)
