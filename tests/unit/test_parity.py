"""Parity of the house: groups that may be told, and figures that no subtraction leads through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bursar.office.figures.parity import ATTRIBUTES, OTHERS, Standing, judged
from bursar.office.figures.small_groups import LEAST_PEOPLE


def person(level: str, allotment: float, *, use: float = 0.0, tenure: float = 1.0, **record: str) -> Standing:
    return Standing({**dict.fromkeys(ATTRIBUTES, ""), "level": level, **record}, tenure, allotment, use)


def test_groups_are_set_beside_everybody_else() -> None:
    people = [person("L4", 1_000)] * 6 + [person("L5", 3_000)] * 6 + [person("L6", 0)] * 5
    found = judged(people, "level", "allotment")
    by_name = {one.name: one for one in found.groups}
    assert set(by_name) == {"L4", "L5", "L6"}
    assert (by_name["L6"].with_access, by_name["L6"].ratio) == (0, 0)
    assert by_name["L4"].gap is not None
    assert by_name["L4"].gap > 0.3
    assert found.parts is not None
    assert found.parts.within < 1e-9
    assert found.whole is not None
    assert round(found.whole.without, 3) == round(5 / 17, 3)


def test_what_level_explains_is_no_gap_between_places() -> None:
    people = [
        person(
            f"L{4 + number % 3}",
            1_000 * (1 + number % 3),
            location="Lisbon" if number % 2 else "Pune",
            tenure=number % 7,
        )
        for number in range(60)
    ]
    found = {one.name: one for one in judged(people, "location", "allotment").groups}
    assert found["Pune"].adjusted is not None
    assert abs(found["Pune"].adjusted.gap) < 1e-9


def test_a_place_that_gets_a_tenth_less_at_every_level_is_seen_and_is_no_chance() -> None:
    people = [
        person(
            f"L{4 + number % 3}",
            1_000 * (1 + number % 3) * (0.9 if number % 2 else 1) * (1 + number % 5 / 1_000),
            location="Lisbon" if number % 2 else "Pune",
            tenure=number % 7,
        )
        for number in range(60)
    ]
    found = {one.name: one for one in judged(people, "location", "allotment").groups}
    one = found["Lisbon"].adjusted
    assert one is not None
    assert 0.095 < one.gap < 0.105
    assert one.is_significant


def test_nothing_at_all_and_nobody_are_no_error() -> None:
    assert judged([], "team", "use").whole is None
    assert judged([person("L4", 0)] * 9, "team", "allotment").groups == ()


@given(st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 5)), max_size=60))
def test_no_group_of_few_is_told_and_none_can_be_had_by_taking_the_others_from_the_whole(
    rows: list[tuple[str, int]],
) -> None:
    people = [person("", float(amount), team=team) for team, amount in rows]
    found = judged(people, "team", "allotment")
    assert all(one.people >= LEAST_PEOPLE for one in found.groups)
    # Nobody is in no group, so that what is left when the groups are taken from the whole is nobody.
    if any(amount for _, amount in rows) and len(people) >= LEAST_PEOPLE:
        assert sum(one.people for one in found.groups) == len(people)
    assert sum(one.name == OTHERS for one in found.groups) <= 1
