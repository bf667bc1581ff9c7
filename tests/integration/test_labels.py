"""What clients say beside the protocol: a task for the reports, and a run with a cap of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.house import House

from bursar.gateway.dialects.contract import Refusal
from bursar.gateway.directory import KeyRecord
from bursar.gateway.labels import NOTHING_SAID, Labels, labels_of
from bursar.gateway.upstream import request_headers
from bursar.gateway.velocity import DAY, HOUR, Pace, Velocity, too_fast
from bursar.office.figures import reports

KEY = KeyRecord("key_1", "per_1", "ada")
CAPPED = KeyRecord("key_2", "per_1", "ada", cap_nanos=10**9)


async def ask(house: House, output: int = 100, **headers: str) -> tuple[int, Any]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": output}
    named = {f"x-bursar-{name.replace('_', '-')}": value for name, value in headers.items()}
    url = f"{house.url}/v1/chat/completions"
    async with house.client.post(url, headers={**house.headers(), **named}, json=body) as reply:
        return reply.status, await reply.json(content_type=None)


async def test_a_task_is_what_reports_have_a_request_under_and_what_says_nothing_has_no_name(house: House) -> None:
    for headers in ({"task": "Debugging"}, {"task": "debugging"}, {"task": "yak shaving"}, {}):
        assert (await ask(house, **headers))[0] == 200
    await house.settled()
    found = reports.usage(house.desk, "project", person="ada")
    assert {row["key"]: row["requests"] for row in found["rows"]} == {"task:debugging": 2, "task:other": 1, "": 1}
    assert sum(row["amount_nanos"] for row in found["rows"]) == house.spent() == house.billed()


def test_labels_never_leave_the_house() -> None:
    given = [("X-Bursar-Task", "tests"), ("x-bursar-run", "r"), ("X-Bursar-Run-Cap", "$1"), ("X-Custom", "kept")]
    assert "X-Custom" in dict(request_headers(given, {}))
    assert not any(name.lower().startswith("x-bursar") for name, _ in request_headers(given, {}))


async def test_in_the_last_hour_of_a_day_the_limit_of_an_hour_is_called_so() -> None:
    async def nothing(person: str, start: int) -> int:
        return 0

    now = DAY - 60_000_000
    _, limit, ends, length = await Velocity(nothing).room("ada", Pace(5, 100), now)
    assert (limit, ends, length) == (5, DAY, HOUR)
    assert "in an hour" in too_fast(limit, ends, now, 1, length).sentence


async def test_a_run_stops_at_its_cap_and_its_siblings_go_on(house: House) -> None:
    cap = {"run": "nightly-1", "run_cap": "$0.005"}
    answers = await asyncio.gather(*(ask(house, 300, **cap) for _ in range(20)))
    await house.settled()
    while True:
        status, document = await ask(house, 300, **cap)
        answers.append((status, document))
        if status != 200:
            break
    assert document["error"]["message"].startswith("Bursar: The cap of run nightly-1 ($0.005")
    assert 0 < house.spent() <= 5_000_000
    assert {one for one, _ in answers} == {200, 429}
    assert (await ask(house, 300, run="nightly-2", run_cap="$0.005"))[0] == 200
    assert (await ask(house, 300))[0] == 200
    await house.settled()
    house.assert_clean()


@pytest.mark.parametrize(
    ("headers", "key", "field"),
    [
        ({"run": "a b", "run-cap": "$1"}, KEY, "x-bursar-run"),
        ({"run": "a" * 65, "run-cap": "$1"}, KEY, "x-bursar-run"),
        ({"run-cap": "$1"}, KEY, "x-bursar-run"),
        ({"run": "a"}, KEY, "x-bursar-run-cap"),
        ({"run": "a", "run-cap": "lots"}, KEY, "x-bursar-run-cap"),
        ({"run": "a", "run-cap": "-$1"}, KEY, "x-bursar-run-cap"),
        ({"run": "a", "run-cap": "5 EUR"}, KEY, "x-bursar-run-cap"),
        ({"run": "a", "run-cap": "$1"}, CAPPED, "x-bursar-run-cap"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_header(headers: dict[str, str], key: KeyRecord, field: str) -> None:
    found = labels_of({f"x-bursar-{name}": value for name, value in headers.items()}, key)
    assert isinstance(found, Refusal)
    assert (found.kind, found.fields["field"]) == ("bad_request", field)


def test_without_a_word_nothing_changes_and_a_keys_project_is_never_overruled() -> None:
    assert labels_of({"authorization": "x"}, CAPPED) is NOTHING_SAID
    assert NOTHING_SAID.cap_of(CAPPED) == ("key_2", 10**9)
    assert NOTHING_SAID.cap_of(KEY) == ("", 0)
    assert Labels("tests").project_of(KeyRecord("key_3", "per_1", "ada", project="search")) == "search"
    assert Labels("tests").project_of(KEY) == "task:tests"
    assert labels_of({"x-bursar-run": "r.1", "x-bursar-run-cap": "$2.50"}, KEY) == Labels("", "r.1", 2_500_000_000)
