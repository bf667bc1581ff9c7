"""The chart of accounts in force: one document that finance keeps, and what of it a close freezes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from bursar.errors import InvalidInput
from bursar.exchange.journal import DEFAULT_CHART, Chart, read_chart
from bursar.office.books.classes import PlanKinds
from bursar.office.database import transaction
from bursar.office.tables import ORGANISATION, setting

if TYPE_CHECKING:
    from bursar.office.desk import Desk

NAME = "books.chart"


def text_of(connection: Connection) -> str:
    """The document as it was written; empty where nobody wrote any, and the default holds."""
    here = (setting.c.organisation == ORGANISATION) & (setting.c.name == NAME)
    return connection.execute(select(setting.c.value).where(here)).scalar_one_or_none() or ""


def chart_of(text: str) -> Chart:
    """The chart that a document says; the default for none."""
    return read_chart(text) if text else DEFAULT_CHART


def replace(desk: Desk, text: str) -> bool:
    """Put a chart into force for every month that is not closed; whether it is another one.

    Raises InvalidInput, and nothing changes then. Months that are closed keep the chart that they were closed with.
    """
    if not text.strip():
        raise InvalidInput("chart", "nothing", "a document `bursar: books/1`")
    read_chart(text)
    here = (setting.c.organisation == ORGANISATION) & (setting.c.name == NAME)
    with transaction(desk.engine) as connection:
        before = text_of(connection)
        if before == text:
            return False
        desk.note(connection, "books.chart", "chart of accounts", {"before": before, "after": text})
        if connection.execute(update(setting).where(here).values(value=text)).rowcount == 0:
            connection.execute(insert(setting).values(organisation=ORGANISATION, name=NAME, value=text))
    return True


def drawn_up_with(connection: Connection, kinds: PlanKinds) -> str:
    """What a close freezes besides the figures, so that its journal stays what it is."""
    return json.dumps({"chart": text_of(connection), "accumulating": sorted(kinds.accumulating)}, sort_keys=True)


def frozen_with(books: str) -> tuple[Chart, frozenset[str]]:
    """The chart of a close, and the plans that accumulated; the default and none for a close that knew neither."""
    found: dict[str, Any] = json.loads(books) if books else {"chart": "", "accumulating": []}
    return chart_of(found["chart"]), frozenset(found["accumulating"])
