"""Fairness against worked examples, textbook figures, and what has to hold whatever the amounts are."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.errors import InvalidInput
from bursar.insight.adjusted import adjusted_gap, student_quantile
from bursar.insight.fairness import (
    fisher,
    gap,
    impact_ratio,
    inequality,
    lorenz,
    quantile,
    theil_parts,
)

TIERS = [2_000.0] * 60 + [6_000.0] * 30 + [20_000.0] * 10
PARITY = [
    (1, 1, True, 2000), (1, 2, True, 2000), (2, 3, True, 6000), (2, 5, True, 5400),
    (1, 1, False, 2000), (2, 2, False, 6000), (2, 4, False, 6000), (2, 6, False, 6600),
]  # fmt: skip
AMOUNTS = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=60)


def test_three_tiers_are_as_unequal_as_worked_out_by_hand() -> None:
    found = inequality(TIERS)
    assert found.mean == 5_000
    assert found.gini == pytest.approx(0.444)
    assert found.theil == pytest.approx(0.400244, abs=1e-6)
    assert found.mean_log_deviation == pytest.approx(0.356449, abs=1e-6)
    assert found.atkinson_half == pytest.approx(0.175342, abs=1e-6)
    assert found.atkinson_one == pytest.approx(0.299841, abs=1e-6)
    assert found.atkinson_two == pytest.approx(0.43662, abs=1e-5)
    assert (found.p90_p10, found.palma, found.top_tenth) == (3, pytest.approx(2.5), pytest.approx(0.4))
    parts = theil_parts({"low": TIERS[:60], "middle": TIERS[60:90], "high": TIERS[90:]})
    assert parts.between == pytest.approx(parts.whole)
    assert parts.within == pytest.approx(0, abs=1e-12)
    curve = lorenz(TIERS)
    assert curve[60] == (0.6, pytest.approx(0.24))
    assert curve[90] == (0.9, pytest.approx(0.6))


def test_a_gap_on_eight_people_is_above_five_percent_and_not_significant() -> None:
    women = [float(one[3]) for one in PARITY if one[2]]
    men = [float(one[3]) for one in PARITY if not one[2]]
    raw = gap(women, men)
    assert raw.mean == pytest.approx(0.252427, abs=1e-6)
    assert raw.median == pytest.approx(0.383333, abs=1e-6)
    found = adjusted_gap(
        [float(one[3]) for one in PARITY],
        [one[2] for one in PARITY],
        {"level": [f"L{one[0]}" for one in PARITY], "tenure": [float(one[1]) for one in PARITY]},
    )
    assert found.coefficient == pytest.approx(-0.056029, abs=1e-6)
    assert found.error == pytest.approx(0.042886, abs=1e-6)
    assert found.t == pytest.approx(-1.3065, abs=1e-4)
    assert found.gap == pytest.approx(0.054489, abs=1e-6)
    assert (found.people, found.freedom) == (8, 4)
    assert found.low < 0 < found.high
    assert not found.is_significant


def test_rates_below_four_fifths_are_seen_and_how_likely_they_are() -> None:
    assert impact_ratio({"f": 0.5, "m": 0.75})["f"] == pytest.approx(2 / 3)
    assert impact_ratio({"f": 21 / 50, "m": 48 / 80})["f"] == pytest.approx(0.7)
    assert fisher(21, 29, 48, 32) == pytest.approx(0.0502, abs=2e-3)


@pytest.mark.skipif(not SHARED.exists(), reason=WHY_NO_SHARED)
def test_the_worked_examples_are_met() -> None:
    golden = json.loads((SHARED / "data" / "golden.json").read_text())
    want, found = golden["G06_tiers"], inequality(TIERS)
    for name, value in (("gini", found.gini), ("theil", found.theil), ("atkinson_1", found.atkinson_one),
                        ("palma", found.palma), ("p90_p10", found.p90_p10), ("top10_share", found.top_tenth)):  # fmt: skip
        assert value == pytest.approx(want[name], abs=1e-6), name
    curve = dict(lorenz(TIERS))
    assert all(curve[people] == pytest.approx(part) for people, part in want["lorenz"])


def test_the_tea_lady_is_right_by_chance_once_in_seventy() -> None:
    """Fisher's own example: four of each kind told apart rightly; two-sided both ends count."""
    assert fisher(4, 0, 0, 4) == pytest.approx(2 / 70)
    assert fisher(3, 1, 1, 3) == pytest.approx(34 / 70)


@pytest.mark.parametrize(
    ("share", "freedom", "known"),
    [(0.975, 1, 12.7062047), (0.975, 4, 2.7764451), (0.975, 30, 2.0422725), (0.95, 10, 1.8124611), (0.995, 2, 9.9248432),
     (0.975, 100_000, 1.9599877)],
)  # fmt: skip
def test_students_distribution_is_that_of_the_tables(share: float, freedom: int, known: float) -> None:
    assert student_quantile(share, freedom) == pytest.approx(known, rel=1e-6)
    assert student_quantile(1 - share, freedom) == pytest.approx(-known, rel=1e-6)


def test_the_quantile_is_an_amount_that_somebody_has() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0.1, 0.25, 0.26, 0.5, 1)] == [1, 1, 2, 2, 4]


def test_people_without_anything_are_told_apart_and_not_hidden_in_a_logarithm() -> None:
    found = inequality([0, 0, 1, 1])
    assert found.without == 0.5
    assert (found.mean_log_deviation, found.atkinson_one, found.p90_p10, found.palma) == (None, 1.0, None, None)
    assert found.theil == pytest.approx(math.log(2))


@given(AMOUNTS)
def test_the_same_for_all_is_even_and_every_measure_stays_in_its_bounds(amounts: list[float]) -> None:
    found = inequality(amounts)
    people = len(amounts)
    assert -1e-9 <= found.gini <= (people - 1) / people + 1e-9
    assert -1e-9 <= found.theil <= math.log(people) + 1e-9
    for one in (found.atkinson_half, found.atkinson_one, found.atkinson_two):
        assert one is not None
        assert -1e-9 <= one <= 1
    even = inequality([5.0] * people)
    assert (even.gini, even.theil, even.atkinson_two) == pytest.approx((0, 0, 0), abs=1e-9)


@given(AMOUNTS, st.floats(0.001, 1_000))
def test_the_unit_of_the_amounts_does_not_matter(amounts: list[float], factor: float) -> None:
    one, other = inequality(amounts), inequality([each * factor for each in amounts])
    assert (one.gini, one.theil, one.top_tenth) == pytest.approx(
        (other.gini, other.theil, other.top_tenth), rel=1e-6, abs=1e-9
    )


@given(st.lists(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=12), min_size=1, max_size=6))
def test_what_lies_between_groups_and_within_them_is_the_whole(groups: list[list[float]]) -> None:
    parts = theil_parts(dict(enumerate(groups)))
    assert parts.between + parts.within == pytest.approx(parts.whole, rel=1e-9, abs=1e-9)
    assert parts.between >= -1e-9
    assert parts.within >= -1e-9


@given(st.lists(st.floats(1, 1e6), min_size=3, max_size=30), st.floats(0.01, 1))
def test_taking_from_the_one_with_most_for_the_one_with_least_is_never_less_even(
    amounts: list[float], share: float
) -> None:
    ordered = sorted(amounts)
    moved = (ordered[-1] - ordered[0]) / 2 * share
    fairer = [ordered[0] + moved, *ordered[1:-1], ordered[-1] - moved]
    before, after = inequality(ordered), inequality(fairer)
    assert after.gini <= before.gini + 1e-9
    assert after.theil <= before.theil + 1e-9
    assert after.atkinson_one <= before.atkinson_one + 1e-9


@pytest.mark.parametrize("amounts", [[], [0.0], [-1.0, 2.0], [math.nan], [math.inf]])
def test_amounts_that_are_none_are_refused(amounts: list[float]) -> None:
    with pytest.raises(InvalidInput, match="amounts"):
        inequality(amounts)


def test_a_regression_that_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="people: found 4, expected at least 5"):
        adjusted_gap([1, 2, 3, 4], [True, False, True, False], {"tenure": [1, 2, 3, 4]})
    with pytest.raises(InvalidInput, match="controls that say who is in the group"):
        adjusted_gap([1, 2, 3, 4, 5, 6], [True, False] * 3, {"level": ["a", "b"] * 3})
    with pytest.raises(InvalidInput, match="somebody with nothing"):
        adjusted_gap([0, 2, 3, 4, 5, 6], [True, False] * 3, {})
    with pytest.raises(InvalidInput, match="tenure: found 2 values"):
        adjusted_gap([1, 2, 3, 4, 5, 6], [True, False] * 3, {"tenure": [1, 2]})
