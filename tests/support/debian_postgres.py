"""A PostgreSQL of the distribution, for suites that run on an older one too: `BURSAR_POSTGRES=15`.

Debian keeps each major version under /usr/lib/postgresql; `tools/install-postgresql 15` installs one. A server refuses to
run as root, so it is started as the system's user `postgres` there.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"
START_SECONDS = 60
_CHEAP = "-c fsync=off -c full_page_writes=off -c max_connections=200 -c listen_addresses="
"""A test's server loses nothing that anybody wants after a power cut."""


def programs(version: str) -> Path | None:
    """Where this version's programs are, None if it is not installed."""
    found = Path("/usr/lib/postgresql") / version / "bin"
    return found if (found / "initdb").exists() else None


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where its programs and files are, as whom it runs (None: as the tests), and its URL."""

    bin_path: Path
    pgdata: Path
    log: Path
    system_user: str | None
    url: str


@contextmanager
def running(version: str) -> Iterator[Server]:
    """A fresh server of this version on a socket of its own."""
    found = programs(version)
    assert found is not None, f"PostgreSQL {version} is not installed: tools/install-postgresql {version}"
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-"))
    as_user = USER if os.getuid() == 0 else None
    if as_user:
        owner = pwd.getpwnam(USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    place = folder / "data"
    try:
        _run(found / "initdb", "-D", place, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"{_CHEAP} -k {folder}"
        _run(found / "pg_ctl", "-D", place, "-w", "-t", START_SECONDS, "-l", folder / "log", "-o", options, "start")
        try:
            yield Server(found, place, folder / "log", as_user, f"postgresql://{USER}:@/postgres?host={folder}")
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                _run(found / "pg_ctl", "-D", place, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *words: object) -> None:
    as_user = ["runuser", "-u", USER, "--"] if os.getuid() == 0 else []
    command = [*as_user, str(program), *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=2 * START_SECONDS)
