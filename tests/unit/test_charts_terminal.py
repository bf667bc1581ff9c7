"""Charts in a terminal: within their width, clean, and true to their values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.charts import EMPTY, EXAMPLES, KINDS

from bursar.charts import (
    Bands,
    Bar,
    Bars,
    Chart,
    Columns,
    Gauge,
    Histogram,
    Part,
    Reference,
    Series,
    Step,
    Total,
    Waterfall,
    Zone,
)
from bursar.charts.terminal import filled, printed, sparks
from bursar.charts.terminal.cells import cells
from bursar.errors import InvalidInput

WORDS = ("key", "A title", "A sentence.")


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_is_wider_than_the_terminal_and_no_label_drives_it(kind: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(KINDS[kind](), st.integers(24, 120), st.integers(4, 30))
    def holds(chart: Chart, width: int, height: int) -> None:
        text = printed(chart, width, height)
        assert all(cells(line) <= width for line in text.split("\n"))
        assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in text.replace("\n", ""))
        assert text == printed(chart, width, height)

    holds()


@pytest.mark.parametrize("chart", EMPTY, ids=lambda chart: chart.key)
def test_nothing_to_draw_is_said(chart: Chart) -> None:
    assert printed(replace(chart, empty="Nothing spent")) == "Nothing spent"


@pytest.mark.parametrize("chart", EXAMPLES, ids=lambda chart: chart.key)
def test_every_kind_has_something_to_show(chart: Chart) -> None:
    assert printed(chart) != chart.empty


def test_bars_are_as_long_as_their_values_in_eighths() -> None:
    lines = printed(Bars(*WORDS, [Bar("a", (80,)), Bar("b", (40,)), Bar("c", (1,))]), 44).split("\n")
    full = lines[0].count("█")
    assert lines[1].count("█") == full // 2
    assert lines[2].strip(" c1") in "▏▎▍▌▋▊▉"
    assert [line.split()[-1] for line in lines] == ["80", "40", "1"]


def test_negative_bars_go_left_of_the_line_that_all_stand_on() -> None:
    up, down = printed(Bars(*WORDS, [Bar("a", (50,)), Bar("b", (-50,))]), 60).split("\n")
    assert up.index("█") >= down.rindex("█")
    assert down.endswith("−50")


def test_a_waterfall_hangs_its_changes_between_its_levels() -> None:
    face, tax, left = printed(Waterfall(*WORDS, [Step("face", 100), Step("tax", -25), Total("left")]), 60).split("\n")
    assert tax.index("▒") == pytest.approx(left.rindex("█") + 1, abs=1)
    assert tax.rindex("▒") == face.rindex("█")
    assert tax.endswith("−25")


def test_a_rising_line_climbs_from_the_lower_left_to_the_upper_right() -> None:
    lines = printed(
        Bands(*WORDS, ["a", "b", "c"], [Series("x", middle=[0, 5, 10])], references=[Reference(5, "cap")]), 40, 12
    ).split("\n")
    braille = [[place for place, sign in enumerate(line) if 0x2800 < ord(sign) < 0x2900] for line in lines]
    rows = [row for row in braille if row]
    assert len(rows) > 5
    assert rows[0][-1] > rows[-1][-1]
    assert rows[0][0] > rows[-1][0]
    assert any("╌" in line for line in lines)
    assert lines[-1].split() == ["a", "b", "c"]


def test_columns_rise_with_their_values_and_the_limit_shows_between_them() -> None:
    text = printed(Columns(*WORDS, ["a", "b"], [Part("x", [10, 5])], Reference(8, "pace")), 40, 14)
    rows = [line for line in text.split("\n") if "│" in line or "┤" in line]
    heights = [sum("█" in line.split("│")[-1].split("┤")[-1][half : half + 18] for line in rows) for half in (0, 19)]
    assert heights[0] == pytest.approx(2 * heights[1], abs=1)
    assert "╌ pace 8" in text


def test_a_histogram_with_more_bins_than_cells_keeps_every_count() -> None:
    text = printed(Histogram(*WORDS, list(range(401)), [1] * 400, (10, 390), marked_name="most"), 60, 10)
    assert "most: 10 to 390" in text
    assert all(cells(line) <= 60 for line in text.split("\n"))


def test_a_gauge_points_into_its_zone() -> None:
    head, scale, names = printed(Gauge(*WORDS, 75, [Zone(50, "Low"), Zone(100, "High")]), 60).split("\n")
    assert head == "75  High"
    assert scale.index("◆") / len(scale) == pytest.approx(0.75, abs=0.02)
    assert scale.index("━") >= scale.index("┼")
    assert "Low" in names


def test_bars_and_sparklines_of_the_command_line_are_these() -> None:
    assert filled(0.5, 10) == "█████"
    assert filled(0.0625, 2) == "▏"
    assert filled(2, 3) == "███"
    assert sparks([0, 1, 8]) == "▁▁█"
    assert sparks([]) == ""
    assert sparks([None, 2.5]) == " █"


@pytest.mark.parametrize(
    ("field", "size"), [("width", (23, 10)), ("width", (401, 10)), ("height", (80, 3)), ("height", (80, 101))]
)
def test_a_terminal_too_small_or_too_large_is_refused(field: str, size: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput) as caught:
        printed(EXAMPLES[0], *size)
    assert caught.value.field == field
