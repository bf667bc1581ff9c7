"""The page of tax says what the rules say, no more and no less; and its comparison is what the engine answers."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from bursar.money import NANO
from bursar.office.books.payroll_columns import FIGURES
from bursar.tax import loaded
from bursar.tax.comparison import compared
from bursar.tax.page import BEGIN, END, page

ROOT = Path(__file__).resolve().parents[2]
TOLD = (ROOT / "docs" / "explanation" / "tax.md").read_text(encoding="utf-8")


def test_the_page_has_every_rule_as_it_is() -> None:
    start, end = TOLD.index(BEGIN), TOLD.index(END) + len(END)
    assert TOLD[start:end] == page(loaded()), "put `bursar tax rules --markdown` between the marks"


def test_the_pages_comparison_is_what_the_engine_answers() -> None:
    for row in compared(loaded(), date(2026, 10, 31)):
        line = next(one for one in TOLD.splitlines() if one.startswith(f"| {row.country.name} |"))
        told = re.findall(r"(\d+) \(`([A-Z0-9-]+)`\)", line)
        assert told == [(str((one.taxable or 0) // NANO), one.lines[0].rule) for one in row.answers]


def test_the_how_to_names_every_figure_of_a_payroll_file() -> None:
    text = (ROOT / "docs" / "how-to" / "payroll.md").read_text(encoding="utf-8")
    assert [name for name in FIGURES if f"`{name}`" not in text] == []
