"""Options that many commands share, and how a command reaches the office."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.errors import InvalidInput

if TYPE_CHECKING:
    from bursar.cli.office import Office
    from bursar.office.desk import Desk

URL, TOKEN = "BURSAR_URL", "BURSAR_TOKEN"
"""Where the installation is that commands ask, and with which API token."""
Json = Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")]
At = Annotated[str, typer.Option("--at", metavar="DATE", help="As it was then: 2026-03-31, or 2026-03-31T18:00+02:00.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Handle, e-mail or id of a person.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@contextmanager
def desk() -> Iterator[Desk]:
    """The office of this installation, closed again at the end. For commands that work on the installation itself."""
    from bursar.office.desk import open_desk  # half a second, which a command without an installation does not take

    if os.environ.get(URL):
        raise InvalidInput(URL, os.environ[URL][:200], f"no {URL}: this command works on the installation itself")
    opened = open_desk()
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def office() -> Iterator[Office]:
    """Whoever answers: the installation at BURSAR_URL, asked with BURSAR_TOKEN, else the one of this machine."""
    url = os.environ.get(URL, "")
    if not url:
        from bursar.cli.here import HereOffice

        with desk() as opened:
            yield HereOffice(opened)
        return
    from bursar.cli.far import FarOffice
    from bursar.client import Client

    token = os.environ.get(TOKEN, "")
    if not token:
        raise InvalidInput(TOKEN, "nothing", f"an API token for {url[:200]}", "`bursar account token` makes one there")
    with Client(url, token) as client:
        yield FarOffice(client)
