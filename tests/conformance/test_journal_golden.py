"""The published books case G18: credits bought beforehand, used 85/15 at a quarter below list, the rest partly accrued."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.exchange.journal import Carried, Figure, Journal, Month, draw_up, read_chart
from bursar.money import NANO

GOLDEN = SHARED / "data" / "golden.json"
CHART = """
bursar: books/1
providers: {anthropic: prepaid}
by_cost_centre: []
accrual: {plans: accumulating, use: 60%}
purchases:
  - {day: 2026-11-01, provider: anthropic, amount: "$300000"}
"""


def golden() -> dict[str, Any]:
    if not GOLDEN.exists():
        pytest.skip(WHY_NO_SHARED)
    found: dict[str, Any] = json.loads(GOLDEN.read_text())["G18_gl"]
    return found


def journal(case: dict[str, Any]) -> Journal:
    def used(purpose: str, percent: int) -> Figure:
        listed = case["consumed_list"] * NANO * percent // 100
        cost = int(listed * (1 - Fraction(case["wholesale_disc"])))
        return Figure("2026-11", purpose, "platform", "anthropic", purpose, "benefit", 10, listed, cost)

    work, personal = (int(one) for one in case["memo_work_personal"].split("/"))
    unused = case["granted_unused_list"] - case["carried_accumulating"]
    carried = (Carried("rolling", case["carried_accumulating"] * NANO, True), Carried("monthly", unused * NANO, False))
    return draw_up(Month("2026-11", (used("work", work), used("personal", personal)), carried), read_chart(CHART))


def test_the_entries_are_the_published_ones() -> None:
    case = golden()
    found = [
        [f"{'Dr' if line.nanos > 0 else 'Cr'} {line.account.title}", abs(line.nanos)]
        for entry in journal(case).entries
        if entry.kind in ("purchase", "usage")
        for line in sorted(entry.lines, key=lambda one: -one.nanos)
    ]
    assert found == [[name, amount * NANO] for name, amount in case["entries"]]


def test_what_is_left_of_the_prepaid_and_what_is_accrued_are_the_published_figures() -> None:
    case = golden()
    memo = journal(case).memo
    assert memo.prepaid_closing == case["prepaid_close"] * NANO
    assert memo.accrued == int(Fraction(case["accrual_at_cost"]) * NANO)
    assert memo.disclosed == (case["granted_unused_list"] - case["carried_accumulating"]) * NANO
    assert (memo.list_nanos, memo.cost_nanos) == (case["consumed_list"] * NANO, case["consumed_cost"] * NANO)
    work, personal = (int(one) for one in case["memo_work_personal"].split("/"))
    assert memo.work * personal == memo.personal * work
