"""One offer in many worlds, and a hundred offers with every answer, beside the least that anybody could do.

The floor draws as many numbers as a world has chances, takes as many exponentials, and forgets them. Each round is a
process of its own, bound to one core, so that its peak memory and its time are its own.
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
from pathlib import Path
from statistics import median

import numpy as np

from bench.report import ROOT, Bound, figure, print_bounds, print_table, write_json
from bursar.offers.evaluation import evaluated
from bursar.offers.outcome import Setup, evaluate
from bursar.offers.reading import Draft, read

PATHS, MONTHS, OFFERS = 100_000, 48, 100
MOST_SECONDS, MOST_BYTES, MOST_SECONDS_FOR_ALL = 0.5, 300_000_000, 20.0

ONE = "bursar: offer/1\nname: one\nhorizon: 4 years\ntokens: {amount: $1_000, every: month, rollover: none, expires: period}\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """One round. CPU seconds are steadier than those of the clock where others work on the machine too."""

    one_seconds: float
    one_cpu: float
    one_peak_bytes: int
    floor_cpu: float
    all_seconds: float
    all_cpu: float


def offers() -> list[Draft]:
    """A hundred offers that differ: amounts, periods, rollover, limits, pay, and how much they leave unsaid."""
    found = []
    for number in range(OFFERS):
        terms = [f"amount: ${500 * (1 + number % 40)}", f"every: {('month', 'quarter', 'year')[number % 3]}"]
        if number % 2:
            terms += ["rollover: {share: 50%, periods: 2}", "use: open"]
        if number % 5 == 0:
            terms += ["approval: {chance: 50%, reason: required}", "own_money: 20%"]
        if number % 4:
            terms += ["taxed: personal_use", "changes: notice", "limit: {then: [stop]}"]
        pay = f"pay: {{salary: ${120_000 + 1_000 * number}}}\n"
        found.append(read(f"bursar: offer/1\nname: offer-{number}\n{pay}tokens: {{{', '.join(terms)}}}\n"))
    return found


def measure() -> Sample:
    """In this process: one offer in many worlds first, as its peak memory is what is asked for."""
    draft = read(ONE)
    evaluate(draft.offer, draft.person, Setup(paths=1_000))
    began, cpu = time.perf_counter(), time.process_time()
    evaluate(draft.offer, draft.person, Setup(paths=PATHS))
    one, one_cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    floor = _floor()
    drafts = offers()
    began, cpu = time.perf_counter(), time.process_time()
    for one_draft in drafts:
        evaluated(one_draft)
    return Sample(one, one_cpu, peak, floor, time.perf_counter() - began, time.process_time() - cpu)


def _floor() -> float:
    draws = np.random.Generator(np.random.PCG64(1))
    numbers = np.empty(4_096)
    began = time.process_time()
    for _ in range(PATHS // 4_096 + 1):
        for _ in range(MONTHS):
            for _ in range(2):
                draws.standard_normal(out=numbers)
                np.exp(numbers, out=numbers)
    return time.process_time() - began


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--json", type=Path)
    asked.add_argument("--check", action="store_true")
    asked.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.measure:
        print(json.dumps(asdict(measure())))
        return
    samples = [_round() for _ in range(chosen.rounds)]
    row = [
        "bursar.offers",
        _least_to_most([one.one_seconds for one in samples]),
        _least_to_most([one.one_cpu for one in samples]),
        figure(median(one.one_cpu / one.floor_cpu for one in samples)),
        f"{max(one.one_peak_bytes for one in samples) / 1e6:,.0f} MB",
        _least_to_most([one.all_seconds for one in samples]),
        _least_to_most([one.all_cpu for one in samples]),
    ]
    columns = ["", "one, seconds", "CPU", "times the floor", "peak", "a hundred, seconds", "CPU"]
    print_table(f"one offer: {PATHS:,} worlds x {MONTHS} months; {OFFERS} offers with every answer", columns, [row])
    bounds = [
        Bound("one offer, CPU of the median round", median(one.one_cpu for one in samples), MOST_SECONDS, " s"),
        Bound("one offer, peak memory", max(one.one_peak_bytes for one in samples) / 1e6, MOST_BYTES / 1e6, " MB"),
        Bound(
            "a hundred offers, CPU of the median round",
            median(one.all_cpu for one in samples),
            MOST_SECONDS_FOR_ALL,
            " s",
        ),
    ]
    print_bounds(bounds)
    if chosen.json:
        write_json(chosen.json, {"samples": [asdict(one) for one in samples]}, bounds)
    if chosen.check and not all(bound.holds for bound in bounds):
        sys.exit(1)


def _least_to_most(found: list[float]) -> str:
    return f"{figure(min(found))} - {figure(max(found))}"


def _round() -> Sample:
    core = sorted(os.sched_getaffinity(0))[-1]
    command = [sys.executable, "-m", "bench.offers", "--measure"]
    done = subprocess.run(["taskset", "-c", str(core), *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return Sample(**json.loads(done.stdout))


if __name__ == "__main__":
    main()
