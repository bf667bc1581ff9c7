"""CPU per request and added latency of Bursar's gateway beside nginx, Portkey and LiteLLM, in one run.

    bench/gateway/install && python -m bench.gateway [--only nginx,bursar] [--quick] [--json FILE]

The proxy runs on one core, provider and load on the other. Rounds are interleaved; the median is shown with its range.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.gateway.contestants import ALL, NotInstalled, Running

LOAD_CORE = 1
WORKLOADS = {"chat": False, "200-chunk stream": True}
SECONDS = {"nginx": 3.0, "direct": 2.0}
DEFAULT_SECONDS = 4.0
CONCURRENCY = 32
RATE = {"chat": {"litellm": 15.0}, "200-chunk stream": {"litellm": 4.0}}
DEFAULT_RATE = {"chat": 100.0, "200-chunk stream": 30.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(ALL))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rounds, scale = (1, 0.4) if options.quick else (options.rounds, 1.0)
    console = Console(width=120)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bursar-bench-")))
        upstream = _upstream(stack)
        running: dict[str, Running] = {}
        for name in options.only.split(","):
            place = folder / name
            place.mkdir()
            try:
                running[name] = ALL[name](upstream, place)
                stack.callback(running[name].stop)
            except NotInstalled as error:
                console.print(f"{name} is left out: {error}", markup=False)
        figures = {work: _measure(running, stream, work, rounds, scale) for work, stream in WORKLOADS.items()}
    for work, found in figures.items():
        console.print(_table(work, found))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def _measure(running: dict[str, Running], stream: bool, work: str, rounds: int, scale: float) -> dict[str, Any]:
    cpu: dict[str, list[float]] = {name: [] for name in running}
    rates: dict[str, list[float]] = {name: [] for name in running}
    latency: dict[str, list[dict[str, float]]] = {name: [] for name in running}
    for one in running.values():  # warm everything up before anything counts
        _load(one, stream, seconds=0.6 * scale + 0.2, requests=400)
    for _ in range(rounds):
        for name, one in running.items():
            seconds = SECONDS.get(name, DEFAULT_SECONDS) * scale
            before = one.cpu_seconds()
            outcome = _load(one, stream, seconds=seconds)
            cpu[name].append((one.cpu_seconds() - before) / outcome["requests"] * 1000)
            rates[name].append(outcome["requests"] / outcome["seconds"])
            rate = RATE[work].get(name, DEFAULT_RATE[work])
            latency[name].append(_load(one, stream, seconds=3.0 * scale, rate=rate))
    floor = (
        {key: statistics.median(one[key] for one in latency["direct"]) for key in ("p50_ms", "p99_ms")}
        if "direct" in running
        else {"p50_ms": 0.0, "p99_ms": 0.0}
    )
    found = {}
    for name in running:
        found[name] = {
            "cpu_ms": statistics.median(cpu[name]),
            "cpu_ms_range": [min(cpu[name]), max(cpu[name])],
            "requests_per_second": statistics.median(rates[name]),
            "added_p50_ms": statistics.median(one["p50_ms"] for one in latency[name]) - floor["p50_ms"],
            "added_p99_ms": statistics.median(one["p99_ms"] for one in latency[name]) - floor["p99_ms"],
        }
    return found


def _load(one: Running, stream: bool, **fields: float) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.gateway.load", "--url", one.url, "--path", one.path]
    command += [
        "--headers",
        json.dumps(one.headers),
        "--concurrency",
        str(CONCURRENCY),
        *(["--stream"] if stream else []),
    ]
    for name, value in fields.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=_off_core, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"the load failed against {one.url}: {done.stderr[-500:]}")
    outcome: dict[str, float] = json.loads(done.stdout)
    return outcome


def _off_core() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})


def _upstream(stack: ExitStack) -> str:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.gateway.upstream"], stdout=subprocess.PIPE, preexec_fn=_off_core
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdout is not None
    url: str = json.loads(process.stdout.readline())["url"]
    return url


def _table(work: str, found: dict[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=work, title_justify="left", title_style="bold", pad_edge=False)
    for number, name in enumerate(
        ("", "CPU ms/request", "range", "requests/s", "added p50 ms", "added p99 ms", "x nginx", "Bursar is")
    ):
        table.add_column(name, justify="right" if number else "left")
    nginx = found.get("nginx", {}).get("cpu_ms")
    bursar = found.get("bursar", {}).get("cpu_ms")
    for name, one in found.items():
        proxied = name != "direct"
        ratio = one["cpu_ms"] / nginx if nginx and proxied else None
        share = bursar / one["cpu_ms"] if bursar and proxied and one["cpu_ms"] and name != "bursar" else None
        table.add_row(
            name,
            f"{one['cpu_ms']:.3f}" if proxied else "",
            "{:.3f}-{:.3f}".format(*one["cpu_ms_range"]) if proxied else "",
            f"{one['requests_per_second']:,.0f}",
            f"{one['added_p50_ms']:.2f}" if proxied else "",
            f"{one['added_p99_ms']:.2f}" if proxied else "",
            f"{ratio:.1f}" if ratio else "",
            "" if share is None else f"{share:.1f}x its CPU" if share >= 1 else f"1/{1 / share:.0f} of its CPU",
        )
    return table


if __name__ == "__main__":
    main()
