"""Agents that hold, settle and begin again; a module of its own, since processes of a pool find no `__main__`."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from contextlib import closing

import uvloop

from bursar.ledger import LotTerms, Release, Request, Settle, Store, TakeHold, Usage, Writer, apply_now, open_store


def now_micros() -> int:
    return time.time_ns() // 1000


def new_id(count: int) -> str:
    return f"{time.time_ns() // 1000:014x}{count:06x}{os.urandom(4).hex()}"


def fill(store: Store, people: int) -> None:
    """A lot for everybody that no run empties."""
    lots = [
        Release(new_id(n), f"per_{n:04}", LotTerms(f"lot_{n:04}", "USD", 10**15, now_micros() - 1))
        for n in range(people)
    ]
    apply_now(store, lots, now_micros())


async def pairs(store: Store, callers: int, people: int, seconds: float) -> tuple[int, float, float, float]:
    """Pairs done, seconds, CPU seconds, commands in a batch."""
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
    return done, elapsed, cpu, writer.commands / writer.batches


def node(url: str, callers: int, people: int, seconds: float, begin: float) -> tuple[int, float, float, float]:
    """One process of several on the same database."""
    gc.set_threshold(50_000, 20, 20)
    with closing(open_store(url)) as store:
        time.sleep(max(0.0, begin - time.time()))
        return uvloop.run(pairs(store, callers, people, seconds))


def _cpu() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime
