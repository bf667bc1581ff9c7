"""The `calendar` and `proration` cases of the published vectors."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bursar.calendar import (
    Period,
    boundary,
    parse_instant,
    parse_interval,
    period_at,
    periods_between,
    proration,
    to_local,
)
from bursar.money import round_half_up_div

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ledger-vectors.json"
SUITES: dict[str, list[dict[str, Any]]] = json.loads(VECTORS.read_text())["suites"] if VECTORS.exists() else {}
GREENWICH = ZoneInfo("UTC")

pytestmark = pytest.mark.skipif(not SUITES, reason="the published vectors are not beside this checkout")


def cases(suite: str, key: str) -> list[Any]:
    """The cases whose input has `key`, named as the vectors name them."""
    return [
        pytest.param(case, id=case.get("name") or case["input"]["at"])
        for case in SUITES.get(suite, [])
        if key in case["input"]
    ]


def test_every_case_of_the_calendar_is_shown_by_a_test_here() -> None:
    shown = [case.values[0]["name"] for key in ("n", "t", "start") for case in cases("calendar", key)]
    assert sorted(shown) == sorted(case["name"] for case in SUITES["calendar"])
    assert len(cases("proration", "at")) == len(SUITES["proration"])


@pytest.mark.parametrize("case", cases("calendar", "n"))
def test_boundaries_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    given = case["input"]
    anchor = to_local(parse_instant(given["anchor"], GREENWICH), GREENWICH)
    found = [boundary(anchor, parse_interval(given["every"]), n, GREENWICH) for n in range(given["n"])]
    assert [str(each.date()) for each in found] == case["expected"]
    if "wrong_if_iterated" in case:
        assert [str(each.date()) for each in found][: len(case["wrong_if_iterated"])] != case["wrong_if_iterated"]


@pytest.mark.parametrize("case", cases("calendar", "t"))
def test_the_period_around_an_instant_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    given = case["input"]
    anchor = to_local(parse_instant(given["anchor"], GREENWICH), GREENWICH)
    found = period_at(anchor, parse_interval(given["every"]), GREENWICH, parse_instant(given["t"], GREENWICH))
    assert [found.start, found.end] == [parse_instant(each, GREENWICH) for each in case["expected"]]


@pytest.mark.parametrize("case", cases("calendar", "start"))
def test_a_plan_from_the_20th_has_one_period_a_month_and_none_from_the_first(case: dict[str, Any]) -> None:
    assert case["expected"].startswith("exactly one allotment per plan period")
    anchor, monthly = date(2025, 1, 20), parse_interval(f"{case['input']['monthly']} month")
    released: set[Period] = set()
    for day in range(365):
        today = datetime(2025, 1, 20, tzinfo=UTC) + timedelta(days=day)
        released |= set(periods_between(anchor, monthly, GREENWICH, today, today + timedelta(days=1)))
    assert sorted(each.index for each in released) == list(range(12))
    assert {each.start.day for each in released} == {20}


@pytest.mark.parametrize("case", cases("proration", "at"))
def test_the_share_from_an_instant_to_the_end_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    given = case["input"]
    whole = Period(0, parse_instant(given["from"], GREENWICH), parse_instant(given["to"], GREENWICH))
    numerator, denominator = proration(whole, parse_instant(given["at"], GREENWICH), whole.end)
    scale = 10 ** case["scale"]
    assert round_half_up_div(given["amount"] * scale * numerator, denominator) == Decimal(case["expected"]) * scale
