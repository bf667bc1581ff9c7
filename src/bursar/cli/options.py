"""Options that many commands share, and how a command reaches the office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from bursar.office.desk import Desk, open_desk

Json = Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")]
At = Annotated[str, typer.Option("--at", metavar="DATE", help="As it was then: 2026-03-31, or 2026-03-31T18:00+02:00.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Handle, e-mail or id of a person.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@contextmanager
def desk() -> Iterator[Desk]:
    """The office of this installation, closed again at the end."""
    opened = open_desk()
    try:
        yield opened
    finally:
        opened.close()
