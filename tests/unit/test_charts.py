"""Charts: whole, honest and bounded for the figures that anybody may give them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.support.charts import EXAMPLES

from bursar.charts import NARROW, WIDE, drawn, figure, table


@pytest.mark.parametrize("chart", EXAMPLES, ids=lambda chart: chart.key)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_kind_is_a_well_formed_picture_with_a_name_and_a_description(chart, width) -> None:
    root = ElementTree.fromstring(drawn(chart, width))
    names = root.attrib["aria-labelledby"].split()
    said = {one.attrib["id"]: one.text for one in root.iter() if "id" in one.attrib}
    assert root.attrib["role"] == "img"
    assert [said[name] for name in names] == [chart.title, chart.sentence]


@pytest.mark.parametrize("chart", EXAMPLES, ids=lambda chart: chart.key)
def test_a_figure_and_a_table_hold_no_style_no_handler_and_no_reference(chart) -> None:
    for text in (figure(chart), table(chart)):
        root = ElementTree.fromstring(text)
        found = {name for one in root.iter() for name in one.attrib}
        assert not found & {"style", "href", "src", "fill", "stroke"}
        assert not [name for name in found if name.startswith("on")]
        assert "url(" not in text
