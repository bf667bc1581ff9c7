"""A leaderboard shows rounded ratios of those who are on it, in no order of use, and nothing for a few."""

from __future__ import annotations

import pytest

from bursar.insight.leaderboard import LEAST_REQUESTS, LEAST_ROWS, ORDERS, Row, Shown, Used, board, places, row_of
from bursar.money import NANO

ADA = Shown("quiet otter", False)


def used(requests: int = 100, dollars: float = 12.5, **more: int) -> Used:
    counts = {"input_tokens": 30_000, "cached_tokens": 90_000, "output_tokens": 40_000, "days": 12, **more}
    return Used(requests=requests, amount=round(dollars * NANO), **counts)


def test_a_row_tells_how_far_a_dollar_went_and_rounds_what_would_name_somebody() -> None:
    assert row_of(ADA, used()) == Row("quiet otter", False, 120_000_000, 75, 3_200, "10 to 15", "under $50")
    row = row_of(ADA, used(requests=777, dollars=1_234.56, output_tokens=123_456_789))
    assert row is not None
    assert (row.cost, row.output, row.spend) == (1_600_000_000, 100_000, "$500 to $2,000")


@pytest.mark.parametrize(("days", "band"), [(0, "under 5"), (4, "under 5"), (5, "5 to 10"), (28, "20 or more")])
def test_days_are_told_in_bands(days: int, band: str) -> None:
    row = row_of(ADA, used(days=days))
    assert row is not None
    assert row.days == band


def test_whoever_used_too_little_has_no_row() -> None:
    assert row_of(ADA, used(requests=LEAST_REQUESTS - 1)) is None
    assert row_of(ADA, used(dollars=0)) is None
    assert row_of(ADA, Used()) is None


def test_fewer_than_five_rows_are_none_at_all() -> None:
    members = {f"per_{n}": Shown(f"name {n}", False) for n in range(6)}
    sums = {person: used() for person in members}
    assert len(board(members, sums)) == 6
    quiet = {**sums, "per_0": Used(), "per_1": Used()}
    assert board(members, quiet) == []
    assert len(board(dict(list(members.items())[:LEAST_ROWS]), sums)) == LEAST_ROWS


def test_every_order_puts_the_better_ratio_first() -> None:
    members = {f"per_{n}": Shown(f"name {n}", False) for n in range(5)}
    sums = {
        f"per_{n}": used(dollars=1 + n, cached_tokens=10_000 * n, output_tokens=100_000 * (5 - n), days=5 * n)
        for n in range(5)
    }
    for by, first in (("cost", "per_0"), ("cache", "per_4"), ("output", "per_0"), ("days", "per_4")):
        assert board(members, sums, by)[0][0] == first  # type: ignore[arg-type]


def test_no_order_goes_by_how_much_was_used() -> None:
    assert set(ORDERS) == {"cost", "cache", "output", "days"}


def test_equal_figures_share_a_place() -> None:
    rows = [
        row for n, dollars in enumerate((1, 2, 2, 3)) if (row := row_of(Shown(f"{n}", False), used(dollars=dollars)))
    ]
    assert places(rows, "cost") == [1, 2, 2, 4]
    assert places(rows, "days") == [1, 1, 1, 1]
    assert places([], "cost") == []
