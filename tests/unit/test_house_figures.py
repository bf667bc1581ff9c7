"""The pure parts of the house's figures: months, small groups, the forecast, bands, ratios, sheets, counts, prices."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput
from bursar.exchange.sheets import csv_text, number
from bursar.gateway.tally import MAX_KINDS, Tally
from bursar.insight.burn import LEAST_DAYS, fan
from bursar.office import months
from bursar.office.catalogue import price_history
from bursar.office.figures import ratio
from bursar.office.figures.exposure import Beyond, Exposure, Held, House, Row
from bursar.office.figures.small_groups import split
from bursar.office.oversight.verification import anchor_text, read_anchor
from bursar.office.workforce import bands

DAY = 86_400_000_000
NANO = 1_000_000_000


# Months.


def test_a_month_begins_and_ends_with_its_days_of_utc() -> None:
    start, end = months.micros_of("2024-02")
    assert (end - start) // DAY == 29
    assert months.month_of(start) == months.month_of(end - 1) == "2024-02"
    assert months.month_of(end) == months.following("2024-02") == "2024-03"
    assert months.following("2026-01", -1) == "2025-12"
    assert months.months_between("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months.months_between("2026-05", "2026-02") == ["2026-02"]


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-1", "26-01", "2026-00", "2026-01-01", "٢٠٢٦-٠١", "9999-12"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        months.checked(text)
    assert caught.value.field == "month"


# Small groups.


def test_a_group_of_few_is_told_with_the_next_ones_until_they_are_five() -> None:
    people = {"mobile": {1, 2, 3, 4, 5, 6}, "payments": {11, 12, 13, 14, 15}, "brand": {21, 22}, "law": {31}}
    found = split(
        [(name, len(who)) for name, who in people.items()], lambda keys: len(set().union(*(people[k] for k in keys)))
    )
    # Three people would be told by taking the others from the whole; so the smallest other group hides with them.
    assert (found.named, set(found.merged), found.people) == (("mobile",), {"brand", "law", "payments"}, 8)


@given(st.dictionaries(st.integers(0, 30), st.sets(st.integers(0, 40), min_size=1), max_size=12))
def test_no_group_of_fewer_than_five_is_ever_told_apart(groups: dict[int, set[int]]) -> None:
    found = split(
        [(key, len(who)) for key, who in groups.items()], lambda keys: len(set().union(*(groups[k] for k in keys)))
    )
    assert {*found.named, *found.merged} == set(groups)
    assert all(len(groups[key]) >= 5 for key in found.named)
    if found.merged:
        hidden = set().union(*(groups[key] for key in found.merged))
        assert len(hidden) == found.people
        assert len(hidden) >= 5 or not found.named


def test_exposure_by_team_names_no_team_of_two() -> None:
    rows = [Row(f"p{n}", "USD", "stipend", "senior", "mobile", "any", Held(released=10)) for n in range(6)]
    rows += [Row(f"q{n}", "USD", "stipend", "senior", "law", "any", Held(released=1)) for n in range(2)]
    rows += [Row(f"r{n}", "USD", "stipend", "senior", "brand", "any", Held(released=2)) for n in range(7)]
    house = House(tuple(rows), (), {}, ())
    assert [(one.key, one.people, one.sums.released, one.merged) for one in house.by("team", "USD")] == [
        ("brand", 7, 14, 0),
        ("groups of fewer than five", 8, 62, 2),
    ]
    assert [one.key for one in house.by("plan", "USD")] == ["stipend"]


def test_the_most_that_can_be_spent_is_what_is_open_held_and_what_steps_may_add() -> None:
    one = Exposure("USD", Held(available=100, open=70, held=5), 0, 0, 3, Beyond(grace=10, top_up=20, own_money=40))
    assert one.most_now == 70 + 5 + 10 + 20  # own money is the people's


# The forecast.


def test_a_house_that_spends_the_same_every_week_is_expected_there_and_nothing_is_for_sure() -> None:
    week = [one * NANO for one in (5, 5, 5, 5, 5, 1, 1)]
    found = fan(week * 8, 14)
    assert found is not None
    assert found.middle[6] == pytest.approx(sum(week), rel=0.02)
    assert found.middle[13] == pytest.approx(2 * sum(week), rel=0.02)
    assert found.middle[0] == pytest.approx(5 * NANO, rel=0.02)  # the day after a Sunday is a Monday again
    assert found.low[13] < 0.95 * found.middle[13]
    assert 1.05 * found.middle[13] < found.high[13] < 1.3 * found.middle[13]


def test_a_fan_is_ordered_grows_and_is_the_same_for_the_same_history() -> None:
    daily = [((n * 7919) % 100) * NANO for n in range(60)]
    found = fan(daily, 30, seed=3)
    assert found == fan(daily, 30, seed=3)
    assert found is not None
    for one in zip(found.low, found.inner_low, found.middle, found.inner_high, found.high, strict=True):
        assert list(one) == sorted(one)
    assert all(after >= before for before, after in zip(found.middle, found.middle[1:], strict=False))


def test_without_two_weeks_of_use_there_is_no_fan() -> None:
    assert fan([1] * (LEAST_DAYS - 1), 10) is None
    assert fan([0] * 90, 10) is None
    assert fan([0] * 80 + [3] * 10, 10) is None
    with pytest.raises(ValueError, match="ahead"):
        fan([1] * 60, 0)


# Bands and ratios.


def test_bands_are_read_as_people_write_them() -> None:
    text = '\ufefflevel,amount\njunior, $90,000\n\n"staff, principal",$250000\nsenior ,160k USD\n'
    assert bands.read(text) == {
        "junior": 90_000 * NANO,
        "staff, principal": 250_000 * NANO,
        "senior": 160_000 * NANO,
    }
    assert bands.read("") == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("senior", "line 1: 'senior'"),
        ("senior,", "line 1"),
        ("senior, much", "line 1"),
        ("senior, €90,000", "line 1"),
        ("senior, $0", "line 1"),
        ("senior, -$5", "line 1"),
        ("junior, $1\njunior, $2", "line 2: 'junior' a second time"),
        ("a\x00b, $1", "line 1"),
        ("x" * 200_000, "200000 characters"),
    ],
)
def test_a_band_that_is_none_is_told_with_its_line(text: str, found: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bands.read(text)
    assert caught.value.field == "bands"
    assert found in caught.value.found


def test_what_a_level_is_paid_and_what_somebody_burns_make_a_ratio() -> None:
    people = [
        ("1", "ada", "Ada", "platform", "senior"),
        ("2", "ben", "Ben", "platform", "senior"),
        ("3", "eva", "Eva", "platform", "none"),
    ]
    spent = {"1": 9_000 * NANO * 3, "2": 6_500 * NANO * 3}
    found = ratio.compared(people, spent, {"senior": 100_000 * NANO}, 90)
    by_name = {one.handle: one for one in found.people}
    # 27,000 in 90 days are 109,500 in a year.
    assert (by_name["ada"].percent, by_name["ada"].status) == (109, "exceeds")
    assert (by_name["ben"].percent, by_name["ben"].status) == (79, "ok")
    assert (by_name["eva"].percent, by_name["eva"].status) == (0, "unknown")
    assert [one.handle for one in found.people] == ["ada", "ben", "eva"]
    assert found.distribution()[ratio.EDGES.index(100)] == 1
    assert found.distribution()[ratio.EDGES.index(60)] == 1
    assert [(one.level, one.people, one.asked) for one in found.levels()] == [("none", 1, 0), ("senior", 2, 1)]


# Sheets.


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_run_stays_a_text(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(("name", "amount"), [(text, number(-5 * NANO))]), newline=""))
    assert row == [f"'{text}", "-5.000000000"]


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), min_size=2, max_size=4
    )
)
def test_every_text_comes_back_from_a_sheet(cells: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["x"] * len(cells), [cells]), newline="")))
    assert [
        one.removeprefix("'") if not cell.startswith("'") else one for one, cell in zip(rows[1], cells, strict=True)
    ] == cells


def test_amounts_in_a_sheet_are_exact() -> None:
    assert csv_text(("a",), [(number(1),), (Decimal("1e-9"),), (None,), (7,)]).splitlines() == [
        "a",
        "0.000000001",
        "0.000000001",
        '""',
        "7",
    ]


# What gateways count.


def test_what_is_counted_is_taken_once_and_can_be_given_back() -> None:
    tally = Tally()
    tally.refused("exhausted")
    tally.refused("exhausted")
    tally.failed("anthropic", "status 529")
    taken = tally.take()
    assert taken == {("refusal", "exhausted", ""): 2, ("error", "status 529", "anthropic"): 1}
    assert tally.take() == {}
    tally.refused("exhausted")
    tally.give_back(taken)
    assert tally.take()[("refusal", "exhausted", "")] == 3


def test_the_counts_stay_few_whatever_happens() -> None:
    tally = Tally()
    for number_ in range(3 * MAX_KINDS):
        tally.failed(f"provider{number_}", "status 500")
    taken = tally.take()
    assert len(taken) == MAX_KINDS + 1
    assert sum(taken.values()) == 3 * MAX_KINDS


# Prices.


def test_what_is_laid_over_is_said_in_words_and_a_contract_only_to_whoever_may_see_it() -> None:
    discount = {
        "kind": "discount",
        "provider": "anthropic",
        "model": "claude-*",
        "basis_points": 1250,
        "from": "2026-01-01",
    }
    own = {
        "kind": "own",
        "provider": "ours",
        "model": "*",
        "list": {"input": "0.40", "output": "1.60"},
        "cost": {"input": "0.10", "output": "0.20"},
    }
    assert price_history.sentence(discount) == "anthropic claude-* costs us 12.5% less than list, from 2026-01-01"
    assert price_history.public_sentence(discount) == "a contract rate of anthropic"
    assert "0.10" in price_history.sentence(own)
    assert price_history.public_sentence(own) == "ours * is charged at $0.40 in and $1.60 out per million tokens"


def test_two_snapshots_differ_in_models_that_are_new_gone_or_priced_otherwise() -> None:
    def snapshot(**prices: int) -> dict[str, object]:
        models = [{"id": name, "prices": [{"rates": rate}]} for name, rate in prices.items()]
        return {"providers": [{"id": "p", "models": models}]}

    found = price_history.compared(snapshot(a=1, b=1, c=1), snapshot(b=2, c=1, d=1))
    assert [(one.model, one.how) for one in found] == [("a", "gone"), ("b", "changed"), ("d", "new")]


# Heads that are kept outside.


def test_a_head_that_was_written_down_is_read_again() -> None:
    from bursar.ledger import Anchor

    one = Anchor(3, 17, 1_700_000_000_000_000, "ab" * 32)
    assert read_anchor(f"  {anchor_text(one)}\n") == one
    assert read_anchor("  ") is None
    for text in ("3 17", "x", f"-1 17 5 {'ab' * 32}", f"3 17 5 {'zz' * 32}", "9" * 5_000):
        with pytest.raises(InvalidInput) as caught:
            read_anchor(text)
        assert caught.value.field == "anchor"
