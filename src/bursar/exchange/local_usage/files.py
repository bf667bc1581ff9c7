"""Where logs lie on a machine, and reading them: the only module of the room that touches a disk.

Files are read in pieces, and a file that cannot be read is told and passed over. Loops of symbolic links end where a
folder is met again; a file that is met again is read once.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bursar.errors import InvalidInput
from bursar.exchange.local_usage.bill import Bill
from bursar.exchange.local_usage.fields import named
from bursar.exchange.local_usage.gathering import Gathering
from bursar.exchange.local_usage.lines import lines
from bursar.exchange.local_usage.log import Log
from bursar.exchange.local_usage.values import MAX_DEPTH, MAX_FILES, MAX_LINE_BYTES, MAX_ROW_BYTES, LocalUsage
from bursar.prices import PriceBook

CHUNK_BYTES = 1024 * 1024
LOGS = (".jsonl", ".jsonl.zst")
"""Codex compresses rollouts that have not been touched for a week."""
FOLDER = "(a folder)"
"""Shown in place of a folder's name, which spells out the path that was worked in."""
_NO_ZSTD = "compressed with zstd, which cannot be read here: install the program zstd"


def places(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Where Claude Code and Codex write their logs, by their own variables, whether or not anything is there.

    `CLAUDE_CONFIG_DIR` is one folder or several, parted by commas, and replaces the two defaults; `CODEX_HOME` is one.
    """
    chosen = [one.strip() for one in environ.get("CLAUDE_CONFIG_DIR", "").split(",") if one.strip()]
    settings = Path(environ.get("XDG_CONFIG_HOME", "").strip() or home / ".config")
    folders = [Path(one) for one in chosen] or [home / ".claude", settings / "claude"]
    claude = [one if one.name == "projects" else one / "projects" for one in folders]
    codex = Path(environ.get("CODEX_HOME", "").strip() or home / ".codex")
    return [*claude, codex / "sessions", codex / "archived_sessions"]


def read(
    paths: Sequence[Path],
    book: PriceBook,
    *,
    since: int = 0,
    max_files: int = MAX_FILES,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> LocalUsage:
    """Read logs and bills: folders for the logs in and below them, files by their names (`.csv` is a bill).

    Only events from `since` (microseconds UTC) on. Raises InvalidInput for a path that is not there; whatever is wrong
    within it is part of the answer.
    """
    gathering = Gathering()
    for path in paths:
        if not os.path.lexists(path):
            raise InvalidInput("path", repr(str(path)), "a file or a folder that is there")
    for nth, path in enumerate(_found(paths, gathering)):
        if nth >= max_files:
            gathering.skip("(more files)", 0, f"more than {max_files:,} files")
            break
        _read_file(path, gathering, max_line_bytes)
    return gathering.usage(book, since)


def _found(paths: Sequence[Path], gathering: Gathering) -> Iterator[Path]:
    """Every file once, in the order of the paths and then of their names."""
    met: set[tuple[int, int]] = set()
    waiting = [(path, 0) for path in reversed(paths)]
    while waiting:
        path, depth = waiting.pop()
        try:
            status = path.stat()
            known = (status.st_dev, status.st_ino)
            if known in met:
                continue
            met.add(known)
            if stat.S_ISREG(status.st_mode):
                yield path
            elif stat.S_ISDIR(status.st_mode) and depth < MAX_DEPTH:
                inside = [one for one in path.iterdir() if one.name.endswith(LOGS) or one.is_dir()]
                waiting += [(one, depth + 1) for one in sorted(inside, reverse=True)]
            else:
                gathering.skip(_name(path), 0, "neither a file nor a folder" if depth < MAX_DEPTH else "too deep")
        except OSError as error:
            gathering.skip(_name(path), 0, error.strerror or "cannot be read")


def _read_file(path: Path, gathering: Gathering, max_line_bytes: int) -> None:
    name = named(path.name)
    gathering.files += 1
    reader: Bill | Log = Bill(name) if path.suffix.lower() == ".csv" else Log(name)
    limit = MAX_ROW_BYTES if isinstance(reader, Bill) else max_line_bytes
    try:
        with _opened(path) as opened:
            for number, line in lines(iter(lambda: opened.read(CHUNK_BYTES), b""), limit):
                gathering.lines += 1
                try:
                    gathering.take(reader.read(number, line), name, number)
                except InvalidInput as error:
                    gathering.fault(name, number, error)
    except (OSError, EOFError) as error:
        gathering.skip(name, 0, getattr(error, "strerror", None) or "cannot be read to its end")


def _name(path: Path) -> str:
    return named(path.name) if path.name.endswith(LOGS) else FOLDER


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked. Raises OSError."""
    with path.open("rb") as opened:
        if path.suffix != ".zst":
            yield opened
            return
        program = shutil.which("zstd")
        if program is None:
            raise OSError(0, _NO_ZSTD)
        unpacking = [program, "-dcq"]
        with subprocess.Popen(  # noqa: S603 - the program of that name, and nothing of the file's on its line
            unpacking, stdin=opened, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            finally:
                process.stdout.close()
            if process.wait() != 0:
                raise OSError(0, "its compression is damaged")
