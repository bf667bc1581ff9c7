"""The stylesheet of charts: contrast, colours for everybody, and a rule for every class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations

import pytest
from tests.support.charts import EMPTY, EXAMPLES, made_up

from bursar.charts import MAX_SERIES, BandNames, Bands, Series, figure, stylesheet, table, tabulated
from bursar.charts.palette import CONTRAST, DARK, LIGHT
from bursar.charts.words import SIZES

Rgb = tuple[float, float, float]
THEMES = {"light": LIGHT, "dark": DARK}
in_both_themes = pytest.mark.parametrize("colours", THEMES.values(), ids=THEMES)
SERIES = [str(number) for number in range(1, MAX_SERIES + 1)]
SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green cones": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB."""


def linear(colour: str) -> Rgb:
    values = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in values)
    return red, green, blue


def mixed(above: str, below: str, share: float) -> str:
    """What is seen where `above` covers `below` with this opacity."""
    pairs = [(int(above[at : at + 2], 16), int(below[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05)."""
    lights = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def apart(one: str, other: str, sight: str) -> float:
    """Distance in OKLab (Ottosson 2020) x 100, as these eyes see both."""
    first, second = (oklab(seen(linear(colour), sight)) for colour in (one, other))
    return 100 * sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5


def seen(colour: Rgb, sight: str) -> Rgb:
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, colour, strict=True)))) for row in SIGHT[sight]
    )
    return red, green, blue


def oklab(colour: Rgb) -> Rgb:
    r, g, b = colour
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def opacity(name: str) -> float:
    found = re.search(rf"^\.{name} {{[^}}]*opacity: ([0-9.]+)", stylesheet(), re.MULTILINE)
    assert found is not None
    return float(found[1])


@in_both_themes
def test_what_carries_meaning_stands_out_three_to_one_from_page_and_card(colours: Mapping[str, str]) -> None:
    for ground in (colours["paper"], colours["page"]):
        for name in (*SERIES, "axis", "level"):
            assert contrast(colours[name], ground) >= 3, (name, ground)
        assert contrast(mixed(colours["1"], ground, opacity("bc-beyond")), ground) >= 3


@in_both_themes
def test_text_stands_out_four_and_a_half_to_one_from_whatever_it_stands_on(colours: Mapping[str, str]) -> None:
    grounds = [colours["paper"], colours["page"]]
    for ground in grounds:
        for name in ("ink", "quiet"):
            assert contrast(colours[name], ground) >= 4.5, (name, ground)
    for tone in (*SERIES, "level"):
        ribbon = mixed(colours[tone], colours["paper"], opacity("bc-ribbon"))
        assert contrast(colours["ink"], ribbon) >= 4.5, tone
    for number in SERIES:
        assert contrast(colours[f"on-{number}"], colours[number]) >= 4.5, number
        band = mixed(colours[number], colours["paper"], opacity("bc-band"))
        assert contrast(colours["quiet"], band) >= 4.5, number
    for number in range(1, 5):
        assert contrast(colours["ink"], colours[f"tint-{number}"]) >= 4.5, number


@in_both_themes
@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_series_differ_for_everybody(colours: Mapping[str, str], sight: str) -> None:
    for one, other in combinations(SERIES, 2):
        assert apart(colours[one], colours[other], sight) >= 9.5, (one, other)


def test_the_themes_name_the_same_colours_and_the_system_theme_only_the_systems() -> None:
    assert set(LIGHT) == set(DARK) == set(CONTRAST)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for theme in THEMES.values() for colour in theme.values())
    assert set(CONTRAST.values()) <= {"Canvas", "CanvasText", "GrayText", "Highlight"}


def test_every_class_that_is_drawn_has_a_rule_and_every_colour_that_a_rule_names_exists() -> None:
    alone = Bands(
        "alone", "One month", "A band of one.", ["a"], [Series("x", [1], [2], [3])], parts=BandNames(inner="half")
    )
    charts = [*EXAMPLES, *EMPTY, alone, *(chart for seed in range(12) for chart in made_up(seed))]
    page = "".join(figure(chart) + table(chart) for chart in charts) + tabulated(
        "a", ["b", "c"], [["d", "e"]], words=True
    )
    used = {name for classes in re.findall(r'class="([^"]*)"', page) for name in classes.split()}
    ruled = set(re.findall(r"\.(bc[a-z0-9-]*)", stylesheet()))
    kinds = {name for name in used if name.removeprefix("bc-") in KIND_NAMES}
    assert used - ruled - kinds == set()
    numbered = {name for name in ruled if name[-1].isdigit()}
    assert ruled - used - numbered == set()
    assert set(re.findall(r"var\(--bc-([a-z0-9-]+)\)", stylesheet())) <= {*LIGHT, "font"}


KIND_NAMES = {
    "bands",
    "bars",
    "columns",
    "fall",
    "flow",
    "gauge",
    "histogram",
    "lorenz",
    "spark",
    "timeline",
    "tornado",
    "treemap",
    "waterfall",
}


def test_text_is_as_high_as_the_server_takes_it_to_be() -> None:
    for name, size in SIZES.items():
        selector = rf"\.bc (?:text)?\.{name} " if name else r"\.bc text "
        found = re.search(selector + r"{[^}]*font-size: ([0-9.]+)px", stylesheet())
        assert found is not None, name
        assert float(found[1]) == size


def test_the_stylesheet_fetches_nothing_and_knows_its_readers() -> None:
    text = stylesheet()
    for wanted in (
        "prefers-color-scheme: dark",
        '[data-theme="light"]',
        '[data-theme="dark"]',
        "prefers-reduced-motion: reduce",
        "forced-colors: active",
        "prefers-contrast: more",
        "@media print",
        "tabular-nums",
    ):
        assert wanted in text
    for unwanted in ("url(", "@import", "@font-face", "http", "</"):
        assert unwanted not in text
    assert text.count("{") == text.count("}")
