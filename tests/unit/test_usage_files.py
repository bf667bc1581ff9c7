"""Usage as CSV: what a reader of CSV reads is what was written, whatever stands in a text."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bursar.exchange import usage
from bursar.exchange.sheets import harmless
from bursar.exchange.usage import Batch, House
from bursar.ledger import metered

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


def row(**changed: Any) -> tuple[Any, ...]:
    fields: dict[str, Any] = dict.fromkeys(metered.EVERY, "")
    numbers = {"seq": 1, "amount": 5, "overage": 0, "at": 1_793_620_859_123_456, "list_nanos": 5, "cost_nanos": -4}
    return tuple((fields | numbers | {"tokens": "{}"} | changed).values())


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5))
def test_texts_are_read_back_as_they_are_but_for_what_a_spreadsheet_would_run(
    texts: list[tuple[str, str, str]],
) -> None:
    rows = [row(request_id=one, project=two, person=three) for one, two, three in texts]
    house = House({}, {three: three for _, _, three in texts})
    written = b"".join(usage.csv_lines(usage.COLUMNS, house, [Batch(rows)])).decode()
    found = list(csv.DictReader(io.StringIO(written, newline="")))
    assert [(one["request_id"], one["project"], one["team"]) for one in found] == [
        tuple(harmless(text) for text in three) for three in texts
    ]
    assert {one["at"] for one in found} == {"2026-11-02T12:00:59.123456Z"}


def test_instants_before_1970_and_at_the_end_of_a_day_are_written_right() -> None:
    rows = [row(at=-1), row(at=0), row(at=86_399_999_999)]
    written = b"".join(usage.csv_lines(("at",), House({}, {}), [Batch(rows)])).decode()
    assert written.split("\r\n") == [
        "at",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00.000000Z",
        "1970-01-01T23:59:59.999999Z",
        "",
    ]
