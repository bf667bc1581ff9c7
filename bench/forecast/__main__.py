"""The forecast against two others on weeks that none of them saw; see bench/README.md and docs/explanation/forecast.md.

The constants of the model were chosen on houses of the seeds from 1000; those here are others.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from bench.forecast.backtest import TARGETS, WAYS, Score, scored
from bench.forecast.histories import house
from bench.report import Bound, print_bounds, print_table, write_json

DAYS = 168
CUTS = (75, 93, 111, 135)
AHEADS = (7, 28)
MOST_OFF = 3.0
"""Points that an interval may be off what it says."""
COLUMNS = ("forecast of, by", "pinball loss, % of the mean", "in the 80 % interval", "in the 90 % interval", "cases")


def bounds_of(found: list[Score], ahead: int) -> list[Bound]:
    """Better than the others' bare figures everywhere, and people's intervals as wide as they say."""
    by = {(one.target, one.way): one for one in found}
    bounds = []
    for target in dict.fromkeys(one.target for one in found):
        ours = by[(target, "bursar")]
        for other in ("last week", "monthly average"):
            theirs = by[(target, other)].loss
            bounds.append(Bound(f"{ahead} days, {target}: loss over that of {other}", ours.loss / theirs, 1.0))
        for said, held, nominal in ((80, ours.within_80, ours.nominal_80), (90, ours.within_90, ours.nominal_90)):
            bounds.append(Bound(f"{ahead} days, {target}: {said} % interval off by", abs(held - nominal), MOST_OFF))
    return bounds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=__doc__)
    parser.add_argument("--houses", type=int, default=100, help="companies, each of a seed of its own")
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every score")
    parser.add_argument("--check", action="store_true", help="exit 1 unless what was promised holds")
    given = parser.parse_args()
    houses = [house(given.people, DAYS, seed) for seed in range(given.houses)]
    bounds, scores = [], {}
    for ahead in AHEADS:
        # A next day is the same day however many follow.
        found = [one for one in scored(houses, list(CUTS), ahead) if one.target != TARGETS[0] or ahead == AHEADS[0]]
        bounds += bounds_of(found, ahead)
        scores[ahead] = [asdict(one) for one in found]
        rows = [
            [
                f"{one.target if one.way == WAYS[0] else '':41}{one.way}",
                f"{one.loss * 100:.2f}",
                f"{one.within_80:.1f} (of {one.nominal_80:.1f})",
                f"{one.within_90:.1f} (of {one.nominal_90:.1f})",
                f"{one.cases:,}",
            ]
            for one in found
        ]
        print_table(
            f"{ahead} days ahead, {given.houses} companies of {given.people}",
            COLUMNS,
            rows,
            "Generated histories: no data of real companies was to be had in public.",
        )
    print_bounds(bounds)
    if given.json:
        write_json(given.json, {"scores": scores}, bounds)
    if given.check and not all(bound.holds for bound in bounds):
        sys.exit(1)


if __name__ == "__main__":
    main()
