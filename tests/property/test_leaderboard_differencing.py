"""Nobody who has not joined can be inferred from the leaderboard, whatever two looks at it are compared.

The statement is exact: the board is a function of its members' own figures alone. So it says the same whether others exist,
use nothing or use everything; it says the same about the rest when somebody leaves; and its order says no more than its rows.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bursar.insight.leaderboard import LEAST_ROWS, ORDERS, By, Shown, Used, board

COUNTS = st.integers(0, 10**9)
USED = st.builds(Used, st.integers(0, 10**6), COUNTS, COUNTS, COUNTS, st.integers(0, 10**15), st.integers(0, 28))
IDS = st.integers(0, 40).map("per_{}".format)
ALL = st.dictionaries(IDS, USED, max_size=40)
ORDER = st.sampled_from(ORDERS)


def shown(person: str) -> Shown:
    return Shown(f"name {person}", False)


@given(ALL, st.sets(IDS), ALL, ORDER)
def test_the_board_does_not_depend_on_anybody_who_is_not_on_it(
    used: dict[str, Used], members: set[str], others: dict[str, Used], by: By
) -> None:
    on_it = {person: shown(person) for person in members}
    mine = {person: figures for person, figures in used.items() if person in members}
    strangers = {person: figures for person, figures in others.items() if person not in members}
    alone = board(on_it, mine, by)
    assert board(on_it, {**strangers, **mine}, by) == alone
    assert {person for person, _ in alone} <= members


@given(ALL, ORDER, st.data())
def test_who_leaves_takes_their_row_and_nothing_else(used: dict[str, Used], by: By, data: st.DataObject) -> None:
    members = {person: shown(person) for person in used}
    before = board(members, used, by)
    if not before:
        return
    gone = data.draw(st.sampled_from(sorted(members)))
    after = board({person: name for person, name in members.items() if person != gone}, used, by)
    rest = [row for row in before if row[0] != gone]
    assert after == (rest if len(rest) >= LEAST_ROWS else [])


@given(ALL, ORDER)
def test_the_order_says_no_more_than_the_rows(used: dict[str, Used], by: By) -> None:
    """Whoever has the same row stands in the order of the names, whatever the exact figures were."""
    members = {person: shown(person) for person in used}
    rows = [row for _, row in board(members, used, by)]
    shuffled = sorted(rows, key=lambda row: row.shown, reverse=True)
    again = board(
        {row.shown: Shown(row.shown, False) for row in shuffled},
        {row.shown: used[row.shown.removeprefix("name ")] for row in shuffled},
        by,
    )
    assert [row for _, row in again] == rows
    for first, second in pairwise(rows):
        if (first.cost, first.cache, first.output, first.days) == (
            second.cost,
            second.cache,
            second.output,
            second.days,
        ):
            assert first.shown.casefold() < second.shown.casefold()
