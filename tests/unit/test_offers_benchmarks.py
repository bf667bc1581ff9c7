"""The table of reported figures: what it says, where an allowance stands in it, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import exp, inf, nan, sqrt
from pathlib import Path
from statistics import NormalDist

import pytest
from typer.testing import CliRunner

import bursar.offers.benchmarks as module
from bursar.cli.offers import app
from bursar.errors import InvalidInput, NotFound
from bursar.insight.simulation.usage import PERSONAS
from bursar.offers.benchmarks import Row, Standing, Table, placed, read, rows, stale, table, through, uber
from bursar.offers.value import exceeds, percentile_of

TEXT = (Path(module.__file__).parent / module.FILE).read_text(encoding="utf-8")
ONE = """
looked_up: 2026-11-21
rows:
  - id: here
    what: What somebody may spend here.
    amount: 100
    unit: USD a month
    kind: allowance
    statistic: limit
    population: everybody
    date: 2026-06
    source: A newspaper
    confidence: reported
"""


def standing(amount_a_year: float, name: str) -> Standing:
    (found,) = [one for one in placed(amount_a_year).standings if one.name.startswith(name)]
    return found


# The table.


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_every_row_says_what_it_is_where_it_is_from_and_how_sure_it_is(row: Row) -> None:
    assert row.what.endswith(".")
    assert re.fullmatch(r"2026(-\d\d(-\d\d)?)?", row.date)
    assert row.source
    assert row.population
    assert row.address.startswith("https://") or row.confidence == "judgement"


@pytest.mark.parametrize(
    ("name", "a_year"),
    [
        ("uber-tool", (18_000, 18_000)),
        ("claude-code-day", (13 * 252, 13 * 252)),
        ("claude-code-month", (1_800, 3_000)),
        ("ramp-median", (136.56, 136.56)),
        ("nvidia-half-of-base", (250_000, 250_000)),
        ("jellyfish-median", None),
        ("cursor-gini-spend", None),
    ],
)
def test_dollars_become_dollars_a_year_and_nothing_else_does(name: str, a_year: tuple[float, float] | None) -> None:
    found = table().row(name).a_year
    assert found == (None if a_year is None else pytest.approx(a_year))


def test_only_what_could_not_be_found_again_is_a_judgement() -> None:
    assert {row.id for row in rows() if row.confidence == "judgement"} == {"uber-light", "uber-moderate", "uber-heavy"}


def test_a_figure_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="no reported figure 'nothing'"):
        table().row("nothing")


def test_the_table_is_old_a_year_and_a_day_after_it_was_looked_up() -> None:
    known = Table(date(2026, 11, 21), ())
    assert not stale(date(2027, 11, 21), known)
    assert stale(date(2027, 11, 22), known)
    assert not stale(table().looked_up)


# Distributions.


def test_the_lognormal_of_uber_has_its_tiers_and_is_the_moderate_persona() -> None:
    found, moderate = uber(), PERSONAS["moderate"]
    assert percentile_of(200, found.median, found.sigma) == pytest.approx(0.35, abs=1e-12)
    assert percentile_of(500, found.median, found.sigma) == pytest.approx(0.75, abs=1e-12)
    assert exceeds(2000, found.median, found.sigma) == pytest.approx(0.011, abs=1e-3)  # the tiers leave 5 %
    assert (found.median, found.sigma) == pytest.approx((moderate.median, moderate.sigma), rel=5e-5)


def test_a_lognormal_goes_through_the_two_points_it_is_given() -> None:
    assert through((exp(-0.5), 0.3085375387259869), (exp(0.5), 0.6914624612740131)) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(
    ("a_month", "low", "high"), [(0, 0, 0.71), (200, 0, 0.71), (300, 0, 0.94), (500, 0.23, 0.94), (2001, 0.23, 1)]
)
def test_gartners_shares_bound_what_lies_below(a_month: float, low: float, high: float) -> None:
    found = standing(12 * a_month, "Gartner")
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("a_month", "low", "high"),
    [(5, 0, 0.5), (11.38, 0.5, 0.5), (611, 0.9, 0.9), (7500, 0.99, 1), (8000, 0.99, 1)],
)
def test_ramps_quantiles_are_met_and_beyond_them_nothing_is_invented(a_month: float, low: float, high: float) -> None:
    found = standing(12 * a_month, "Ramp")
    assert (found.low, found.high) == pytest.approx((low, high))


def test_halfway_between_two_quantiles_in_logarithms_is_halfway_in_deviates() -> None:
    found = standing(12 * sqrt(611 * 7500), "Ramp")
    assert found.known
    assert found.low == pytest.approx(NormalDist().cdf((1.281552 + 2.326348) / 2), abs=1e-6)


def test_a_larger_allowance_never_stands_lower() -> None:
    amounts = [0.0, *(1.07**power for power in range(220))]
    for less, more in pairwise(placed(amount) for amount in amounts):
        for before, after in zip(less.standings, more.standings, strict=True):
            assert 0 <= before.low <= before.high <= 1
            assert before.low <= after.low
            assert before.high <= after.high


# Between which figures.


def test_ten_thousand_a_year_stands_between_reported_figures() -> None:
    found = placed(10_000)
    assert found.below is not None
    assert found.above is not None
    assert (found.below.id, [row.id for row in found.around], found.above.id) == (
        "claude-code-day-p90",
        ["uber-power"],
        "uber-tool",
    )
    assert standing(10_000, "Uber").low == pytest.approx(0.897, abs=1e-3)


def test_the_least_and_the_most_have_nothing_beyond_them() -> None:
    assert placed(0).below is None
    assert placed(1e9).above is None


def test_prices_and_shares_are_no_allowances() -> None:
    met = {row.id for amount in range(0, 60_000, 60) for row in placed(amount).around}
    assert met
    assert not met & {row.id for row in rows() if row.kind == "price" or row.statistic == "share"}


@pytest.mark.parametrize("amount", [-1.0, nan, inf])
def test_what_is_no_amount_is_refused(amount: float) -> None:
    with pytest.raises(InvalidInput, match=r"allowance: found .*, expected 0 or more dollars a year"):
        placed(amount)


# Faults of the file.


def test_a_table_of_ones_own_can_be_read() -> None:
    (row,) = read(ONE).rows
    assert (row.id, row.amount, row.date, row.address) == ("here", 100, "2026-06", "")


def test_a_table_of_ones_own_needs_a_licence_and_stands_without_our_rows(tmp_path: Path) -> None:
    file, runner = tmp_path / "own.yaml", CliRunner()
    file.write_text(ONE)
    refused = runner.invoke(app, ["market", "$2,000", "--table", str(file)])
    assert isinstance(refused.exception, InvalidInput)
    assert "licence" in refused.exception.field
    file.write_text(f"licence: bought for internal use\n{ONE}")
    told = runner.invoke(app, ["market", "$2,000", "--table", str(file), "--json"])
    found = json.loads(told.output)
    assert (found["licence"], found["looked_up"]) == ("bought for internal use", "2026-11-21")
    assert [one["id"] for one in found["reported"]] == ["here"]
    assert found["more_than"] == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("    date: 2026-06\n", "", r"row:\d+:\d+: rows\.0\.date: found nothing, expected a value"),
        ("    source: A newspaper\n", "", r"rows\.0\.source: found nothing"),
        ("    confidence: reported\n", "", r"rows\.0\.confidence: found nothing"),
        ("confidence: reported", "confidence: sure", r"rows\.0\.confidence: found 'sure', expected 'verified'"),
        ("unit: USD a month", "unit: EUR", r"rows\.0\.unit: found 'EUR', expected 'USD a month'"),
        ("amount: 100", "amount: -1", r"rows\.0\.amount: found -1, expected .*greater than or equal to 0"),
        ("amount: 100", "amount: a lot", r"rows\.0\.amount: found 'a lot'"),
        ("amount: 100", "amount: 100\n    to: 50", r"rows\.0\.to: found 50, expected more than the amount, 100"),
        ("statistic: limit", "statistic: share", r"rows\.0\.share: found none, expected a share of the population"),
        ("amount: 100", "amount: 100\n    share: 0.5", r"rows\.0\.share: found 0.5, expected no share"),
        ("date: 2026-06", "date: last June", r"rows\.0\.date: found 'last June'"),
        ("date: 2026-06", "date: 2027-01-01", r"rows\.0\.date: found 2027-01-01, expected no later than .* 2026-11-21"),
        ("id: here", "id: Here", r"rows\.0\.id: found 'Here'"),
        ("    date:", "    dated: 1\n    date:", r"rows\.0\.dated: found a field that is not known here, .*date"),
        ("amount: 100", "amount: 100\n    amount: 200", r"amount: found it twice, expected each field once"),
        ("looked_up: 2026-11-21\n", "", r"looked_up: found nothing"),
    ],
)
def test_a_fault_names_line_field_found_and_expected(before: str, after: str, fault: str) -> None:
    assert before in ONE
    with pytest.raises(InvalidInput, match=fault):
        read(ONE.replace(before, after), "row")


def test_an_id_is_given_once() -> None:
    with pytest.raises(InvalidInput, match=r"rows\.1\.id: found 'here', expected an id that no other row has"):
        read(ONE + ONE[ONE.index("  - id") :])


@pytest.mark.parametrize(
    "text", ["", "[]", "rows: []\nlooked_up: 2026-11-21", "{", "rows: 5", "looked_up: today\nrows: x"]
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read(text)


def test_a_distribution_without_its_rows_is_refused() -> None:
    with pytest.raises(NotFound, match="uber-light"):
        placed(1_000, replace(table(), rows=read(ONE).rows))


def test_the_file_is_what_the_functions_read() -> None:
    assert read(TEXT) == table()
    assert rows() == table().rows
