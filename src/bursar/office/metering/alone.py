"""One node of a name at a time: the recovery of a second one would end the holds of the first.

On one machine a locked file says so. Nodes on several machines share no file, so on PostgreSQL the name is locked in the
database too, by a connection that is kept for it: it is free again as soon as the process or its machine is gone.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bursar.errors import Conflict, Unavailable
from bursar.ledger.separation import ORGANISATION
from bursar.office.desk import Desk

WAIT_SECONDS = 10.0
"""How long the database may take to notice that the last process of this name is gone."""
LOOK_SECONDS = 0.1
_KEPT = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
"""The server looks whether the machine of a silent connection is still there."""


@contextmanager
def alone(desk: Desk) -> Iterator[int]:
    """Take the node's name, or raise Conflict; Unavailable if the database does not answer.

    Gives the file descriptor of the lock: whoever inherits it keeps the name taken on this machine until it ends too.
    """
    url, node = desk.settings.url, desk.settings.node
    folder = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite") else desk.settings.home
    folder.mkdir(parents=True, exist_ok=True)
    whose = desk.settings.organisation
    name = node if whose == ORGANISATION else f"{whose}-{node}"
    with (folder / f"node-{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _taken(node) from error
        if url.startswith("sqlite"):
            yield file.fileno()
        else:
            with _locked(url.replace("postgresql+psycopg:", "postgresql:", 1), name):
                yield file.fileno()


@contextmanager
def _locked(url: str, name: str) -> Iterator[None]:
    import psycopg

    try:
        connection = psycopg.connect(url, autocommit=True, options=_KEPT, application_name=f"bursar-node {name}")
        until = time.monotonic() + WAIT_SECONDS
        asked = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        while not connection.execute(asked, (f"bursar node {name}",)).fetchall()[0][0]:
            if time.monotonic() >= until:
                connection.close()
                raise _taken(name)
            time.sleep(LOOK_SECONDS)
    except psycopg.Error as error:
        raise Unavailable(f"the database is not available: {str(error).partition(chr(10))[0]}") from error
    try:
        yield
    finally:
        connection.close()


def _taken(node: str) -> Conflict:
    return Conflict(f"a gateway named {node!r} is running already", "give this one another name: BURSAR_NODE=second")
