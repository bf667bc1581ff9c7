"""The `splits` cases of the published vectors that arithmetic alone decides; those that need lots are the ledger's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bursar.money import round_half_up_div, split

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ledger-vectors.json"


def case_named(beginning: str) -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip("the published vectors are not beside this checkout")
    cases = json.loads(VECTORS.read_text())["suites"]["splits"]
    found: dict[str, Any] = next(case for case in cases if case["name"].startswith(beginning))
    return found


def test_77_from_three_sources_to_two_halves_gives_the_published_postings() -> None:
    case = case_named("77 USD from 10%/20%/remaining")
    amount = case["input"]["amount"]
    sources = dict(zip(["src1", "src2", "world"], split(amount, [10, 20, 70]), strict=True))
    targets = dict(zip(["dest1", "dest2"], split(amount, [1, 1]), strict=True))
    assert poured(sources, targets) == [tuple(posting) for posting in case["expected"]["postings"]]


def test_a_tenth_as_fee_is_capped_and_the_rest_goes_on() -> None:
    case = case_named("10% fee capped at 10")
    fees = [(min(10, round_half_up_div(amount * 10, 100)), amount) for amount in (10, 500)]
    assert [[fee, amount - fee] for fee, amount in fees] == case["expected"]


def poured(sources: dict[str, int], targets: dict[str, int]) -> list[tuple[str, str, int]]:
    """Sources emptied into targets in order."""
    postings = []
    for target, wanted in targets.items():
        for source, left in sources.items():
            if moved := min(left, wanted):
                postings.append((source, target, moved))
                sources[source] -= moved
                wanted -= moved
    return postings
