"""Gemini: the model and the method are in the path, usage comes with every chunk.

A stream has no terminal event: candidates may finish in different chunks, and the last figures come with the last one.
So it is terminal when the provider closes it after a chunk with a finish reason and figures, never before; a stream that
closes without one was cut. Query parameters that take the figures out of a reply are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.figures import name as named
from bursar.gateway.dialects.figures import written
from bursar.gateway.dialects.gemini_content import RULES, survey
from bursar.gateway.dialects.gemini_usage import tier_of, usage_of
from bursar.gateway.dialects.media import Tally
from bursar.gateway.dialects.meters import ArrayMeter, DocumentMeter, Seen, StreamMeter, meter_of
from bursar.gateway.dialects.objects import Edit, JsonObject, Unreadable, edited, open_object, spelled
from bursar.gateway.dialects.refusals import refuse

OVERHEAD_TOKENS = 64
"""What the API adds to a request with tools or a response schema."""
PATH = re.compile(r"/models/(?P<model>[^/:]+):(?P<method>[A-Za-z]+)$")
GENERATE = frozenset({"generateContent", "streamGenerateContent"})
EMBED = frozenset({"embedContent", "batchEmbedContents"})
COUNT = frozenset({"countTokens"})
_SPELLINGS = (
    ("generationConfig", "generation_config"),
    ("serviceTier", "service_tier"),
    ("maxOutputTokens", "max_output_tokens"),
    ("candidateCount", "candidate_count"),
    ("thinkingConfig", "thinking_config"),
    ("thinkingBudget", "thinking_budget"),
)
_GUARDED = spelled(*(name for pair in _SPELLINGS[:2] for name in pair), "contents", "tools")
_REPLY_FILTERS = frozenset({"fields", "$fields", "callback", "$callback"})
_REPLY_FORMS = frozenset({"sse", "json"})
_ABSENT = msgspec.Raw()


class Gemini:
    """Generation, embedding, and the free calls beside them, by `kind`."""

    def __init__(self, kind: str, *, billable: bool) -> None:
        self.name = f"gemini.{kind}"
        self._billable = billable

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        match = PATH.search(unquote(path))
        try:
            if match is None or not self._billable:
                return Call(self.name, False, match["model"] if match else "", **bodies.labels(headers))
            found = open_object(body, _GUARDED)
            return self._read(found, match["model"], match["method"], query, headers, len(body))
        except Unreadable as error:
            return error.malformed

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None or self.name != "gemini.generate":
            return body
        found = open_object(body, _GUARDED)
        limit = max(1, output_limit)
        config = _inner(found, "generationConfig")
        if config is None:
            name = _spelling(found, "generationConfig")
            return edited(body, [found.set(name, b'{"maxOutputTokens":%d}' % limit)])
        given = _count(config, "maxOutputTokens", bodies.MAX_OUTPUT_LIMIT)
        edits: list[Edit] = []
        if given is None or given > limit:
            edits.append(config.set(_spelling(config, "maxOutputTokens"), b"%d" % limit))
            thinking = _inner(config, "thinkingConfig")
            budget = None if thinking is None else _count(thinking, "thinkingBudget", bodies.MAX_OUTPUT_LIMIT, -1)
            if thinking is not None and budget is not None and budget >= limit:
                edits.append(thinking.set(_spelling(thinking, "thinkingBudget"), b"%d" % (limit * 3 // 4)))
        return edited(body, edits)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return meter_of(
            content_type,
            call.stream,
            lambda: StreamMeter(read_chunk, ends_by_close=True),
            lambda: ArrayMeter(read_chunk) if call.stream else DocumentMeter(read_document),
        )

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("gemini", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        """None: the SDKs take any clean end for success, so the connection has to be reset."""
        return None

    def _read(
        self, found: JsonObject, model: str, method: str, query: str, headers: Mapping[str, str], size: int
    ) -> Call:
        _check_query(found, query, headers)
        model = bodies.checked_model(model, found)
        config = _inner(found, "generationConfig")
        limit = choices = None
        if config is not None:
            limit = _count(config, "maxOutputTokens", bodies.MAX_OUTPUT_LIMIT)
            choices = _count(config, "candidateCount", bodies.MAX_CHOICES)
            thinking = _inner(config, "thinkingConfig")
            if thinking is not None:
                _count(thinking, "thinkingBudget", bodies.MAX_OUTPUT_LIMIT, -1)
        tally = Tally(RULES)
        survey(found, tally)
        text = size - tally.replaced_bytes
        tier = bodies.tier_of(found, _spelling(found, "serviceTier"))
        return Call(
            dialect=self.name,
            billable=True,
            model=model,
            stream=method == "streamGenerateContent",
            output_limit=0 if method in EMBED else limit,
            choices=choices or 1,
            input_bound=text + tally.tokens + OVERHEAD_TOKENS,
            text_bytes=text,
            service_tier=tier or _shared_tier(headers),
            unbounded=tuple(tally.unbounded),
            limit_field="maxOutputTokens",
            **bodies.labels(headers),
        )


def _check_query(found: JsonObject, query: str, headers: Mapping[str, str]) -> None:
    """Refuse what makes the API leave the figures out, or write its reply in another form than JSON."""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in _REPLY_FILTERS:
            raise Unreadable(f"?{name}", "a filter of the reply", "none: the reply's figures are what is charged")
        if name in ("alt", "$alt") and value not in _REPLY_FORMS:
            raise Unreadable(f"?{name}", value[:20], "sse or json")
    if "x-goog-fieldmask" in headers:
        raise Unreadable("x-goog-fieldmask", "a filter of the reply", "none: the reply's figures are what is charged")


def _shared_tier(headers: Mapping[str, str]) -> str:
    """Vertex AI is told the tier in a header."""
    tier = headers.get("x-vertex-ai-llm-shared-request-type", "").lower()
    return "" if tier in bodies.DEFAULT_TIERS else tier[: bodies.MAX_LABEL_CHARS]


def _spelling(found: JsonObject, camel: str) -> str:
    """How a field is written in this object; camel case if it is not there. Written both ways it is refused."""
    snake = next(pair[1] for pair in _SPELLINGS if pair[0] == camel)
    if found.raw(snake) is None:
        return camel
    if found.raw(camel) is not None:
        raise found.wrong(snake, "the field twice", f"{camel} once: parsers differ on which of two counts")
    return snake


def _inner(found: JsonObject, camel: str) -> JsonObject | None:
    return found.inner(_spelling(found, camel))


def _count(found: JsonObject, camel: str, most: int, least: int = 1) -> int | None:
    return found.count(_spelling(found, camel), least, most)


class _Part(msgspec.Struct):
    text: msgspec.Raw = _ABSENT
    functionCall: msgspec.Raw = _ABSENT  # noqa: N815
    executableCode: msgspec.Raw = _ABSENT  # noqa: N815


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct):
    content: _Content | None = None
    finishReason: Any = None  # noqa: N815


class _Chunk(msgspec.Struct):
    candidates: list[_Candidate] | None = None
    usageMetadata: Any = None  # noqa: N815
    modelVersion: Any = None  # noqa: N815
    promptFeedback: Any = None  # noqa: N815
    error: Any = None


class _Document(msgspec.Struct):
    usageMetadata: Any = None  # noqa: N815
    modelVersion: Any = None  # noqa: N815
    error: Any = None


_chunks = msgspec.json.Decoder(_Chunk)
_documents = msgspec.json.Decoder(_Document)
_lists = msgspec.json.Decoder(list[_Document])


def read_chunk(data: bytes, seen: Seen) -> bool:
    """One chunk of a stream. Figures are cumulative: the last ones count."""
    try:
        chunk = _chunks.decode(data)
    except msgspec.ValidationError:
        known = _documents.decode(data)
        chunk = _Chunk(None, known.usageMetadata, known.modelVersion, None, known.error)
        seen.output_bytes += len(data)
        seen.final = seen.final or b'"finishReason"' in data
    finished = chunk.promptFeedback is not None and not chunk.candidates
    for candidate in chunk.candidates or ():
        finished = finished or bool(candidate.finishReason)
        for part in (candidate.content.parts or ()) if candidate.content is not None else ():
            for made in (part.text, part.functionCall, part.executableCode):
                if made is not _ABSENT:
                    seen.output_bytes += written(bytes(made))
    _take(chunk, seen)
    seen.final = seen.final or (finished and seen.usage is not None)
    return False


def read_document(data: bytes, seen: Seen) -> None:
    """A reply in one piece; errors of streamed calls come as an array."""
    found = _lists.decode(data) if data.lstrip()[:1] == b"[" else [_documents.decode(data)]
    for one in found:
        _take(one, seen)


def _take(found: _Chunk | _Document, seen: Seen) -> None:
    seen.model = named(found.modelVersion) or seen.model
    seen.error = seen.error or bool(found.error)
    usage = usage_of(found.usageMetadata)
    if usage is not None:
        seen.usage = usage
        seen.service_tier = tier_of(found.usageMetadata) or seen.service_tier


generate, embed = Gemini("generate", billable=True), Gemini("embed", billable=True)
count, models = Gemini("count", billable=False), Gemini("models", billable=False)
