"""Several tables of the same people: nobody gets at fewer than five by adding and taking away, whatever is combined."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.insight.telling import LEAST, NOT_GIVEN, OTHERS, Told, told_apart

Records = list[dict[str, str]]


def houses(*attributes: str, values: str = "abc", blocks: int = 7) -> st.SearchStrategy[Records]:
    """People in blocks of some who are alike: large groups with small differences between tables."""
    alike = st.fixed_dictionaries({name: st.sampled_from(values) for name in attributes})
    some = st.tuples(alike, st.sampled_from((1, 1, 2, 3, 4, 5, 6, 9)))
    return st.lists(some, max_size=blocks).map(lambda found: [one for one, number in found for _ in range(number)])


def published(records: Records, attributes: tuple[str, ...], told: Told) -> np.ndarray:
    """Who is in each group of each table, and everybody: a row of zeros and ones for each sum that is told."""
    rows = [np.ones(len(records), dtype=np.int64)]
    for name in attributes:
        groups = [told.group(name, one[name]) for one in records]
        rows += [np.array([one == group for one in groups], dtype=np.int64) for group in sorted(set(groups))]
    return np.array(rows)


def few(tables: np.ndarray, factors: tuple[int, ...]) -> list[np.ndarray]:
    """Every combination of the tables with these factors that is a sum over one to four people."""
    ways = np.array(list(itertools.product(factors, repeat=len(tables))), dtype=np.int64)
    sums = ways @ tables
    plain = ((sums == 0) | (sums == 1)).all(axis=1)
    number = sums.sum(axis=1)
    return list(sums[plain & (number > 0) & (number < LEAST)])


@given(houses("team", values="abcd"))
def test_no_difference_within_one_table_is_about_a_few(records: Records) -> None:
    tables = published(records, ("team",), told_apart(records, ("team",)))
    assert len(records) < LEAST or few(tables, (-1, 0, 1)) == []


@given(houses("team", "level"))
def test_no_sum_or_difference_over_two_tables_is_about_a_few(records: Records) -> None:
    told = told_apart(records, ("team", "level"))
    tables = published(records, ("team", "level"), told)
    assert len(records) < LEAST or few(tables, (-2, -1, 0, 1, 2) if len(tables) <= 5 else (-1, 0, 1)) == []


@given(houses("team", "level", "place", values="ab"))
def test_no_sum_or_difference_over_three_tables_is_about_a_few(records: Records) -> None:
    names = ("team", "level", "place")
    tables = published(records, names, told_apart(records, names))
    assert len(records) < LEAST or few(tables, (-1, 0, 1)) == []


@given(houses("team", "level"), st.randoms(use_true_random=False))
def test_what_may_be_told_does_not_depend_on_the_order_of_people(records: Records, random: object) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told_apart(shuffled, ("team", "level")) == told_apart(records, ("team", "level"))


def test_two_tables_that_are_harmless_alone_are_not_told_as_they_are_together() -> None:
    """Everybody of the sixth level is in one team with two others: the team less the level would be these two."""
    records = [{"team": "core", "level": "L6"}] * 6 + [{"team": "core", "level": "L5"}] * 2
    records += [{"team": "web", "level": "L5"}] * 10
    for name in ("team", "level"):
        assert OTHERS not in told_apart(records, (name,)).groups[name].values()
    told = told_apart(records, ("team", "level"))
    assert OTHERS in {*told.groups["team"].values(), *told.groups["level"].values()}
    assert few(published(records, ("team", "level"), told), (-2, -1, 0, 1, 2)) == []


def test_two_people_in_two_places_who_only_follow_together_are_not_told_either() -> None:
    """As above, and the two are in different places: neither follows alone, their sum does."""
    records = [{"team": "core", "level": "L6", "place": place} for place in ("here", "there") for _ in range(4)]
    records += [{"team": "core", "level": "L5", "place": place} for place in ("here", "there")]
    records += [{"team": "web", "level": "L5", "place": place} for place in ("here", "there") for _ in range(5)]
    names = ("team", "level", "place")
    told = told_apart(records, names)
    assert few(published(records, names, told), (-1, 0, 1)) == []
    plain = Told({name: {one[name]: one[name] for one in records} for name in names})
    assert len(few(published(records, names, plain), (-1, 0, 1))) > 0


def test_groups_that_hurt_nobody_keep_their_names() -> None:
    records = [{"team": team, "level": level} for team in "abc" for level in ("L4", "L5") for _ in range(6)]
    told = told_apart(records, ("team", "level"))
    assert told.groups == {"team": {"a": "a", "b": "b", "c": "c"}, "level": {"L4": "L4", "L5": "L5"}}
    assert told_apart([{"team": ""}] * 5, ("team",)).group("team", "") == NOT_GIVEN


@pytest.mark.parametrize("people", [0, 1, 4, 5])
def test_a_house_of_few_is_told_as_a_whole_or_not_at_all(people: int) -> None:
    records = [{"team": str(number)} for number in range(people)]
    assert set(told_apart(records, ("team",)).groups["team"].values()) <= {OTHERS}


def test_ten_thousand_people_with_five_attributes_take_no_longer_than_a_page_may() -> None:
    random = np.random.default_rng(7)
    columns = {"team": 250, "level": 9, "job_family": 12, "role": 40, "location": 15}
    drawn = {name: np.minimum(random.zipf(1.4, 10_000), number) for name, number in columns.items()}
    records = [{name: f"{name} {drawn[name][place]}" for name in columns} for place in range(10_000)]
    started = time.process_time()
    told = told_apart(records, tuple(columns))
    assert time.process_time() - started < 3
    assert sum(group != OTHERS for groups in told.groups.values() for group in groups.values()) > 60
