"""Spend against pay: where does compute approach pay?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, UploadFile
from starlette.responses import Response

from bursar.charts import Histogram
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import BursarError, InvalidInput
from bursar.exchange.sheets import number
from bursar.money import Amount, Unit, format_amount
from bursar.office.access import action, reach
from bursar.office.database import reading
from bursar.office.figures import ratio
from bursar.office.figures.ratio import EDGES, Comparison
from bursar.office.oversight.subjects import everybody
from bursar.office.workforce import bands

RATIO = action("ratio.read")
BANDS = action("band.change")
PATH = "/finance/pay"
SHOWN = 15
"""People of the table; the CSV has everybody."""
WHAT = "spend against pay"


@AREA.page(
    PATH, name="Spend against pay", question="Where does compute approach pay?", action="ratio.read", whose="house"
)
def page(visit: Visit, done: str = "") -> Response:
    visit.look(RATIO, [everybody(visit.actor)], WHAT)
    return _shown(visit, done=done)


@AREA.page(f"{PATH}.csv", name="", question="", action="ratio.read", whose="house", in_menu=False)
def sheet(visit: Visit) -> Response:
    """Everybody as CSV."""
    visit.look(RATIO, [everybody(visit.actor)], f"{WHAT}, as a file")
    with visit.desk() as desk:
        found = ratio.comparison(desk).value
    columns = (
        "person",
        "name",
        "team",
        "level",
        f"list USD in {found.days} days",
        "list USD in a year",
        "band USD",
        "percent",
        "status",
    )
    rows = [
        (
            one.handle,
            one.name,
            one.team,
            one.level,
            number(one.spent),
            number(one.yearly),
            number(one.band) if one.band else None,
            one.percent if one.band else None,
            one.status,
        )
        for one in found.people
    ]
    return download("spend-against-pay", columns, rows)


@AREA.form(
    f"{PATH}/bands",
    action="band.change",
    whose="house",
    name="Spend against pay",
    question="Where does compute approach pay?",
)
def set_bands(
    visit: Visit, text: Annotated[str, Form(alias="bands", max_length=200_000)] = "", file: UploadFile | None = None
) -> Response:
    """Set every band at once, typed or from a file; nothing changes if a line is wrong."""
    visit.require(BANDS)
    try:
        given = _read(file) or text
        with visit.desk() as desk:
            bands.replace(desk, given)
    except BursarError as error:
        if "organisation" not in reach(visit.actor, RATIO):
            raise
        return _shown(visit, error=error, text=text)
    return visit.done(PATH, "bands")


def _read(file: UploadFile | None) -> str:
    if file is None or not file.filename:
        return ""
    try:
        return file.file.read(bands.MAX_TEXT_CHARS * 4 + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(
            "file", "a file that is no UTF-8 text", "CSV: a level and a yearly amount in each line"
        ) from None


def _shown(visit: Visit, *, done: str = "", error: BursarError | None = None, text: str = "") -> Response:
    with visit.desk() as desk:
        found = ratio.comparison(desk)
    with reading(visit.caller.desks.engine) as connection:
        known = bands.listed(connection)
    missing = [one.level for one in found.value.levels() if one.level and not one.band]
    values: dict[str, Any] = {
        "comparison": found.value,
        "shown": [one for one in found.value.people if one.band][:SHOWN],
        "unknown": found.value.with_status("unknown"),
        "levels": found.value.levels(),
        "chart": distribution(found.value),
        "known": known,
        "missing": missing,
        "written_bands": text or _written(known, missing),
        "may_change": "organisation" in reach(visit.actor, BANDS),
        "as_of": found.at,
        "done": done,
        "path": PATH,
    }
    if error is not None:
        return visit.show_faults("finance/pay.html", error, **values)
    return visit.show("finance/pay.html", **values)


def _written(known: list[bands.Band], missing: list[str]) -> str:
    """The bands as they can be edited, with the levels that have none."""
    lines = [f"{_quoted(one.level)}, {format_amount(Amount(one.yearly_nanos, Unit('USD')), 'exact')}" for one in known]
    return "\n".join([*lines, *(f"{_quoted(level)}, " for level in missing)] if lines else [])


def _quoted(level: str) -> str:
    return '"' + level.replace('"', '""') + '"' if set(level) & {",", '"'} else level


def distribution(found: Comparison) -> Histogram:
    counts = found.distribution()
    last = max((place for place, number in enumerate(counts) if number), default=-1)
    kept = min(max(last + 1, 1), len(counts)) if last >= 0 else 0
    edges = [*EDGES, 2 * EDGES[-1]][: kept + 1]
    return Histogram(
        "ratio",
        "How many people, by share of their level's pay",
        "Token spend of a year beside the band of the level; 80% is called approaching, 100% beyond.",
        edges if kept else [],
        counts[:kept],
        written=lambda percent: f"{percent:.0f}%",
        axis="share of pay",
        counted="people",
        empty="No level has a band yet",
    )
