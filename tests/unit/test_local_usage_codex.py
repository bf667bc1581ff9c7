"""Codex's log: a record for each response, or what a running total has grown by; copied history counts for nothing."""

from __future__ import annotations

import json

import pytest
from tests.support.local_logs import (
    CHILD,
    CHILDS_TURN,
    EARLIER_TURN,
    THREAD,
    counts,
    gathered,
    opened,
    record,
    running,
    turn,
)

from bursar.exchange.local_usage import LocalUsage
from bursar.prices import Usage


def sums(found: LocalUsage) -> tuple[int, int]:
    """All input, all output."""
    return (
        sum(event.usage.total_input for event in found.events),
        sum(event.usage.total_output for event in found.events),
    )


def test_every_token_is_counted_in_one_field_and_priced_by_hand() -> None:
    used = counts(1_000, 300, cached=600, written=100, reasoning=200)
    (event,) = gathered(opened() + turn("gpt-5.6-luna") + record("resp_1", used)).events
    assert event.usage == Usage(input=300, cache_read=600, cache_write_5m=100, output=100, reasoning=200)
    # $ per million since 2026-07-30: input 0.2, read 0.02, written 0.25, output 1.2.
    assert event.list_nanos == 300 * 200 + 600 * 20 + 100 * 250 + 300 * 1_200
    assert (event.provider, event.model, event.project, event.session) == ("openai", "gpt-5.6-luna", "search", THREAD)


def test_a_response_is_priced_on_its_own_day() -> None:
    used = counts(1_000, 100)
    before, after = gathered(
        opened()
        + turn("gpt-5.6-luna")
        + record("resp_1", used, "2026-07-29T23:59:59Z")
        + record("resp_2", used, "2026-07-30T00:00:00Z")
    ).events
    assert before.list_nanos == 1_000 * 1_000 + 100 * 6_000
    assert after.list_nanos == 1_000 * 200 + 100 * 1_200


def test_records_count_and_the_totals_beside_them_do_not() -> None:
    one, two = counts(1_000, 10), counts(1_500, 20)
    found = gathered(
        opened()
        + turn()
        + record("resp_1", one)
        + running(one, one)
        + record("resp_2", two)
        + running(counts(2_500, 30), two)
    )
    assert sums(found) == (2_500, 30)
    assert len(found.events) == 2


def test_a_record_that_is_copied_into_another_file_counts_once() -> None:
    history = turn() + record("resp_1", counts(1_000, 10))
    found = gathered(opened() + history, opened(CHILD) + history + record("resp_2", counts(1_100, 10)))
    assert sums(found) == (2_100, 20)
    assert found.duplicates == 1


def test_responses_that_a_gateway_gives_one_name_are_told_apart_by_their_figures() -> None:
    found = gathered(opened() + turn() + record("resp", counts(1_000, 10)) + record("resp", counts(1_100, 12)))
    assert sums(found) == (2_100, 22)


def test_running_totals_count_by_what_they_grow_and_a_total_told_again_counts_nothing() -> None:
    first, second = counts(1_000, 10, cached=500), counts(2_200, 30, cached=1_400)
    times = [f"2026-11-21T16:1{minute}:00Z" for minute in range(5)]
    told = zip((first, first, second, second, second), times, strict=True)
    found = gathered(opened() + turn() + "".join(running(total, at=at) for total, at in told))
    assert [event.usage for event in found.events] == [
        Usage(input=500, cache_read=500, output=10),
        Usage(input=300, cache_read=900, output=20),
    ]
    assert found.duplicates == 3


def test_a_total_that_shrinks_has_begun_anew() -> None:
    last = counts(400, 4)
    found = gathered(opened() + turn() + running(counts(1_000, 10)) + running(counts(700, 7), last))
    assert sums(found) == (1_400, 14)


def test_a_total_that_is_reached_again_after_it_began_anew_is_new_usage() -> None:
    totals = [(counts(1_000, 10), None), (counts(400, 4), counts(400, 4)), (counts(1_000, 10), counts(600, 6))]
    found = gathered(opened() + turn() + "".join(running(*told) for told in totals))
    assert sums(found) == (2_000, 20)


def test_the_first_total_of_a_file_may_be_its_parents_so_the_last_answer_counts() -> None:
    found = gathered(opened(CHILD, forked_from_id=THREAD) + turn("gpt-5", CHILDS_TURN)
                     + running(counts(28_416, 398), counts(9_494, 162)))  # fmt: skip
    assert sums(found) == (9_494, 162)


def test_the_history_at_the_top_of_a_fork_counts_for_nothing_and_its_own_turns_count() -> None:
    one, two = counts(1_000, 10), counts(2_500, 30)
    parent = opened() + turn("gpt-5", EARLIER_TURN) + running(one, one) + running(two, counts(1_500, 20))
    burst = "2026-11-21T16:10:02.421Z"
    copied = (
        opened(CHILD, forked_from_id=THREAD)
        + opened()
        + turn("gpt-5", EARLIER_TURN)
        + running(one, one, burst)
        + running(two, counts(1_500, 20), burst)
    )
    own = turn("gpt-5-mini", CHILDS_TURN) + running(counts(4_500, 60), counts(2_000, 30), "2026-11-21T16:10:02.5Z")
    found = gathered(parent, copied + own)
    assert sums(found) == (4_500, 60)
    assert [event.model for event in found.events if event.session == CHILD] == ["gpt-5-mini"]
    assert sums(gathered(copied + own)) == (2_000, 30)


@pytest.mark.parametrize(
    "meta",
    [
        {"forked_from_id": THREAD},
        {"source": {"subagent": {"thread_spawn": {"parent_thread_id": THREAD}}}},
    ],
)
def test_where_turns_carry_no_time_the_copied_lines_are_those_of_the_first_moments(meta: dict[str, object]) -> None:
    text = (
        opened(CHILD, **meta)
        + turn()
        + running(counts(1_000, 10), counts(1_000, 10), "2026-11-21T16:10:02.45Z")
        + running(counts(1_600, 15), counts(600, 5), "2026-11-21T16:10:30Z")
    )
    assert sums(gathered(text)) == (600, 5)


def test_a_thread_that_lies_in_two_folders_counts_once() -> None:
    text = opened() + turn() + running(counts(1_000, 10)) + running(counts(1_500, 20))
    cut = "".join(text.splitlines(keepends=True)[:3])
    assert sums(gathered(text, text)) == sums(gathered(cut, text)) == sums(gathered(text, cut)) == (1_500, 20)


def test_two_threads_that_say_the_same_are_two() -> None:
    said = turn() + running(counts(1_000, 10))
    assert sums(gathered(opened() + said, opened(CHILD) + said)) == (2_000, 20)


def test_without_a_model_the_tokens_are_kept_and_nothing_is_guessed() -> None:
    (event,) = gathered(opened() + running(counts(1_000, 10))).events
    assert (event.model, event.list_nanos, event.usage.input) == ("", None, 1_000)


def test_a_gateways_name_is_priced_as_the_models_maker_and_ones_own_machine_is_not() -> None:
    used = record("resp_1", counts(1_000, 10))
    (event,) = gathered(opened(model_provider="bursar") + turn("gpt-5") + used).events
    assert (event.provider, event.list_nanos) == ("openai", 1_000 * 1_250 + 10 * 10_000)
    (event,) = gathered(opened(model_provider="azure") + turn("gpt-5") + used).events
    assert event.provider == "azure"
    (event,) = gathered(opened(model_provider="ollama") + turn("gpt-5") + used).events
    assert event.list_nanos is None


def test_the_model_is_that_of_the_turn() -> None:
    found = gathered(opened() + turn("gpt-5") + running(counts(100, 1)) + turn("gpt-5-mini") + running(counts(300, 2)))
    assert sorted((event.model, event.usage.input) for event in found.events) == [("gpt-5", 100), ("gpt-5-mini", 200)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"type": "token_count", "input_tokens": 5}, "older formats have none"),
        ({"type": "token_count", "info": {"total_token_usage": 5}}, "total_token_usage: found a number"),
        (
            {"type": "token_count", "info": {"total_token_usage": {"input_tokens": 1.5}}},
            "found a number, expected a whole",
        ),
        ([], "no JSON object"),
    ],
)
def test_figures_that_cannot_be_read_are_told(payload: object, reason: str) -> None:
    line = json.dumps({"timestamp": "2026-11-21T16:10:00Z", "type": "event_msg", "payload": payload}) + "\n"
    found = gathered(opened() + turn() + line + running(counts(7, 1)))
    assert sums(found) == (7, 1)
    (skipped,) = found.skipped
    assert skipped.line == 3
    assert reason in skipped.reason


def test_a_refresh_of_the_limits_without_figures_is_no_matter() -> None:
    found = gathered(opened() + turn() + running(None) + json.dumps(
        {"timestamp": 1795277400000, "type": "event_msg", "payload": {"type": "token_count", "info": None}}
    ))  # fmt: skip
    assert (found.events, found.skipped_lines) == ((), 0)


def test_a_time_may_be_a_number_of_seconds_or_thousandths() -> None:
    for number in (1_795_277_400, 1_795_277_400_000):
        line = json.dumps({"timestamp": number, "type": "event_msg", "payload": {
            "type": "token_count", "info": {"total_token_usage": counts(5, 1)}}})  # fmt: skip
        (event,) = gathered(opened() + turn() + line).events
        assert event.at_micros == 1_795_277_400_000_000
