"""What a command asks, whoever answers: the installation on this machine, or one elsewhere over its REST API.

Answers are the same documents either way (amounts in nano-units, instants in microseconds), so a command never knows.
"""

from __future__ import annotations

from typing import Any, Protocol

Document = dict[str, Any]


class Office(Protocol):
    """The use cases that work from afar too."""

    def now(self) -> int:
        """Microseconds UTC."""
        ...

    def close(self) -> None: ...

    # What somebody has and uses.

    def balance(self, person: str, at: str) -> Document: ...

    def statement(self, person: str, start: str, end: str) -> Document: ...

    def usage(self, by: str, person: str, start: str, end: str) -> Document: ...

    # Keys.

    def keys(self, person: str) -> list[Document]: ...

    def issue_key(self, person: str, **terms: Any) -> Document: ...

    def rotate_key(self, key: str, overlap_seconds: int) -> Document: ...

    def pause_key(self, key: str) -> None: ...

    def resume_key(self, key: str) -> None: ...

    def revoke_key(self, key: str) -> None: ...

    # Asking for more.

    def ask(self, person: str, amount: str, reason: str, grant: str) -> Document: ...

    def decide(self, request: str, by: str, approve: bool, note: str) -> Document: ...

    def withdraw(self, request: str) -> None: ...

    def topups(self, person: str, waiting_for: str) -> list[Document]: ...

    # What was promised.

    def plans(self) -> list[Document]: ...

    def plan(self, name: str, version: int) -> Document:
        """`terms`, `facts` and `document`."""
        ...

    def exposure(self, unit: str) -> Document: ...
