"""Tables in a terminal that is too narrow: figures, keys and their headings stay whole."""

from __future__ import annotations

import pytest
from rich.console import Console

from bursar.cli import render
from bursar.cli.render import Column, show_table


def test_a_narrow_terminal_cuts_no_figure_no_key_and_no_heading(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "console", Console(width=24))
    columns = (Column("plan", kept=True), Column("people", number=True), Column("spent", number=True), Column("why"))
    show_table(columns, [("tern-and-hale", "7", "$111,720.00", "because it was promised")])
    shown = capsys.readouterr().out
    for word in ("plan", "people", "spent", "tern-and-hale", "$111,720.00"):
        assert word in shown


def test_sums_beside_each_other_are_rounded_half_up_from_a_thousand_on() -> None:
    nanos = (999_994_000_000, 1_000_500_000_000, -5_000_600_000_000)
    assert [render.about(one) for one in nanos] == ["$999.99", "$1,001", "-$5,001"]
