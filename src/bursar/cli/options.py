"""Options that many commands share, and how a command reaches the office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bursar.office.desk import Desk

Json = Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")]
At = Annotated[str, typer.Option("--at", metavar="DATE", help="As it was then: 2026-03-31, or 2026-03-31T18:00+02:00.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Handle, e-mail or id of a person.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@contextmanager
def desk() -> Iterator[Desk]:
    """The office of this installation, closed again at the end."""
    from bursar.office.desk import open_desk  # half a second, which a command without an installation does not take

    opened = open_desk()
    try:
        yield opened
    finally:
        opened.close()
