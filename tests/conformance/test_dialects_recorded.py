"""Every recorded exchange: the request is understood, the reply passes byte for byte in any fragmentation, and its usage
and price are those of the genai-prices library, an independent reader of the same replies."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bursar.gateway.dialects import Call, Dialect, Malformed, Meter, route
from bursar.prices import PriceBook, Usage, list_prices

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "exchanges.jsonl.gz"
AT = datetime(2026, 11, 1, tzinfo=UTC)
NANOS = Decimal(10) ** 9

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded exchanges are not beside this checkout")

ORACLES = {
    "api.anthropic.com": ("anthropic", "default"),
    "api.groq.com": ("groq", "default"),
    "api.mistral.ai": ("mistral", "default"),
    "api.deepseek.com": ("deepseek", "chat"),
    "api.cerebras.ai": ("cerebras", "chat"),
    "openrouter.ai": ("openrouter", "chat"),
    "api.inference.crusoecloud.com": ("openai", "chat"),
}
"""Provider and flavour of the library's extractor by host; Crusoe is not in it and speaks OpenAI's."""


@cache
def exchanges() -> tuple[dict[str, Any], ...]:
    if not RECORDED.exists():
        return ()
    with gzip.open(RECORDED, "rt") as lines:
        return tuple(json.loads(line) for line in lines)


@cache
def oracle() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


@cache
def book() -> PriceBook:
    return PriceBook(list_prices())


def understood(exchange: dict[str, Any]) -> tuple[Dialect, Call]:
    dialect = route("POST", exchange["path"])
    assert dialect is not None, exchange["path"]
    call = dialect.parse(exchange["path"], exchange["query"], {}, json.dumps(exchange["request"]).encode())
    assert not isinstance(call, Malformed), call.sentence
    return dialect, call


def fragments(body: bytes, sizes: random.Random, least: int, most: int) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        size = sizes.randint(least, most)
        yield body[at : at + size]
        at += size


def passed(meter: Meter, pieces: Iterator[bytes]) -> bytes:
    through = b"".join([meter.feed(piece) for piece in pieces])
    return through + meter.finish()


def with_usage() -> list[tuple[dict[str, Any], Any]]:
    """Exchanges whose reply carries usage, each with the model and the usage that the library reads in it."""
    return [(exchange, found) for exchange in exchanges() if (found := extract(exchange)) is not None]


def extract(exchange: dict[str, Any]) -> Any:
    name, flavour = provider_of(exchange)
    document = final_document(exchange)
    if document is None:
        return None
    provider = next(one for one in oracle().providers if one.id == name)
    try:
        model, usage = provider.extract_usage(document, api_flavor=flavour)
    except ValueError:
        return None
    if usage.output_reasoning_tokens > usage.output_tokens:
        usage.output_reasoning_tokens = (
            usage.output_tokens
        )  # OpenRouter once reports 11 of 10; the library cannot price it
    return model, usage


def provider_of(exchange: dict[str, Any]) -> tuple[str, str]:
    if exchange["host"].endswith("googleapis.com"):
        return "google", "default"
    if exchange["host"] == "api.openai.com":
        return "openai", exchange["kind"].partition(".")[2]
    return ORACLES[exchange["host"]]


def final_document(exchange: dict[str, Any]) -> Any:
    """The JSON that the library expects: the reply, or what its stream says at the end."""
    body = exchange["body"]
    if "event-stream" not in exchange["content_type"]:
        return json.loads(body)
    events = [json.loads(data) for data in re.findall(r"^data: (\{.*)$", body.replace("\r", ""), re.MULTILINE)]
    if exchange["kind"] == "openai.responses":
        return events[-1]["response"]
    if exchange["kind"] == "anthropic.messages":
        start, delta = events[0]["message"], next(one for one in events if one["type"] == "message_delta")
        return {**start, "usage": {**start["usage"], **delta["usage"]}}
    key = "usageMetadata" if exchange["kind"] == "gemini.generate" else "usage"
    named = [{**one, **one.get("x_groq", {})} for one in events]
    return next((one for one in reversed(named) if one.get(key)), None)


def figures(usage: Usage) -> dict[str, int]:
    """Our disjoint counts as the library's overlapping ones."""
    return {
        "input_tokens": usage.total_input,
        "output_tokens": usage.total_output,
        "cache_read_tokens": usage.cache_read
        + usage.cache_read_audio
        + usage.cache_read_image
        + usage.cache_read_video,
        "cache_write_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_write_5m_tokens": usage.cache_write_5m,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "input_audio_tokens": usage.input_audio + usage.cache_read_audio,
        "input_image_tokens": usage.input_image + usage.cache_read_image,
        "input_video_tokens": usage.input_video + usage.cache_read_video,
        "cache_audio_read_tokens": usage.cache_read_audio,
        "cache_image_read_tokens": usage.cache_read_image,
        "cache_video_read_tokens": usage.cache_read_video,
        "output_audio_tokens": usage.output_audio,
        "output_image_tokens": usage.output_image,
        "output_video_tokens": usage.output_video,
        "output_reasoning_tokens": usage.reasoning,
        "web_searches": usage.web_searches,
    }


def metered(exchange: dict[str, Any], sizes: random.Random) -> Any:
    dialect, call = understood(exchange)
    meter = dialect.meter(call, exchange["status"], exchange["content_type"])
    passed(meter, fragments(exchange["body"].encode(), sizes, 1, 700))
    return meter.reading()


def test_every_recorded_request_is_understood() -> None:
    for exchange in exchanges():
        _, call = understood(exchange)
        request = exchange["request"]
        assert call.billable
        assert call.model == request.get("model", exchange["path"].rsplit("/", 1)[-1].partition(":")[0])
        assert call.stream == (request.get("stream") is True or "streamGenerateContent" in exchange["path"])
        assert call.choices == (request.get("n") or 1)


def test_the_input_bound_is_never_below_what_the_provider_counted() -> None:
    """Except where the provider reads what is not in the request, which is named as unbounded."""
    checked = 0
    for exchange, (_, usage) in with_usage():
        _, call = understood(exchange)
        if not call.unbounded:
            checked += 1
            assert usage.input_tokens <= call.input_bound, exchange["id"]
    assert checked > 500


def test_every_recorded_reply_passes_byte_for_byte_in_random_fragments() -> None:
    sizes = random.Random(20261121)
    for exchange in exchanges():
        dialect, call = understood(exchange)
        body = exchange["body"].encode()
        for most in (1, 7, 300, 65_536):
            if most == 1 and len(body) > 20_000:
                continue
            meter = dialect.meter(call, exchange["status"], exchange["content_type"])
            assert passed(meter, fragments(body, sizes, 1, most)) == body, exchange["id"]


def test_an_injected_usage_chunk_is_all_that_is_taken_out_of_recorded_streams() -> None:
    sizes = random.Random(7)
    hidden = 0
    for exchange in exchanges():
        if exchange["kind"] not in ("openai.chat", "compatible.chat") or "event-stream" not in exchange["content_type"]:
            continue
        request = {name: value for name, value in exchange["request"].items() if name != "stream_options"}
        dialect = route("POST", exchange["path"])
        assert dialect is not None
        call = dialect.parse(exchange["path"], "", {}, json.dumps(request).encode())
        assert not isinstance(call, Malformed)
        body = exchange["body"]
        extra = re.findall(r'data: \{[^\n]*"choices":\[\],"usage":\{[^\n]*\n\n', body)
        meter = dialect.meter(call, 200, exchange["content_type"])
        got = passed(meter, fragments(body.encode(), sizes, 1, 500)).decode()
        if call.reports_usage:
            assert got == body
            continue
        assert len(extra) <= 1
        hidden += len(extra)
        assert got == (body.replace(extra[0], "") if extra else body), exchange["id"]
    assert hidden >= 11


def test_usage_is_what_the_price_library_reads(record_property: Any) -> None:
    sizes = random.Random(1)
    searches: list[str] = []
    for exchange, (_, usage) in with_usage():
        reading = metered(exchange, sizes)
        assert reading.usage is not None, exchange["id"]
        assert reading.final, exchange["id"]
        ours, theirs = figures(reading.usage), dict(usage._reported_values())
        for name in ours.keys() & theirs.keys():
            if name == "cache_write_5m_tokens" and theirs["cache_write_tokens"] > theirs[name]:
                continue  # the library leaves the rest of the total unsplit; we count it as five minutes
            assert ours[name] == theirs[name], (exchange["id"], name)
        if ours["web_searches"] and "web_searches" not in theirs:
            searches.append(exchange["id"])
    record_property("searches the library does not count", searches)


def test_the_price_is_what_the_price_library_charges(record_property: Any) -> None:
    sizes = random.Random(2)
    priced, unknown = 0, set()
    for exchange, (model, usage) in with_usage():
        reading = metered(exchange, sizes)
        provider, _ = provider_of(exchange)
        context = {"service_tier": reading.service_tier} if reading.service_tier else None
        if reading.usage.web_searches:
            usage.web_searches = reading.usage.web_searches
        try:
            charge = oracle().calc(usage, model, provider, None, AT, context)
        except LookupError:
            unknown.add(model)
            continue
        tariff = book().tariff(provider, reading.model, int(AT.timestamp()) * 1_000_000, reading.service_tier)
        assert tariff is not None, (exchange["id"], reading.model)
        expected = int((charge.total_price * NANOS).quantize(Decimal(1), ROUND_HALF_UP))
        assert tariff.list_nanos(reading.usage) == expected, (exchange["id"], reading.model)
        priced += 1
    record_property("models that have no list price", sorted(unknown))
    assert priced > 650


def test_replies_without_usage_are_known_by_name(record_property: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with_figures = {exchange["id"] for exchange, _ in with_usage()}
    sizes = random.Random(3)
    without = []
    for exchange in exchanges():
        if exchange["id"] in with_figures:
            continue
        reading = metered(exchange, sizes)
        assert reading.usage is None, exchange["id"]
        why = "error" if reading.error else "pending" if reading.pending else "no figures"
        without.append(f"{exchange['id']} {exchange['kind']} {exchange['status']} {why}")
    record_property("replies without usage", without)
    with capsys.disabled():
        print(f"\n{len(with_figures)} recorded replies carry usage; {len(without)} do not:")
        print("\n".join(f"  {line}" for line in without))
    assert len(with_figures) + len(without) == len(exchanges())
    assert len(without) == 17


def test_a_recorded_stream_is_terminal_at_its_last_event_and_not_before() -> None:
    for exchange in exchanges():
        if "event-stream" not in exchange["content_type"] or exchange["kind"] == "gemini.generate":
            continue
        dialect, call = understood(exchange)
        meter = dialect.meter(call, 200, exchange["content_type"])
        events = [event + "\n\n" for event in exchange["body"].split("\n\n") if event]
        for event in events[:-1]:
            meter.feed(event.encode())
            assert not meter.terminal, (exchange["id"], event[:80])
        meter.feed(events[-1].encode())
        reading = meter.reading()
        assert meter.terminal or reading.error, exchange["id"]
        assert reading.output_bytes > 0 or reading.error, exchange["id"]
