"""What a close freezes, as arithmetic."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from bursar.ledger.stretch import Movement
from bursar.office.books.classes import shared_out
from bursar.office.books.closing import Figures, MovementLine, UsageLine, digest, movement_lines, usage_lines

ADA = ("ada", "anthropic", "USD", "work", "benefit")
TEAMS = {"ada": "platform"}


def test_a_month_is_frozen_as_it_is() -> None:
    (line,) = usage_lines({"2026-03": {ADA: (3, 30, 30, 27, 0)}}, {}, TEAMS, {})
    assert line == UsageLine("2026-03", *ADA, "platform", 3, 30, 30, 27, 0)


def test_what_came_late_is_the_difference_to_what_was_booked_and_names_its_month() -> None:
    present = {"2026-02": {ADA: (4, 40, 40, 36, 0)}, "2026-03": {ADA: (1, 5, 5, 5, 0)}}
    booked = {"2026-02": {ADA: (3, 30, 30, 27, 0)}}
    late, own = usage_lines(present, booked, TEAMS, {("2026-02", "ada"): "payments"})
    assert (late.concerns, late.figures, late.team) == ("2026-02", (1, 10, 10, 9, 0), "payments")
    assert (own.concerns, own.figures, own.team) == ("2026-03", (1, 5, 5, 5, 0), "platform")


def test_a_correction_may_take_away_and_nothing_late_is_no_line() -> None:
    present = {"2026-02": {ADA: (3, 20, 20, 18, 0)}, "2026-01": {ADA: (1, 1, 1, 1, 0)}}
    booked = {"2026-02": {ADA: (3, 30, 30, 27, 0)}, "2026-01": {ADA: (1, 1, 1, 1, 0)}}
    (line,) = usage_lines(present, booked, TEAMS, {})
    assert line.figures == (0, -10, -10, -9, 0)


def test_the_first_close_opens_with_everything_before_its_month() -> None:
    moved = {
        ("2026-01", "stipend", "USD"): Movement(released=100, spent=30),
        ("2026-02", "stipend", "USD"): Movement(released=100, spent=20, forfeited=50),
        ("2026-03", "stipend", "USD"): Movement(released=7),
    }
    assert movement_lines("2026-02", moved, {}, first=True) == [
        MovementLine("2026-02", "stipend", "USD", 70, 100, 0, 0, 20, 50, 0, 100)
    ]


def test_every_closing_is_the_next_opening_and_late_movements_stand_in_between() -> None:
    moved = {
        ("2026-02", "stipend", "USD"): Movement(spent=4),
        ("2026-03", "stipend", "USD"): Movement(released=100, spent=10),
    }
    late, own = movement_lines("2026-03", moved, {("stipend", "USD"): 70, ("bonus", "USD"): 5}, first=False)[:2]
    rest = movement_lines("2026-03", moved, {("stipend", "USD"): 70, ("bonus", "USD"): 5}, first=False)[2]
    assert (late.concerns, late.spent, late.opening, late.closing) == ("2026-02", 4, 0, 0)
    assert (own.plan, own.opening, own.closing) == ("bonus", 5, 5)
    assert (rest.plan, rest.opening, rest.closing) == ("stipend", 66, 156)


def test_what_a_plan_has_changes_by_what_came_and_went() -> None:
    one = Movement(released=100, rolled_in=20, rolled_out=25, spent=30, overage=9, forfeited=5, revoked=10)
    assert one.change == 50
    assert (one + one).change == 100
    assert (one + one).overage == 18


def test_the_digest_says_every_figure_and_no_order() -> None:
    usage = [
        UsageLine("2026-03", who, "anthropic", "USD", "work", "benefit", "t", 1, 2, 3, 4, 5) for who in ("ada", "ben")
    ]
    movement = [MovementLine("2026-03", "stipend", "USD", 1, 2, 3, 4, 5, 6, 7, 8)]
    first = digest("2026-03", 1, 99, "head", "before", usage, movement)
    assert first == digest("2026-03", 1, 99, "head", "before", usage[::-1], movement)
    others = [
        digest("2026-04", 1, 99, "head", "before", usage, movement),
        digest("2026-03", 2, 99, "head", "before", usage, movement),
        digest("2026-03", 1, 98, "head", "before", usage, movement),
        digest("2026-03", 1, 99, "heads", "before", usage, movement),
        digest("2026-03", 1, 99, "head", "", usage, movement),
        digest("2026-03", 1, 99, "head", "before", usage[:1], movement),
        digest("2026-03", 1, 99, "head", "before", usage, [replace(movement[0], closing=9)]),
    ]
    others += [
        digest("2026-03", 1, 99, "head", "before", [replace(usage[0], **{name: changed}), usage[1]], movement)
        for name, changed in (("amount", 9), ("team", "x"), ("cost_nanos", 0), ("overage", 0), ("requests", 7))
    ]
    others += [
        digest("2026-03", 1, 99, "head", "before", [replace(usage[0], **{name: "x"}), usage[1]], movement, "books")
        for name in ("purpose", "plan_class", "provider")
    ]
    others += [digest("2026-03", 1, 99, "head", "before", usage, movement, books) for books in ("books", "others")]
    assert len({first, *others}) == len(others) + 1


def test_a_close_from_before_purposes_were_known_keeps_its_digest_and_is_compared_without_them() -> None:
    old = UsageLine("2026-02", "ada", "anthropic", "USD", "", "", "platform", 3, 30, 30, 27, 0)
    # Of the first form of a close, computed by hand: sha256 over the head and the line without the two fields.
    told = {name: getattr(old, name) for name in UsageLine.__slots__ if name not in ("purpose", "plan_class")}
    head = json.dumps(["bursar-close-1", "2026-02", 1, 9, "head", ""])
    expected = sha256((head + json.dumps(told, sort_keys=True)).encode()).hexdigest()
    assert digest("2026-02", 1, 9, "head", "", [old], []) == expected
    present = {"2026-02": {ADA: (3, 30, 30, 27, 0), (*ADA[:3], "personal", "pool"): (1, 4, 4, 4, 0)}}
    booked = {"2026-02": {(*ADA[:3], "", ""): (3, 30, 30, 27, 0)}}
    (line,) = usage_lines(present, booked, TEAMS, {})
    assert (line.purpose, line.plan_class, line.figures) == ("", "", (1, 4, 4, 4, 0))


@given(
    st.tuples(
        st.integers(0, 9),
        st.integers(-(10**12), 10**12),
        st.integers(-(10**12), 10**12),
        st.integers(-9, 9),
        st.integers(0, 9),
    ),
    st.dictionaries(st.sampled_from(["benefit", "pool", "own_money"]), st.integers(-5, 10**12)),
)
def test_what_is_shared_out_to_classes_sums_to_the_whole(figures: Figures, weights: dict[str, int]) -> None:
    parts = shared_out(figures, weights, "by_hand")
    assert tuple(sum(column) for column in zip(*parts.values(), strict=True)) == figures


def test_value_and_cost_are_shared_as_the_lots_were_drawn_and_overage_is_a_class_of_its_own() -> None:
    assert shared_out((2, 10, 10, 7, 4), {"benefit": 4, "pool": 2}, "x") == {
        "benefit": (2, 4, 4, 3, 0),
        "overage": (0, 4, 4, 3, 4),
        "pool": (0, 2, 2, 1, 0),
    }
    assert shared_out((0, -5, -5, -4, 0), {}, "benefit") == {"benefit": (0, -5, -5, -4, 0)}
