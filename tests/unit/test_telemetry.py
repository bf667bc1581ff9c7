"""Telemetry of clients: bodies of OTLP in both forms, counters of both kinds, and whatever else arrives."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills.outside import Told, past_the_gateway
from bursar.exchange.telemetry import otlp
from bursar.exchange.telemetry.series import Counter, step
from bursar.exchange.telemetry.values import COST, TOKENS, Export, Reading
from bursar.prices import Usage

SECOND = 10**9
AT = 1_795_000_000 * SECOND
CUMULATIVE, DELTA = 2, 1


def document(*points: dict[str, Any], name: str = TOKENS, temporality: int = DELTA) -> dict[str, Any]:
    """An export as Claude Code sends it in JSON."""
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "claude-code"}}]},
                "scopeMetrics": [
                    {
                        "scope": {"name": "com.anthropic.claude_code"},
                        "metrics": [
                            {
                                "name": name,
                                "unit": "tokens",
                                "sum": {
                                    "aggregationTemporality": temporality,
                                    "isMonotonic": True,
                                    "dataPoints": list(points),
                                },
                            }
                        ],
                    }
                ],
            }
        ]
    }


def point(value: float, at: int = AT, *, kind: str = "input", session: str = "s1", started: int = 0) -> dict[str, Any]:
    attributes = {"type": kind, "session.id": session, "user.email": "Ada@Example.com", "model": "claude-sonnet-4-5"}
    return {
        "asDouble": value,
        "startTimeUnixNano": str(started or at - 60 * SECOND),
        "timeUnixNano": str(at),
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()],
    }


def read(found: dict[str, Any]) -> Export:
    return otlp.read(json.dumps(found).encode(), otlp.JSON)


def test_both_forms_of_an_export_say_the_same() -> None:
    found = document(point(1200), point(34, kind="output"), point(5000, kind="cacheRead"))
    message = json_format.ParseDict(found, ExportMetricsServiceRequest())
    binary = otlp.read(message.SerializeToString(), "application/x-protobuf; charset=utf-8")
    assert binary == read(found)
    assert [(one.kind, one.value) for one in binary.readings] == [
        ("input", 1200),
        ("output", 34),
        ("cache_read", 5000),
    ]
    first = binary.readings[0]
    assert (first.session, first.model, first.email, first.cumulative) == (
        "s1",
        "claude-sonnet-4-5",
        "ada@example.com",
        False,
    )


def test_cost_is_counted_in_nano_dollars_and_other_metrics_are_passed_over() -> None:
    cost = read(document(point(0.0421), name=COST))
    assert [(one.metric, one.value) for one in cost.readings] == [(COST, 42_100_000)]
    other = read(document(point(1), name="claude_code.session.count"))
    assert (other.readings, other.skipped, other.others) == ((), (), 1)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"asDouble": -1.0}, "value"),
        ({"asDouble": "NaN"}, "value"),
        ({"asDouble": 1.5}, "a part of a token"),
        ({"timeUnixNano": "1"}, "time_unix_nano"),
        ({"attributes": []}, "type"),
    ],
)
def test_a_point_that_cannot_be_counted_is_told_and_the_others_count(changed: dict[str, Any], reason: str) -> None:
    found = read(document(point(10), {**point(10), **changed}))
    assert len(found.readings) == 1
    assert reason in found.skipped[0].reason


def test_a_gauge_is_no_counter() -> None:
    found = document(point(10))
    metric = found["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    metric["gauge"] = {"dataPoints": metric.pop("sum")["dataPoints"]}
    assert "no counter" in read(found).skipped[0].reason


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"{", otlp.JSON),
        (b"[]", otlp.JSON),
        (b"\xff\xfe", otlp.JSON),
        (b'{"resourceMetrics": 5}', otlp.JSON),
        (b"[" * 100_000, otlp.JSON),
        (b"garbage", otlp.PROTOBUF),
        (b"", "text/plain"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(body: bytes, form: str) -> None:
    with pytest.raises(InvalidInput):
        otlp.read(body, form)


@given(some.binary(max_size=400), some.sampled_from([otlp.JSON, otlp.PROTOBUF]))
def test_no_bytes_do_anything_but_be_read_or_refused(body: bytes, form: str) -> None:
    with suppress(InvalidInput):
        assert otlp.read(body, form).readings == ()


def test_packed_bodies_are_unpacked_within_bounds() -> None:
    assert otlp.unpacked(gzip.compress(b"abc"), "gzip") == b"abc"
    for body in (gzip.compress(bytes(otlp.MAX_BYTES + 1)), gzip.compress(b"abc")[:-4], b"abc"):
        with pytest.raises(InvalidInput):
            otlp.unpacked(body, "gzip")
    with pytest.raises(InvalidInput):
        otlp.unpacked(b"", "br")


def test_an_answer_says_in_the_same_form_what_was_not_taken() -> None:
    body, form = otlp.answer(otlp.PROTOBUF, 2, "why")
    answered = ExportMetricsServiceResponse.FromString(body)
    assert (form, answered.partial_success.rejected_data_points) == (otlp.PROTOBUF, 2)
    body, form = otlp.answer(otlp.JSON, 0, "")
    assert (form, json.loads(body)) == (otlp.JSON, {})


def reading(value: int, at: int, *, started: int = 1, cumulative: bool = True) -> Reading:
    return Reading(TOKENS, "input", value, started, at, cumulative, "s1", "m", "", "series")


def gained(*readings: Reading) -> list[int]:
    state: Counter | None = None
    found = []
    for one in readings:
        state, came = step(state, one)
        found.append(came)
    return found


def test_a_running_total_is_counted_in_steps_and_again_from_nothing_in_a_new_process() -> None:
    assert gained(reading(10, 2), reading(25, 3), reading(25, 3), reading(25, 4), reading(7, 9, started=8)) == [
        10,
        15,
        0,
        0,
        7,
    ]


def test_an_old_total_that_arrives_late_adds_nothing() -> None:
    assert gained(reading(7, 9, started=8), reading(25, 3)) == [7, 0]
    assert gained(reading(25, 3), reading(10, 2)) == [25, 0]


def test_a_total_that_falls_without_a_new_beginning_began_again() -> None:
    assert gained(reading(25, 3), reading(4, 5)) == [25, 4]


def test_a_step_that_is_sent_again_counts_once() -> None:
    assert gained(
        reading(10, 2, cumulative=False), reading(10, 2, cumulative=False), reading(5, 3, cumulative=False)
    ) == [10, 0, 5]


@given(some.lists(some.integers(0, 10**6), min_size=1, max_size=20), some.data())
def test_whatever_is_sent_again_totals_and_steps_come_to_the_same(steps: list[int], data: some.DataObject) -> None:
    totals = [sum(steps[: nth + 1]) for nth in range(len(steps))]
    told = [reading(total, nth + 2) for nth, total in enumerate(totals)]
    came = [reading(one, nth + 2, cumulative=False) for nth, one in enumerate(steps)]
    for readings in (told, came):
        again = [one for one in readings for _ in range(data.draw(some.integers(1, 3)))]
        assert sum(gained(*again)) == sum(steps)


def told(tokens: int, *, hour: int = 10, session: str = "s1", person: str = "ada") -> Told:
    return Told(person, "otlp", hour, session, "claude", Usage(input=tokens))


def past(client: list[Told], gateway: list[Told]) -> list[tuple[str, str, int]]:
    found = past_the_gateway(client, gateway, str.lower, lambda hour: f"day{hour // 24}")
    return [(one.person, one.day, one.usage.input) for one in found]


def test_a_session_through_the_gateway_is_not_counted_again_however_late_it_is_told() -> None:
    assert past([told(100), told(50, hour=24)], [told(150, hour=9)]) == []
    assert past([told(100), told(60, hour=24)], [told(150, hour=9)]) == [("ada", "day1", 10)]


def test_another_persons_session_of_the_same_name_explains_nothing() -> None:
    assert past([told(100)], [told(100, person="ben")]) == [("ada", "day0", 100)]


def test_use_without_a_session_is_the_gateways_where_the_hour_holds_all_of_it() -> None:
    assert past([told(100, session="")], [told(100, session="", hour=9)]) == []
    assert past([told(100, session="")], [told(99, session="")]) == [("ada", "day0", 100)]
    assert past([told(60, session=""), told(60, session="", hour=11)], [told(100, session="")]) == [("ada", "day0", 60)]
