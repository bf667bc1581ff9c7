"""Fairness between groups: small ones are never told apart, middles are medians, four fifths are a flag."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bursar.office.parity import FOUR_FIFTHS, Group, Held, fold
from bursar.office.small_groups import LEAST_PEOPLE

held = st.builds(
    Held, st.sampled_from(["", "a", "b", "c", "d"]), st.integers(0, 10**12), st.integers(0, 10**12),
    st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip


def group_of(people: list[Held], name: str) -> Group:
    return next(one for one in fold(people, "level").groups if one.name == name)


@given(st.lists(held, max_size=40))
def test_nobody_stands_in_a_line_of_fewer_than_five_and_nobody_is_lost(people: list[Held]) -> None:
    found = fold(people, "level")
    assert all(one.people >= LEAST_PEOPLE for one in found.groups)
    assert sum(one.people for one in found.groups) + found.hidden == found.people == len(people)
    assert all(one.impact is None or 0 <= one.impact <= 1 for one in found.groups)


def test_one_small_group_takes_the_next_with_it() -> None:
    people = [Held("senior", 9, 1)] * 9 + [Held("junior", 5, 1)] * 5 + [Held("lead", 99, 1)]
    found = fold(people, "level")
    assert [(one.name, one.people, one.merged) for one in found.groups] == [("senior", 9, 0), ("", 6, 2)]


def test_the_middle_of_what_is_promised_leaves_out_whoever_has_nothing() -> None:
    people = [Held("a", 0, 10), Held("a", 0, 0), *(Held("a", promised, 4) for promised in (1, 3, 100))]
    one = group_of(people, "a")
    assert (one.promised, one.used, one.without) == (3, 4, 2)


def test_a_rate_below_four_fifths_of_the_best_is_flagged() -> None:
    # G17b of the worked examples: 21 of 50 against 48 of 80, a ratio of 0.7.
    people = [Held("f", 1, 0, 21, 29), *[Held("f", 1, 0)] * 4, Held("m", 1, 0, 48, 32), *[Held("m", 1, 0)] * 4]
    women, men = group_of(people, "f"), group_of(people, "m")
    assert women.rate == 0.42
    assert men.rate == 0.6
    assert women.impact is not None
    assert abs(women.impact - 0.7) < 1e-12
    assert women.is_flagged
    assert not men.is_flagged
    assert FOUR_FIFTHS == 0.8


def test_a_rate_of_four_decisions_is_not_told() -> None:
    people = [Held("a", 1, 0, 2, 2), *[Held("a", 1, 0)] * 4, Held("b", 1, 0, 9, 1), *[Held("b", 1, 0)] * 4]
    assert group_of(people, "a").rate is None
    assert group_of(people, "a").impact is None
