"""Charts in a real browser: what the server takes words to measure holds with the browser's font."""

from __future__ import annotations

import json
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import EMPTY, EXAMPLES, made_up

from bursar.charts import NARROW, WIDE, drawn, figure, stylesheet, table
from bursar.charts.sparkline import Sparkline

MEASURE = """
const found = [...document.querySelectorAll('svg')].map(svg => {
  const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
  const words = [...svg.querySelectorAll('text')].map(text => {
    const box = text.getBBox();
    return {words: text.textContent, left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height};
  });
  return {name: svg.querySelector('title').id, width, height, words, shown: svg.checkVisibility()};
});
const out = document.createElement('pre');
out.id = 'out';
out.textContent = JSON.stringify({found, page: document.documentElement.scrollWidth});
document.body.append(out);
"""
AIR = 3.0
"""Px above and below the letters that belong to a line of text's box and are empty."""
LEAN = 1.5
"""Px that the ink of a letter may lean out of its place."""


def browser() -> str:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.skip("no Chromium; on Debian: apt-get install chromium")
    return found


def measured(folder: Path, body: str, width: int) -> dict[str, Any]:
    page = folder / "page.html"
    style = f"{stylesheet()} body {{ margin: 0; }} .all svg {{ display: block; max-width: none; }}"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{body}<script>{MEASURE}</script>")
    ran = subprocess.run(
        [browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900", f"--user-data-dir={folder}/profile", "--dump-dom", str(page)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(unescape(ran.stdout.rsplit('<pre id="out">', 1)[1].split("</pre>", 1)[0]))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_words_stay_on_the_sheet_and_apart_in_a_browser(tmp_path: Path, width: int) -> None:
    charts = [*EXAMPLES, *EMPTY, *(chart for seed in range(20) for chart in made_up(seed))]
    body = f'<div class="all">{"".join(drawn(chart, width) for chart in charts)}</div>'
    found = measured(tmp_path, body, 800)["found"]
    assert len(found) == len(charts)
    for picture in found:
        words = picture["words"]
        for place, one in enumerate(words):
            assert one["left"] >= -LEAN, (picture["name"], one)
            assert one["right"] <= picture["width"] + LEAN, (picture["name"], one)
            assert one["bottom"] <= picture["height"] + AIR, (picture["name"], one)
            for other in words[:place]:
                apart = (
                    one["right"] <= other["left"]
                    or other["right"] <= one["left"]
                    or one["bottom"] - AIR <= other["top"] + AIR
                    or other["bottom"] - AIR <= one["top"] + AIR
                )
                assert apart, (picture["name"], one, other)


@pytest.mark.parametrize(("room", "suffix"), [(1000, "-720"), (390, "-360")])
def test_a_figure_shows_the_picture_that_fits_its_place_and_never_widens_the_page(
    tmp_path: Path, room: int, suffix: str
) -> None:
    charts = [chart for chart in EXAMPLES if not isinstance(chart, Sparkline)]
    body = "".join(f'<div class="room">{figure(chart)}{table(chart)}</div>' for chart in charts)
    found = measured(tmp_path, f"<style>.room {{ max-width: {room}px; }}</style>{body}", 1200)
    shown = [picture["name"] for picture in found["found"] if picture["shown"]]
    assert len(shown) == len(charts)
    assert all(name.endswith(f"{suffix}-t") for name in shown)
    assert found["page"] <= 1200
