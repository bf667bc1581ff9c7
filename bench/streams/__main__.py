"""Many streams that hardly say a word: what a gateway's process needs to hold them open, beside nginx holding the same.

python -m bench.streams [--streams 5000] [--pace 5] [--json FILE] [--check]

Every stream is one request with a durable hold whose provider sends an event every few seconds. Memory is the process
tree's own (proportional set size) with all streams open, and per stream what it grew by. Only loopback is touched.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import uvloop

from bench.gateway.contestants import CONTESTANTS, Contestant
from bench.gateway.load import Target
from bench.gateway.processes import START_SECONDS, Missing, Process, alone, fresh_folder, tree
from bench.gateway.upstream import command as upstream_command
from bench.gateway.workloads import PACED_STREAM
from bench.report import Bound, console, print_bounds, print_table

MOST_MEGABYTES = 400
WHO = ("nginx", "bursar")
OPENED_AT_ONCE = 100
OPEN_SECONDS = 120.0


class Listener(asyncio.Protocol):
    """One client: it asks once and counts what comes."""

    began = lost = events = 0

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._seen = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self._seen:
            self._seen = data.startswith(b"HTTP/1.1 200")
            Listener.began += self._seen
        Listener.events += data.count(b"data: ")

    def connection_lost(self, exc: Exception | None) -> None:
        Listener.lost += 1


def megabytes(root: int) -> float:
    """Proportional set size of a process tree, in MiB."""
    total = 0
    for pid in tree(root):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        total += int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:")))
    return total / 1024


async def hold_open(target: Target, streams: int, root: int, seconds: float) -> dict[str, float]:
    """Open so many streams, wait until all have begun, look, and let go."""
    Listener.began = Listener.lost = Listener.events = 0
    loop, request = asyncio.get_running_loop(), target.request(PACED_STREAM)
    before, open_ = megabytes(root), []
    for start in range(0, streams, OPENED_AT_ONCE):
        count = min(OPENED_AT_ONCE, streams - start)
        made = [loop.create_connection(lambda: Listener(request), "127.0.0.1", target.port) for _ in range(count)]
        open_ += [transport for transport, _ in await asyncio.gather(*made)]
    end = time.monotonic() + OPEN_SECONDS
    while Listener.began < streams and time.monotonic() < end:
        await asyncio.sleep(0.1)
    heard = Listener.events
    await asyncio.sleep(seconds)
    after, heard = megabytes(root), Listener.events - heard
    found = {"began": Listener.began, "lost": Listener.lost, "before_mb": before, "open_mb": after, "events": heard}
    for transport in open_:
        transport.abort()
    return found


def main() -> int:
    options = _options()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {1})
    uvloop.install()
    found: dict[str, dict[str, float]] = {}
    with ExitStack() as running:
        running.enter_context(alone())
        for name in WHO:
            # Each has an upstream of its own: what the one leaves open is no load on the other.
            upstream = Process(upstream_command(pace=options.pace), fresh_folder("upstream"), 1)
            running.callback(upstream.stop)
            contestant: Contestant = CONTESTANTS[name]()
            running.callback(contestant.stop)
            try:
                contestant.start(_port(upstream), 0)
            except Missing as missing:
                console().print(f"{name} takes no part: {missing}", markup=False)
                continue
            assert contestant.process is not None
            root = contestant.process.pid
            found[name] = asyncio.run(hold_open(contestant.target, options.streams, root, 2 * options.pace))
            contestant.stop()
            upstream.stop()
    rows = [
        [
            name,
            f"{one['began']:,.0f}",
            f"{one['lost']:,.0f}",
            f"{one['open_mb']:,.0f}",
            f"{(one['open_mb'] - one['before_mb']) * 1024 / options.streams:,.1f}",
            f"{one['events']:,.0f}",
        ]
        for name, one in found.items()
    ]
    columns = ("", "streams open", "lost", "MiB", "KiB/stream", "events heard")
    print_table(f"{options.streams:,} streams, an event every {options.pace:g} s", columns, rows, "")
    bounds = []
    if ours := found.get("bursar"):
        bounds.append(Bound("Bursar's memory, MiB", ours["open_mb"], MOST_MEGABYTES, " MiB"))
        bounds.append(Bound("streams open", ours["began"] - ours["lost"], options.streams, "", at_least=True))
    print_bounds(bounds)
    if options.json:
        options.json.write_text(json.dumps({"streams": options.streams, "found": found}, indent=2), encoding="utf-8")
    return 0 if (bounds and all(one.holds for one in bounds)) or not options.check else 1


def _port(upstream: Process) -> int:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and upstream.popen.poll() is None:
        if (line := upstream.log.read_bytes()).endswith(b"\n"):
            return int(line)
        time.sleep(0.05)
    raise SystemExit(f"the upstream did not start: {upstream.log_tail()}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.streams", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--pace", type=float, default=5.0, help="seconds between the events of one stream")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="exit 1 unless every bound holds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
