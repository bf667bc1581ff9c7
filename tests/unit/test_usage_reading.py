"""Usage events as they are written: CloudEvents and CSV, every fault with its line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.calendar import micros, parse_instant, parse_zone
from bursar.errors import InvalidInput
from bursar.money import parse_amount
from bursar.office.metering import usage_reading
from bursar.office.metering.usage_reading import UsageEvent, read_events

ADA = {"id": "per_1", "handle": "ada", "email": "ada@example.com", "zone": "Europe/Lisbon"}


def event(**fields: Any) -> dict[str, Any]:
    data = fields.pop("data", {"amount": "1.5 GPU-h", "model": "h100", "project": "search"})
    return {
        "specversion": "1.0", "id": "e1", "source": "slurm", "type": "dev.bursar.usage.v1",
        "time": "2026-11-20T10:00:00Z", "subject": "ada", "data": data, **fields,
    }  # fmt: skip


def read(text: str) -> list[UsageEvent]:
    return read_events(text, [ADA], csv_source="bill.csv")


def fault(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    return caught.value


def test_an_object_an_array_and_lines_say_the_same() -> None:
    two = [event(), event(id="e2")]
    texts = [json.dumps(two), json.dumps(two, indent=2), "\n".join(map(json.dumps, two)), "\ufeff" + json.dumps(two)]
    found = [[(one.id, one.amount, one.at) for one in read(text)] for text in texts]
    assert all(one == found[0] for one in found)
    (first,) = read(json.dumps(event(), indent=1))
    assert (first.source, first.person, first.model, first.project) == ("slurm", "per_1", "h100", "search")
    assert (first.amount, first.purpose) == (parse_amount("1.5 GPU-h"), "work")


def test_csv_is_of_the_given_source_and_times_without_offset_are_the_persons() -> None:
    (one,) = read("id,person,amount,time,purpose\nx,ADA@example.com,$3.20,2026-07-01T10:00,personal\n")
    assert (one.source, one.purpose, one.line) == ("bill.csv", "personal", 2)
    assert one.at == micros(parse_instant("2026-07-01T09:00Z", parse_zone("UTC")))


def test_every_fault_is_told_with_its_line() -> None:
    found = fault(
        "id,person,amount,time\nx,eve,$1,2026-11-20\n\ny,ada,$1,soon\nz,ada,two apples,2026-11-20\n,ada,$1,2026-11-20\n"
    )
    assert found.field == "line 2: person"
    for part in ("line 4: time", "line 5: amount", "line 6: id"):
        assert part in found.hint


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"type": "com.example.other"}, "type"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": "a\u0000b"}, "id"),
        ({"id": "\ud800"}, "id"),
        ({"source": None}, "source"),
        ({"subject": "eve"}, "person"),
        ({"time": "2026-11-20T10:00:00"}, "time"),
        ({"time": "2026-11-20"}, "time"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": None}, "data"),
        ({"data": {"amount": 1.5}}, "data.amount"),
        ({"data": {"amount": "$1", "tokens": "3"}}, "data"),
        ({"data": {"amount": "1.5"}}, "amount"),
        ({"data": {"amount": "$0"}}, "amount"),
        ({"data": {"amount": "$1", "purpose": "fun"}}, "purpose"),
        ({"data": {"amount": "$1", "product": "a", "model": "b"}}, "data.product"),
    ],
)
def test_an_event_that_is_none_is_named_with_its_field(fields: dict[str, Any], field: str) -> None:
    assert fault(json.dumps(event()) + "\n" + json.dumps(event(**fields))).field == f"line 2: {field}"


@pytest.mark.parametrize(
    ("text", "line"),
    [("", "events"), ('{"a": 1}\n{"b": ', "line 2"), ("[{}\n{}]", "line 1"), ("[{}", "line 1"), ("[] x", "line 1"), ('{"a": NaN}', "line 1"), ("[" * 100_000, "line 1")],
)  # fmt: skip
def test_what_is_no_json_is_told_with_its_line(text: str, line: str) -> None:
    assert fault(text).field == line


def test_the_same_event_twice_is_one_and_another_under_its_id_is_a_fault() -> None:
    lines = [event(), event(), event(id="e2")]
    assert [one.id for one in read("\n".join(map(json.dumps, lines)))] == ["e1", "e2"]
    other = event(data={"amount": "2 GPU-h"})
    assert fault(json.dumps(event()) + "\n" + json.dumps(other)).sentence == (
        "line 2: id: found 'e1', as in line 1, expected other content once"
    )


def test_too_many_events_are_refused_by_the_limits_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_reading, "MAX_EVENTS", 2)
    assert "at most 2" in fault(json.dumps([event(id=str(n)) for n in range(3)])).sentence
    assert "at most 2" in fault("id,person,amount,time\n" + "x,ada,$1,2026-11-20\n" * 3).sentence
