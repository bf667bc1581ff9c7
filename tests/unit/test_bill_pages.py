"""Pages of providers' administrations: their documented shapes are read, and anything else is refused by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import anthropic, copilot, cursor, openai
from bursar.exchange.provider_bills.gathering import Gathering
from bursar.exchange.provider_bills.sources import SOURCES
from bursar.exchange.provider_bills.values import Ask, Line, Page
from bursar.prices import Usage

SINCE, UNTIL = 1_793_491_200, 1_796_083_200  # November 2026
USAGE, EMBEDDINGS, COSTS = openai.asks(SINCE, UNTIL)
REPORT, COST_REPORT = anthropic.asks(SINCE, UNTIL)


def openai_page(result: dict[str, Any], **page: Any) -> dict[str, Any]:
    bucket = {"object": "bucket", "start_time": SINCE, "end_time": SINCE + 86_400, "results": [result]}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None, **page}


def test_openai_counts_cached_and_written_tokens_within_the_input() -> None:
    result = {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "input_cached_tokens": 300,
        "input_cache_write_tokens": 100,
        "input_audio_tokens": 50,
        "output_tokens": 80,
        "output_audio_tokens": 30,
        "num_model_requests": 4,
        "project_id": "proj_1",
        "user_id": "user_1",
        "api_key_id": "key_1",
        "model": "gpt-5",
        "batch": True,
        "service_tier": "default",
    }
    (line,) = openai.read(USAGE, openai_page(result), 1).lines
    assert line.usage == Usage(
        input=550, cache_read=300, cache_write_5m=100, input_audio=50, output=50, output_audio=30
    )
    assert (line.day, line.key, line.user, line.tier, line.requests) == ("2026-11-01", "key_1", "user_1", "batch", 4)


def test_openai_embeddings_have_input_alone_and_costs_are_dollars() -> None:
    embedding = {"input_tokens": 16, "num_model_requests": 2, "model": "text-embedding-3-small"}
    (line,) = openai.read(EMBEDDINGS, openai_page(embedding), 1).lines
    assert (line.usage, line.requests) == (Usage(input=16), 2)
    cost = {"amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-5, input", "project_id": None}
    (item,) = openai.read(COSTS, openai_page(cost), 1).costs
    assert (item.amount_nanos, item.model) == (60_000_000, "gpt-5")


def test_anthropic_counts_each_kind_beside_the_others_and_its_costs_are_cents() -> None:
    result = {
        "uncached_input_tokens": 1500,
        "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
        "cache_read_input_tokens": 200,
        "output_tokens": 500,
        "server_tool_use": {"web_search_requests": 10},
        "api_key_id": "apikey_1",
        "workspace_id": "wrkspc_1",
        "model": "claude-sonnet-4-5",
        "service_tier": "standard",
        "context_window": "0-200k",
    }
    bucket = {"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-02T00:00:00Z", "results": [result]}
    page = anthropic.read(REPORT, {"data": [bucket], "has_more": True, "next_page": "page_2"}, 1)
    (line,) = page.lines
    assert line.usage == Usage(
        input=1500, cache_read=200, cache_write_5m=500, cache_write_1h=1000, output=500, web_searches=10
    )
    assert (line.key, line.tier, line.requests) == ("apikey_1", "", None)
    assert page.follow is not None
    assert dict(page.follow.query)["page"] == "page_2"
    cost = {"amount": "123.45", "currency": "USD", "description": "Claude Sonnet 4.5 Usage", "model": "claude"}
    bucket = {**bucket, "results": [cost]}
    (item,) = anthropic.read(COST_REPORT, {"data": [bucket], "has_more": False, "next_page": None}, 1).costs
    assert item.amount_nanos == 1_234_500_000, "a dollar and twenty-three cents and a half"


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({}, "data"),
        ({"data": []}, "has_more"),
        ({"data": [], "has_more": True}, "next_page"),
        ({"data": [], "has_more": True, "next_page": ""}, "next_page"),
        ({"data": [{"start_time": SINCE}], "has_more": False}, "results"),
        ({"data": [{"start_time": SINCE + 1, "results": []}], "has_more": False}, "start_time"),
        (openai_page({"output_tokens": 5}), "input_tokens"),
        (openai_page({"input_tokens": -5}), "input_tokens"),
        (openai_page({"input_tokens": 5, "input_cached_tokens": 6}), "input_tokens"),
        (openai_page({"input_tokens": 5, "model": 7}), "model"),
        ([], "usage of completions, page 3"),
    ],
)
def test_a_page_that_is_cut_or_of_another_shape_is_refused_by_its_place(document: Any, where: str) -> None:
    with pytest.raises(InvalidInput, match=r"usage of completions, page 3") as refused:
        openai.read(USAGE, document, 3)
    assert where in refused.value.field


def test_a_list_of_seats_that_is_shorter_than_its_total_was_cut() -> None:
    (ask,) = copilot.asks("acme")
    seat = {"created_at": "2026-01-05T08:00:00Z", "assignee": {"login": "octocat"}}
    assert copilot.read(ask, {"total_seats": 1, "seats": [seat]}, 1).seats[0].login == "octocat"
    for document in ({"total_seats": 2, "seats": [seat]}, {"total_seats": 2, "seats": []}, {"seats": [seat]}):
        with pytest.raises(InvalidInput):
            copilot.read(ask, document, 1)
    for name in ("", "a/b", "a?b", "x" * 200):
        with pytest.raises(InvalidInput):
            copilot.asks(name)


def line(tokens: int, day: str = "2026-11-01") -> Line:
    return Line(day, "gpt-5", Usage(input=tokens), key="key_1")


def test_a_bucket_that_grew_while_pages_were_read_counts_as_it_was_told_last() -> None:
    gathering = Gathering()
    gathering.take(Page((line(5), line(7, "2026-11-02"))), "usage")
    gathering.take(Page((line(6),)), "usage")
    bill = gathering.bill()
    assert sorted(one.usage.input for one in bill.lines) == [6, 7]
    assert [(one.kind, one.page) for one in bill.oddities] == [("restated", 2)]


def test_a_page_of_nothing_that_comes_twice_is_named_too() -> None:
    gathering = Gathering()
    for _ in range(2):
        gathering.take(Page(days=("2026-11-01", "2026-11-02")), "usage")
    assert [(one.kind, one.page) for one in gathering.bill().oddities] == [("repeated", 2)]
    other = Gathering()
    for what in ("usage of completions", "usage of embeddings"):
        other.take(Page(days=("2026-11-01",)), what)
    assert other.bill().oddities == (), "two reports tell of the same days"


def test_a_bucket_that_one_page_tells_in_two_ways_ends_the_reading() -> None:
    with pytest.raises(InvalidInput, match="twice with different figures"):
        Gathering().take(Page((line(5), line(6))), "usage")


def test_a_question_that_was_asked_before_ends_the_reading() -> None:
    gathering = Gathering()
    gathering.ask(USAGE)
    with pytest.raises(InvalidInput, match="given before"):
        gathering.ask(USAGE)


values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(10**20), 10**20)
    | some.floats()
    | some.text(max_size=12)
    | some.sampled_from(["2026-11-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1750979225854", "usd", "123.45"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
GOOD: dict[str, tuple[Ask, dict[str, Any]]] = {
    "openai": (USAGE, openai_page({"input_tokens": 5, "output_tokens": 1, "num_model_requests": 1, "model": "m"})),
    "anthropic": (
        REPORT,
        {
            "data": [
                {
                    "starting_at": "2026-11-01T00:00:00Z",
                    "results": [{"uncached_input_tokens": 1, "output_tokens": 1, "cache_creation": {}}],
                }
            ],
            "has_more": False,
        },
    ),
    "copilot": (
        copilot.asks("acme")[0],
        {"total_seats": 1, "seats": [{"created_at": "2026-01-05T08:00:00Z", "assignee": {"login": "o"}}]},
    ),
    "cursor": (
        cursor.asks(SINCE, UNTIL)[1],
        {
            "usageEvents": [{"timestamp": "1750979225854", "model": "m", "tokenUsage": {"totalCents": 1.5}}],
            "pagination": {"hasNextPage": False},
        },
    ),
}


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(one for name, value in inner for one in places(value, (*path, name)))]


@given(some.sampled_from(sorted(GOOD)), some.data())
def test_whatever_stands_in_a_page_it_is_read_or_refused_and_nothing_else(kind: str, data: some.DataObject) -> None:
    ask, good = GOOD[kind]
    document = json.loads(json.dumps(good))
    path = data.draw(some.sampled_from(places(document)))
    value = data.draw(values)
    if not path:
        document = value
    else:
        holder = document
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = value
    try:
        page = SOURCES[kind].read(ask, document, 1)
    except InvalidInput:
        return
    for one in page.lines:
        assert min(one.usage.total_input, one.usage.total_output, one.requests or 0) >= 0
