"""Claude Code's log: every answer once, with its last figures, whatever copies of it there are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.local_logs import claude, gathered

from bursar.exchange.local_usage import LocalUsage
from bursar.prices import Usage


def only(found: LocalUsage) -> Usage:
    assert found.skipped == ()
    (event,) = found.events
    return event.usage


def test_every_kind_of_token_is_counted_in_one_field_and_priced_by_hand() -> None:
    usage = {
        "cache_creation": {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 2_000},
        "output_tokens_details": {"thinking_tokens": 40},
        "server_tool_use": {"web_search_requests": 3},
    }
    found = gathered(claude(input=10, output=100, read=50_000, written=3_500, usage=usage))
    assert only(found) == Usage(
        input=10, cache_read=50_000, cache_write_5m=1_500, cache_write_1h=2_000, output=60, reasoning=40, web_searches=3
    )
    (event,) = found.events
    # $ per million: input 1, read 0.1, written for 5 minutes 1.25 and for an hour 2, output 5; $10 for 1,000 searches.
    assert event.list_nanos == 10 * 1_000 + 50_000 * 100 + 1_500 * 1_250 + 2_000 * 2_000 + 100 * 5_000 + 3 * 10_000_000
    assert (event.provider, event.basis, event.source) == ("anthropic", "list", "claude")


def test_an_answer_that_is_told_while_it_streams_counts_with_its_last_figures() -> None:
    told = [claude(output=1), claude(output=9), claude(output=159)]
    for order in (told, told[::-1], [told[2], told[0], told[1]]):
        found = gathered("".join(order))
        assert only(found).output == 159
        assert found.duplicates == 2


def test_a_resumed_session_repeats_answers_that_belong_to_the_one_that_asked() -> None:
    first = claude("msg_1") + claude("msg_2", requestId="req_2")
    fork = first.replace('"s-1"', '"a-fork"').replace('"sessionId"', '"requestSessionId": "s-1", "sessionId"')
    found = gathered(fork + claude("msg_3", requestId="req_3", sessionId="a-fork"), first)
    assert [event.session for event in found.events] == ["a-fork", "s-1", "s-1"]
    assert found.duplicates == 2


def test_one_message_id_under_two_requests_is_two_answers() -> None:
    found = gathered(claude(requestId="req_1") + claude(requestId="req_2"))
    assert len(found.events) == 2
    assert found.duplicates == 0


def test_without_a_request_the_message_id_is_enough() -> None:
    bare = claude(requestId=None, output=1) + claude(requestId=None, output=70)
    assert only(gathered(bare)).output == 70
    assert only(gathered(bare + claude(output=70))).output == 70


def test_a_side_question_repeats_its_parents_answers_and_counts_with_its_own() -> None:
    parent = claude("msg_1") + claude("msg_2")
    aside = claude("msg_1", requestId="req_8", isSidechain=True) + claude("msg_2", requestId="req_9", isSidechain=True)
    own = claude("msg_3", requestId="req_10", isSidechain=True)
    assert len(gathered(parent, aside + own).events) == 3
    assert len(gathered(aside + own, parent).events) == 3


def test_two_side_questions_repeat_the_same_history_even_where_the_parent_is_gone() -> None:
    one, other = (claude("msg_1", requestId=f"req_{nth}", isSidechain=True) for nth in (1, 2))
    assert len(gathered(one, other).events) == 1


def test_a_sub_agent_counts_once_though_its_parent_writes_its_progress_too() -> None:
    line = json.loads(claude("msg_7", isSidechain=True))
    inner = {name: line[name] for name in ("type", "message", "requestId")}
    progress = json.dumps(
        {
            "type": "progress",
            "timestamp": line["timestamp"],
            "sessionId": "s-1",
            "cwd": "/home/ada/x",
            "data": {"type": "agent_progress", "message": inner},
        }
    )
    assert len(gathered(progress).events) == 1
    assert len(gathered(progress + "\n" + json.dumps(line)).events) == 1


def test_what_the_client_says_itself_and_what_costs_nothing_is_left_out_and_counted() -> None:
    found = gathered(claude(model="<synthetic>") + claude("msg_2", input=0, output=0))
    assert found.events == ()
    assert (found.ignored, found.skipped_lines) == (2, 0)


def test_an_advisors_step_is_an_event_of_its_own_model() -> None:
    steps = [
        {"type": "message", "input_tokens": 10, "output_tokens": 100},
        {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 1_000, "output_tokens": 10},
    ]
    line = claude(usage={"iterations": steps})
    found = gathered(line + line)
    assert sorted((event.model, event.usage.input, event.list_nanos) for event in found.events) == [
        ("claude-haiku-4-5-20251001", 10, 10 * 1_000 + 100 * 5_000),
        ("claude-opus-5-5", 1_000, 1_000 * 4_000 + 10 * 20_000),
    ]


def test_fast_mode_is_priced_as_such() -> None:
    slow, fast = gathered(
        claude(model="claude-opus-5-5", usage={"speed": "standard"})
        + claude("msg_2", model="claude-opus-5-5", usage={"speed": "fast"})
    ).events
    prices = sorted((slow.list_nanos, fast.list_nanos))  # type: ignore[type-var]
    assert prices == [10 * 4_000 + 100 * 20_000, 10 * 8_000 + 100 * 40_000]


def test_a_long_request_is_priced_at_the_rates_of_long_ones() -> None:
    (event,) = gathered(claude(model="claude-sonnet-4-5", input=1, output=10, read=300_000)).events
    assert event.list_nanos == 1 * 6_000 + 10 * 22_500 + 300_000 * 600


def test_a_model_without_a_price_keeps_its_tokens_and_gets_no_value() -> None:
    (event,) = gathered(claude(model="kimi-k2.5")).events
    assert (event.list_nanos, event.basis, event.usage.output) == (None, "", 100)
    (stated,) = gathered(claude(model="kimi-k2.5", costUSD=0.25)).events
    assert (stated.list_nanos, stated.basis) == (250_000_000, "stated")


def test_nothing_of_what_was_said_and_no_path_is_kept() -> None:
    found = gathered(claude() + claude("msg_2", timestamp="the secret of the clock"))
    assert "secret" not in repr(found)
    assert found.events[0].project == "search"
    assert gathered(claude(cwd="C:\\Users\\Ada\\code\\search\\")).events[0].project == "search"
    assert gathered(claude(cwd="/")).events[0].project == ""


def test_a_name_cannot_write_to_the_terminal() -> None:
    (event,) = gathered(claude(model="claude\x1b[31m", cwd="/home/\x07bell")).events
    assert (event.model, event.project) == ("claude?[31m", "?bell")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (claude()[:-20], "line: found no JSON object"),
        ("[]", "line: found no JSON object"),
        ('{"type": "assistant", "message": {"usage": {"input_tokens": 1}}}', "timestamp: found nothing"),
        (claude(timestamp="2019-01-01T00:00:00Z"), "timestamp: found another time"),
        (claude(input="12"), "usage.input_tokens: found a text, expected a whole number"),
        (claude(output=-1), "usage.output_tokens: found a negative number"),
        (claude(output=10**12), "usage.output_tokens: found more, expected a whole number up to 1,000,000,000"),
        (claude(usage={"iterations": 7}), "usage.iterations: found a number, expected a list"),
        (claude(usage={"cache_creation": {"ephemeral_1h_input_tokens": True}}), "found yes or no"),
        ("[" * 100_000, "line: found no JSON object"),
    ],
)
def test_a_broken_line_is_told_with_its_place_and_the_rest_is_read(line: str, reason: str) -> None:
    found = gathered(claude("msg_1") + line.rstrip("\n") + "\n" + claude("msg_2"))
    assert len(found.events) == 2
    assert found.skipped_lines == 1
    (skipped,) = found.skipped
    assert skipped.place == "a.jsonl:2"
    assert reason in skipped.reason


@pytest.mark.parametrize(
    "line",
    [
        {"type": "user", "message": "hi"},
        {"type": "assistant", "message": {"id": "x"}},
        {"type": ["assistant"]},
        {"type": "progress", "data": "half"},
        {"type": "progress", "data": {"message": {"type": "user"}}},
        {"type": "summary", "usage": {"input_tokens": 5}},
    ],
)
def test_lines_without_usage_are_no_matter(line: dict[str, Any]) -> None:
    found = gathered(json.dumps(line) + "\n\n" + claude())
    assert len(found.events) == 1
    assert found.skipped_lines == 0
