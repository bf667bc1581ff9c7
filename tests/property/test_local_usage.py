"""Whatever bytes lie in a log or a bill: nothing raises. Order and copies of files never change what it comes to."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.local_logs import CHILD, THREAD, claude, counts, gathered, opened, record, running, turn

from bursar.exchange.local_usage import LocalUsage, monthly_list_nanos, rate_per_month, total, totals

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = {
    "claude": json.loads(claude(usage={"cache_creation": {}, "iterations": [{}], "server_tool_use": {}})),
    "progress": {"type": "progress", "data": {"message": json.loads(claude())}},
    "meta": json.loads(opened(source={"subagent": {"thread_spawn": {}}})),
    "turn": json.loads(turn(turn_id=THREAD)),
    "record": json.loads(record("resp_1", counts(10, 1))),
    "running": json.loads(running(counts(10, 1), counts(10, 1))),
}


@st.composite
def odd_lines(draw: st.DrawFn) -> str:
    """A real line with one field, at any depth, replaced by anything."""
    line: Any = json.loads(json.dumps(FIELDS[draw(st.sampled_from(sorted(FIELDS)))]))
    at = line
    while True:
        name = draw(st.sampled_from(sorted(at)))
        if not isinstance(at[name], dict) or not at[name] or draw(st.booleans()):
            at[name] = draw(json_values)
            return json.dumps(line)
        at = at[name]


def checked(found: LocalUsage) -> None:
    """What holds of everything that is read."""
    whole = total(found)
    for by in ("day", "month", "model", "project", "session"):
        assert sum(one.list_nanos for one in totals(found, by)) == whole.list_nanos
    assert sum(month.nanos for month in monthly_list_nanos(found)) == whole.list_nanos
    assert rate_per_month(found) >= 0
    assert len(found.skipped) == min(found.skipped_lines, 100)
    assert found.duplicates >= 0


@given(st.lists(st.binary(max_size=200), max_size=5), st.lists(st.binary(max_size=200), max_size=3))
def test_garbage_is_told_and_never_raises(logs: list[bytes], bills: list[bytes]) -> None:
    found = gathered(*logs, bills=bills)
    checked(found)
    assert found.events == ()


@given(st.lists(odd_lines(), max_size=8))
def test_a_line_with_any_value_in_any_field_never_raises(told: list[str]) -> None:
    found = gathered(opened() + turn() + "\n".join(told) + "\n" + claude("msg_last", requestId="req_last"))
    checked(found)
    assert any(event.session == "s-1" for event in found.events)


cells = st.one_of(
    st.sampled_from(["", "10", "2026-11-05", "1793836800", "gpt-5", "-1", "1e9", '"', "0.5", "> 200k", "9" * 30]),
    st.text(max_size=10),
)


@given(
    st.lists(
        st.sampled_from(["date", "time", "model", "input_tokens", "cached_tokens", "output_tokens", "cost", "id", "x"]),
        min_size=1,
        max_size=9,
    ),
    st.lists(st.lists(cells, max_size=9), max_size=6),
    st.sampled_from(",;\t"),
)
def test_a_bill_with_any_cells_never_raises(header: list[str], rows: list[list[str]], parted: str) -> None:
    checked(gathered(bills=["\n".join(parted.join(row) for row in [header, *rows])]))


answers = st.tuples(
    st.sampled_from(["msg_1", "msg_2", "msg_3"]),
    st.sampled_from([None, "req_1", "req_2"]),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 2),
)
threads = st.tuples(st.sampled_from([THREAD, CHILD]), st.lists(st.integers(0, 50), max_size=4), st.booleans())


def told_by(answer: tuple[str, str | None, bool, int, int]) -> str:
    message, request, aside, output, minute = answer
    return claude(
        message,
        requestId=request,
        isSidechain=aside,
        output=output,
        timestamp=f"2026-11-20T10:0{minute}:00Z",
        sessionId=f"s-{output}",
    )


def rollout(thread: tuple[str, list[int], bool]) -> str:
    name, steps, recorded = thread
    text, sum_ = opened(name) + turn(), 0
    for nth, step in enumerate(steps):
        sum_ += step
        total_, last = counts(sum_, nth), counts(step, 1)
        text += record(f"resp_{name}_{nth}", last) if recorded else running(total_, last)
    return text


@given(
    st.lists(st.lists(answers, max_size=5), max_size=4),
    st.lists(threads, max_size=2, unique_by=lambda thread: thread[0]),
    st.integers(0, 2**32),
)
def test_neither_order_nor_copies_of_files_change_what_it_comes_to(
    sessions: list[list[tuple[str, str | None, bool, int, int]]],
    others: list[tuple[str, list[int], bool]],
    seed: int,
) -> None:
    files = ["".join(told_by(answer) for answer in session) for session in sessions] + [rollout(one) for one in others]
    before = gathered(*files)
    shuffle = random.Random(seed)
    copied = files + shuffle.choices(files, k=3) if files else []
    cut = [text[: shuffle.randrange(len(text) + 1)].rpartition("\n")[0] + "\n" for text in files]
    for again in (shuffle.sample(files, len(files)), shuffle.sample(copied, len(copied)), cut + files, files + cut):
        after = gathered(*again)
        assert after.events == before.events
        assert after.duplicates >= before.duplicates
    checked(before)
