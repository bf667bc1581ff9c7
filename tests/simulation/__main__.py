"""Live through worlds: `python -m tests.simulation --seed N` tells one, `--seeds 10000` tries many.

python -m tests.simulation --seed 42                 the story of a seed, with virtual times, and its digest
python -m tests.simulation --seeds 10000 --scale 3   larger worlds, several processes beside each other
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.simulation.world import Failed, Report, run

STRETCH = 50
"""Seeds that one process lives through before it reports."""


def main() -> int:
    """The command; 1 if any world failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="tell the story of this seed")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to try (200)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--scale", type=int, default=1, help="how much happens in a world (1)")
    parser.add_argument("--processes", type=int, default=1, help="how many worlds live beside each other (1)")
    options = parser.parse_args()
    if options.seed is not None:
        return _tell(options.seed, options.scale)
    return _try(range(options.first, options.first + options.seeds), options.scale, options.processes)


def _tell(seed: int, scale: int) -> int:
    try:
        report = run(seed, scale=scale, say=print)
    except Failed as failed:
        print(failed)
        print(f"digest {failed.trace.digest}")
        return 1
    print(report)
    return 0


def _try(seeds: range, scale: int, processes: int) -> int:
    began, totals, bills, failures, done = time.monotonic(), Counter[str](), Counter[str](), 0, 0
    stretches = [(seeds[at : at + STRETCH], scale) for at in range(0, len(seeds), STRETCH)]
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for found, failed in pool.map(_stretch, stretches):
            for report in found:
                bills.update(report.bills)
                totals.update({name: getattr(report, name) for name in _COUNTED})
            for sentence in failed:
                failures += 1
                print(sentence, flush=True)
            done += len(found) + len(failed)
            print(f"{done} seeds after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{len(seeds)} seeds in {seconds:.1f} s, {failures} failed")
    print(", ".join(f"{number} {name}" for name, number in totals.items()))
    print("bills: " + ", ".join(f"{number} {name}" for name, number in sorted(bills.items())))
    return 1 if failures else 0


_COUNTED = ("requests", "served", "refused", "commits", "killed", "events", "callbacks")


def _stretch(of: tuple[range, int]) -> tuple[list[Report], list[str]]:
    found, failed = [], []
    for seed in of[0]:
        try:
            found.append(run(seed, scale=of[1]))
        except Failed as error:
            failed.append(str(error))
    return found, failed


if __name__ == "__main__":
    sys.exit(main())
