"""What a team is told of itself: sums behind which enough people stand, and how somebody's allotment stands."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bursar.office.figures.forecast import HISTORY_HOURS
from bursar.office.figures.runways import AT_RISK, runway
from bursar.office.figures.team_use import LEAST, put_together, spread
from bursar.office.oversight.subjects import Member
from bursar.office.telling.watch import Outlook, Purse

DAY = 86_400_000_000
NOW = 20_000 * DAY
SOMEBODY = Member("per_1", "nora", "Nora", "platform", ZoneInfo("UTC"), "grace", 1)
people_of = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 100), max_size=8)


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=2), people_of, max_size=6))
def test_behind_every_sum_stand_enough_people_and_nothing_is_lost(by_key: dict[str, dict[str, int]]) -> None:
    found = put_together(by_key)
    assert all(one.people >= LEAST for one in found)
    if found:
        assert sum(one.amount for one in found) == sum(sum(one.values()) for one in by_key.values())


def test_one_small_key_takes_company_with_it_so_that_the_total_does_not_tell_it() -> None:
    many = dict.fromkeys("abcdef", 10)
    found = put_together({"gpt": many, "claude": dict.fromkeys("abcde", 5), "local": {"a": 3}})
    assert [(one.key, one.people, one.amount) for one in found] == [("gpt", 6, 60), ("", 5, 28)]


def test_a_spread_of_four_people_is_not_told() -> None:
    assert spread([1, 2, 3, 4]) is None
    assert spread([1, 2, 3, 4, 5]) is not None


def outlook(daily: list[int], left: int, *, resets: int = 10, runs_out: int | None = None, spent: int = 0) -> Outlook:
    """Somebody whose fourteen days cost this much each, at noon."""
    hourly = [0] * (HISTORY_HOURS + 1)
    for day, amount in enumerate(daily):
        hourly[day * 24 + 12] = amount
    purse = Purse("USD", spent, 0, left, NOW - 20 * DAY, NOW + resets * DAY)
    at = None if runs_out is None else NOW + runs_out * DAY
    return Outlook(purse, tuple(hourly) if daily else (), NOW - 20 * DAY, NOW + resets * DAY, at)


def test_how_somebody_stands_by_what_is_left_and_how_it_went() -> None:
    by_turns = [10, 30] * 7
    for found, state in (
        (outlook(by_turns, 0, spent=500), "out"),
        (outlook(by_turns, 100, runs_out=5), "dry"),
        (outlook(by_turns, 205), "tight"),
        (outlook(by_turns, 2_000), "fine"),
        (outlook([20] * 7 + [2] * 7, 300, spent=1_500), "saving"),
        (outlook([], 100), "idle"),
        (None, "nothing"),
    ):
        one = runway(SOMEBODY, found, NOW)
        assert one.state == state
        assert (one.state in AT_RISK) == (state in ("out", "dry", "tight", "saving"))


def test_who_runs_out_early_is_surer_the_less_there_is_left() -> None:
    chances = [runway(SOMEBODY, outlook([10, 30] * 7, left), NOW).chance for left in (50, 150, 250, 350)]
    known = [one for one in chances if one is not None]
    assert len(known) == 4
    assert known == sorted(known, reverse=True)
