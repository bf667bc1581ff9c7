"""Drawing pages: the templates, what they may say, and where their files are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bursar import __version__, charts
from bursar.charts import Chart
from bursar.console import words
from bursar.web.static import Static

STYLES = ("base.css", "layout.css", "parts.css", "documents.css", "offer.css", "print.css")
"""One stylesheet is made of these, behind the charts', whose colours all of them use."""


@cache
def static() -> Static:
    """The console's files."""
    folder = files("bursar.console").joinpath("static")
    return Static(folder, {"console.css": stylesheet()})


@cache
def stylesheet() -> str:
    """Everything that pages look like, for a page that has to stand alone too."""
    folder = files("bursar.console").joinpath("static")
    return "\n".join([charts.stylesheet(), *(folder.joinpath(name).read_text(encoding="utf-8") for name in STYLES)])


def figure(chart: Chart, *, caption: bool = True) -> Markup:
    """A chart as a picture, with its figures as a table behind it."""
    return _FIGURE.format(_drawn(charts.figure(chart, caption=caption)), _drawn(charts.table(chart)))


def spark(chart: Chart) -> Markup:
    """A chart without frame or table, such as a sparkline in a cell."""
    return _drawn(charts.drawn(chart))


def _drawn(text: str) -> Markup:
    return Markup(text)  # noqa: S704 (charts escape every word that they are given)


_FIGURE = Markup('{}<details class="figures"><summary>The figures as a table</summary>{}</details>')


@cache
def environment() -> Environment:
    found = Environment(
        loader=PackageLoader("bursar.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=400,
    )
    for one in (
        words.money, words.written, words.exact, words.count, words.tokens, words.percent, words.instant, words.day,
        words.clock, words.browser,
        words.sentence, words.span, words.until, words.ago, figure, spark,
    ):  # fmt: skip
        found.globals[one.__name__] = one
    found.globals["static"] = lambda name: static().url(name)
    found.globals["version"] = __version__
    return found


def drawn(template: str, **values: Any) -> str:
    """A template with its values; what it names and was not given is an error."""
    defaults: dict[str, Any] = {"problem": None, "faults": {}, "visit": None, "page": None}
    return environment().get_template(template).render({**defaults, **values})
