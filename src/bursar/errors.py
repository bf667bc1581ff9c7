"""What can go wrong, in the user's words: what happened, what was expected, what to do next.

Every error has one `sentence` that can be shown as it is and a `hint` that may be empty, and knows the exit code of a
command and the HTTP status that it maps to at the edge. Refusals of the ledger are values, not errors.
"""

from __future__ import annotations

from typing import ClassVar


class BursarError(Exception):
    """The base of all; raised as itself only for what the other kinds do not name."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[int] = 500

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class InvalidInput(BursarError, ValueError):
    """A value that cannot be understood or is not allowed: `field` names it, `found` and `expected` say how."""

    exit_code = 2
    status = 400

    def __init__(self, field: str, found: str, expected: str, hint: str = "") -> None:
        super().__init__(f"{field}: found {found}, expected {expected}", hint)
        self.field = field
        self.found = found
        self.expected = expected


class NotFound(BursarError):
    """Something was named that does not exist, or not for this caller."""

    exit_code = 3
    status = 404


class Conflict(BursarError):
    """The request contradicts what is already recorded: same key with other content, a name that is taken."""

    exit_code = 4
    status = 409


class Forbidden(BursarError):
    """The caller is known and may not do this."""

    exit_code = 5
    status = 403


class Unavailable(BursarError):
    """Something that is needed does not answer now; the same request may succeed later."""

    exit_code = 6
    status = 503
