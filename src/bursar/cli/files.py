"""A file that a command writes: whole or not at all, readable by its owner alone, never over another unless it is said."""

from __future__ import annotations

import gc
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bursar.errors import InvalidInput

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file, which only you can read.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that exists.")]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: what is written by the million makes none, and it would look through every batch of it
    again and again, for half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def draft(path: Path, *, force: bool) -> Iterator[Path]:
    """A file beside `path` that becomes it at the end; nothing is left of it if anything fails.

    Raises InvalidInput for a file that exists, and for a folder that cannot be written to.
    """
    if path.exists() and (not force or not path.is_file()):
        raise InvalidInput(
            "out", f"{path}, which exists", "a file that does not exist yet", "--force writes over a file"
        )
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with uncollected():
            yield made
        if force:
            made.replace(path)
        else:
            os.link(made, path)  # appears whole, and never over another file
    except OSError as error:
        raise InvalidInput("out", f"{path}: {error.strerror or error}", "a place where a file can be written") from None
    finally:
        made.unlink(missing_ok=True)


def write(path: Path, pieces: Iterable[bytes], *, force: bool) -> int:
    """Write a file in pieces; how many bytes it has."""
    size = 0
    with draft(path, force=force) as made, made.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return size


def pour(pieces: Iterable[bytes]) -> None:
    """Write pieces to standard output, as they are."""
    sys.stdout.flush()
    with uncollected():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
