"""`bursar report fairness`: how evenly allotment and use are shared, and how groups of people stand beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bursar.charts import Curve, Lorenz
from bursar.charts.terminal import printed
from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from bursar.insight.adjusted import AdjustedGap
    from bursar.insight.fairness import Inequality
    from bursar.office.figures.parity import Fairness, Group

By = Annotated[
    str, typer.Option("--by", metavar="ATTRIBUTE", help="Of the roster: level, job_family, role, team or location.")
]
Of = Annotated[str, typer.Option("--of", help="allotment (what a year promises) or use (of the last 90 days).")]
WIDTH, HEIGHT = 78, 14


def fairness(by: By = "level", of: Of = "allotment", at: At = "", json: Json = False) -> None:
    """How evenly access is shared; small groups are told together. Example: bursar report fairness --by team --of use"""
    from bursar.insight.fairness import EU_GAP
    from bursar.office.figures import parity, parity_document
    from bursar.office.figures.small_groups import LEAST_PEOPLE

    with desk() as office:
        found = parity.fairness(office, by, of, at)
    if json:
        show_json(parity_document.told(found, of))
        return
    figures = found.value
    if figures.whole is None:
        few = figures.people < LEAST_PEOPLE
        console.print(
            f"Fewer than {LEAST_PEOPLE} people: nothing is told." if few else "Nobody has anything to compare."
        )
        return
    console.print(f"{parity.OF[of].capitalize()}, {figures.people} people, in USD", style="bold")
    show_pairs(_whole(figures.whole, figures))
    chart = Lorenz("Lorenz", "Lorenz curve", "Who has which share", [Curve(of, figures.amounts)])
    console.print(printed(chart, WIDTH, HEIGHT), markup=False)
    show_table(
        (
            Column(parity.ATTRIBUTES[by], kept=True),
            Column("people", number=True),
            Column("access", number=True),
            Column("four fifths", number=True, kept=True),
            Column("mean", number=True),
            Column("beside the others", number=True),
        ),
        [
            (
                _named(one, figures),
                str(one.people),
                f"{one.with_access:.0%}",
                _rate(one),
                f"{one.mean:,.0f}",
                "" if one.gap is None else _less(one.gap),
            )
            for one in figures.groups
        ],
    )
    show_table(
        (Column(parity.ATTRIBUTES[by], kept=True), Column("beside"), Column("gap"), Column("95 % (HC3)")),
        [
            (_named(one, figures), beside, *_adjusted(gap))
            for one in figures.groups
            for beside, gap in (("tenure", one.untainted), ("level, family, tenure", one.adjusted))
        ],
    )
    console.print(
        f"Gaps are shares of what the others have, with the 95 % interval (HC3); {EU_GAP:.0%} and more has to be explained "
        "or mended (EU 2023/970). Level and family may hide a gap themselves. Fisher's p tells how likely a rate is by chance.",
        style="dim",
    )


def _whole(whole: Inequality, figures: Fairness) -> list[tuple[str, str | Text]]:
    parts = figures.parts
    return [
        ("without any", f"{whole.without:.1%}"),
        ("mean, median", f"{whole.mean:,.0f}, {whole.median:,.0f}"),
        ("Gini", f"{whole.gini:.3f}"),
        (
            "Theil",
            f"{whole.theil:.3f}"
            + ("" if parts is None else f" = {parts.between:.3f} between groups + {parts.within:.3f} within"),
        ),
        ("mean log deviation", _number(whole.mean_log_deviation)),
        ("Atkinson 0.5, 1, 2", ", ".join(map(_number, (whole.atkinson_half, whole.atkinson_one, whole.atkinson_two)))),
        ("p90/p10, Palma", f"{_number(whole.p90_p10)}, {_number(whole.palma)}"),
        ("top tenth has", f"{whole.top_tenth:.1%}"),
    ]


def _number(value: float | None) -> str:
    return "undefined: somebody has nothing" if value is None else f"{value:.3f}"


def _rate(one: Group) -> Text:
    chance = "" if one.chance is None else f" (p {one.chance:.2g})"
    return Text(f"{one.ratio:.2f}{chance}", style="yellow" if one.is_below_four_fifths else "")


def _less(gap: float) -> str:
    return f"{abs(gap):.1%} {'less' if gap >= 0 else 'more'}"


def _named(one: Group, figures: Fairness) -> str:
    return one.name or f"small groups ({figures.merged})"


def _adjusted(one: AdjustedGap | None) -> tuple[Text, str]:
    """The gap and its interval; yellow above the directive's line."""
    if one is None:
        return Text("cannot be told apart", style="dim"), ""
    chance = "" if one.is_significant else ", may be chance"
    gap = Text(_less(one.gap), style="yellow" if one.is_above_line else "")
    return gap, f"{_less(one.robust_low)} to {_less(one.robust_high)}{chance}"
