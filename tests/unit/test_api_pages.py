"""Cursors and tags: pages stay right while rows are added, and a tag names one content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.api import pages, tags
from bursar.api.shapes import amount_of, instant
from bursar.errors import InvalidInput
from bursar.money import MAX_NANOS, Unit, parse_amount

ROWS = st.lists(st.tuples(st.integers(0, 50), st.text("abc", max_size=3)), unique=True)


def walked(rows: list[tuple[int, str]], limit: int, more: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Every row of all pages; after the first page, `more` is there too."""
    found, cursor = [], ""
    while True:
        page, following = pages.after(sorted(rows), cursor, limit, lambda one: one)
        found += page
        if following is None:
            return found
        cursor, rows = following, sorted({*rows, *more})


@given(ROWS, st.integers(1, 7))
def test_every_row_is_on_exactly_one_page(rows: list[tuple[int, str]], limit: int) -> None:
    assert walked(rows, limit, []) == sorted(rows)


@given(ROWS, st.integers(1, 7), ROWS)
def test_rows_that_are_added_disturb_no_page(
    rows: list[tuple[int, str]], limit: int, more: list[tuple[int, str]]
) -> None:
    found = walked(rows, limit, more)
    assert len(set(found)) == len(found)
    assert set(rows) <= set(found)
    assert found == sorted(found)


@given(ROWS, st.integers(1, 7))
def test_the_newest_first_is_the_same_backwards(rows: list[tuple[int, str]], limit: int) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page, cursor = pages.before(sorted(rows, reverse=True), cursor, limit, lambda one: one)  # type: ignore[assignment]
        found += page
    assert found == sorted(rows, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "bnVsbA", "W3RydWVd", "W1tdXQ", "é", "W10" * 90])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        pages.read(cursor)
    assert caught.value.field == "after"


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInput):
        pages.after([(1, "a")], pages.written("text"), 10, lambda one: one)


@given(st.integers(-MAX_NANOS, MAX_NANOS), st.sampled_from(["USD", "tokens:claude", "gpu-h"]))
def test_an_amount_says_the_same_twice_and_reads_back(nanos: int, unit: str) -> None:
    found = amount_of(nanos, unit)
    assert int(found.nanos) == nanos
    if nanos >= 0:
        text = f"{found.amount} {unit}".replace(":", " of ") if unit.startswith("tokens") else f"{found.amount} {unit}"
        read = parse_amount(text)
        assert (read.nanos, read.unit) == (nanos, Unit(unit))


def test_an_instant_has_a_fraction_only_where_there_is_one() -> None:
    assert instant(1_700_000_000_000_000) == "2023-11-14T22:13:20Z"
    assert instant(1_700_000_000_000_001) == "2023-11-14T22:13:20.000001Z"


def test_a_condition_names_tags_whichever_way_they_travelled() -> None:
    assert tags.named('"a", "b-gzip", W/"c"') == {'"a"', '"b"'}
    assert tags.named("*") == {"*"}
    assert tags.named("") == frozenset()
    assert len(tags.named(", ".join(f'"{number}"' for number in range(100)))) == tags.MAX_TAGS
