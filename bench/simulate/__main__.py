"""Two rosters through two years, beside the least that anybody could do: draw as many lognormal numbers.

Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from bench.report import ROOT, Bound, figure, print_bounds, print_table, write_json
from bursar.insight.simulation.engine import Setup, run
from bursar.insight.simulation.outcome import outcome
from bursar.plans.check import load

PLAN = """
bursar: plan/1
name: engineering
title: Engineering
allotment: {every: month}
tiers:
  - {name: staff, when: {level: [L6, L7]}, amount: $1_500}
  - {name: senior, when: {level: L5}, amount: $800}
otherwise: {name: everyone, amount: $400}
limit: {then: [{top_up: {step: $50, up_to: $100}}, stop]}
"""
ROLLOVER = "rollover: {share: 50%, cap: 100%, periods: 3}\n"


@dataclass(frozen=True, slots=True)
class Size:
    """People, months and scenarios, and what was promised for them on two cores."""

    name: str
    people: int
    months: int
    scenarios: int
    seconds: float
    bytes: int = 2_000_000_000


SIZES = (Size("many people", 100_000, 24, 100, 30), Size("many scenarios", 1_000, 24, 1_000, 5))


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one size."""

    seconds: float
    floor_seconds: float
    """numpy alone, drawing as many lognormal numbers on as many threads as one: nobody is faster than that on a core."""
    peak_bytes: int


def measure(size: Size, rollover: bool, workers: int) -> Sample:
    """In this process: build the roster, run it, read it."""
    plan = load(PLAN + (ROLLOVER if rollover else "")).plan
    people = [{"handle": f"p{n}", "level": f"L{3 + n % 5}", "hire_date": ""} for n in range(size.people)]
    for number in range(0, size.people, 20):  # every twentieth joins some day of the first year
        people[number]["hire_date"] = date.fromordinal(date(2027, 1, 1).toordinal() + number // 20 % 365).isoformat()
    began = time.perf_counter()
    (tally,) = run([plan], people, Setup(date(2027, 1, 1), size.months, size.scenarios, workers=workers))
    outcome(tally)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Sample(took, _floor(size), peak)


def _floor(size: Size) -> float:
    draws = np.random.Generator(np.random.SFC64(1))
    left, block = size.people * size.months * size.scenarios, np.empty(16_384)
    began = time.perf_counter()
    for _ in range(-(-left // block.size)):
        draws.standard_normal(out=block)
        np.exp(block, out=block)
    return time.perf_counter() - began


def _apart(size: Size, rollover: bool, workers: int) -> Sample:
    words = [sys.executable, "-m", "bench.simulate", "--one", size.name, "--workers", str(workers)]
    done = subprocess.run(
        [*words, *(["--rollover"] if rollover else [])], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Sample(**json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample")
    parser.add_argument("--check", action="store_true", help="exit 1 unless what was promised holds")
    parser.add_argument("--one", choices=[size.name for size in SIZES], help=argparse.SUPPRESS)
    parser.add_argument("--rollover", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        size = next(size for size in SIZES if size.name == given.one)
        print(json.dumps(asdict(measure(size, given.rollover, given.workers))))
        return
    rows, bounds, samples = [], [], {}
    for size in SIZES:
        for rollover in (False, True):
            found = [_apart(size, rollover, given.workers) for _ in range(given.rounds)]
            name = f"{size.name}{', rollover' if rollover else ''}"
            samples[name] = [asdict(one) for one in found]
            slowest, peak = max(one.seconds for one in found), max(one.peak_bytes for one in found)
            cells = size.people * size.months * size.scenarios
            rows.append(
                [
                    name,
                    f"{size.people:,} x {size.months} x {size.scenarios:,}",
                    f"{figure(min(one.seconds for one in found))} - {figure(slowest)}",
                    figure(min(one.floor_seconds for one in found)),
                    figure(sorted(one.seconds / one.floor_seconds for one in found)[len(found) // 2]),
                    figure(slowest / cells * 1e9),
                    f"{peak / 1e6:,.0f} MB",
                ]
            )
            bounds.append(Bound(f"{name}, slowest round", slowest, size.seconds, " s"))
            bounds.append(Bound(f"{name}, peak memory", peak / 1e6, size.bytes / 1e6, " MB"))
    columns = ["roster", "people x months x scenarios", "seconds", "floor", "times", "ns each", "peak"]
    print_table("plan simulate", columns, rows, f"{given.workers} threads, {given.rounds} rounds")
    print_bounds(bounds)
    if given.json:
        write_json(given.json, {"samples": samples}, bounds)
    if given.check and not all(bound.holds for bound in bounds):
        sys.exit(1)


if __name__ == "__main__":
    main()
