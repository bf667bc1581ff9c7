"""Durable hold+settle pairs per second through the writer, with the floor of the same file in the same run.

python -m bench.ledger [--callers 1,64,256] [--seconds 3] [--people 40]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import sqlite3
import tempfile
import time
from pathlib import Path

import uvloop

from bursar.ledger import LotTerms, Release, Request, Settle, SqliteStore, TakeHold, Usage, Writer, apply_now
from bursar.ledger.schema import statements


def now_micros() -> int:
    return time.time_ns() // 1000


def new_id(count: int) -> str:
    return f"{time.time_ns() // 1000:014x}{count:06x}{os.urandom(4).hex()}"


def prepare(path: Path, people: int) -> SqliteStore:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in statements("sqlite"):
        connection.execute(statement)
    connection.commit()
    connection.close()
    store = SqliteStore(path)
    lots = [
        Release(new_id(n), f"per_{n:04}", LotTerms(f"lot_{n:04}", "USD", 10**15, now_micros() - 1))
        for n in range(people)
    ]
    apply_now(store, lots, now_micros())
    return store


async def pairs(store: SqliteStore, callers: int, people: int, seconds: float) -> dict[str, float]:
    writer = Writer(store, now_micros)
    end = time.perf_counter() + seconds
    done = 0

    async def caller(number: int) -> None:
        nonlocal done
        person = f"per_{number % people:04}"
        request = Request("openai", "gpt-4o", "work")
        count = 0
        while time.perf_counter() < end:
            count += 1
            hold = new_id(count)
            await writer.submit(
                TakeHold(hold, person, "USD", 5_000_000, 1_000_000, now_micros() + 3_600_000_000, request)
            )
            usage = Usage(
                request_id=hold, key="key_1", provider="openai", model="gpt-4o", dialect="openai.chat", purpose="work",
                price_version="v1", tokens={"input": 400, "output": 120}, list_nanos=2_200_000, cost_nanos=2_000_000, at=now_micros(),
            )  # fmt: skip
            await writer.submit(Settle(hold + "s", person, hold, 2_200_000, usage))
            done += 1

    before, start = _cpu(), time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    elapsed, cpu = time.perf_counter() - start, _cpu() - before
    await writer.close()
    return {
        "callers": callers,
        "pairs_per_second": done / elapsed,
        "cpu_micros_per_pair": cpu / done * 1e6,
        "commands_per_batch": writer.commands / writer.batches,
    }


def _cpu() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def floor(path: Path, seconds: float) -> float:
    """The floor: two synced one-row commits for each pair, with nothing decided and nothing recorded."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        for body in ("hold", "settle"):
            connection.execute("INSERT INTO t (body) VALUES (?)", (body,))
        count += 1
    connection.close()
    return count / seconds


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # as a serving process does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", default="1,64,256")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = floor(Path(folder) / "floor.db", min(options.seconds, 2.0))
        print(f"{'floor: two synced inserts, unbatched':44}{bare:12,.0f} pairs/s")
        rows = []
        for callers in (int(part) for part in options.callers.split(",")):
            store = prepare(Path(folder) / f"ledger-{callers}.db", options.people)
            row = uvloop.run(pairs(store, callers, options.people, options.seconds))
            store.close()
            rows.append(row | {"ratio_to_floor": row["pairs_per_second"] / bare})
            print(
                f"{f'{callers} concurrent callers':44}{row['pairs_per_second']:12,.0f} pairs/s"
                f"{row['cpu_micros_per_pair']:9.1f} us CPU/pair{row['commands_per_batch']:8.1f} commands/commit"
                f"{row['pairs_per_second'] / bare:8.1f}x floor"
            )
    if options.json:
        options.json.write_text(json.dumps({"floor_pairs_per_second": bare, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
