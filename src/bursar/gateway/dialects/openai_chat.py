"""OpenAI chat completions, and every host that speaks them.

The stream reports usage only if asked: it is asked for, and the extra chunk (`choices: []` with usage) is hidden from a
client that did not ask. Everything else passes byte for byte, so two traces of the question remain: OpenAI writes
`"usage":null` on the other chunks, and hosts that put usage on their last real chunk (DeepSeek, Mistral, Groq) show it.
No client is known to mind. Mistral refuses the question and answers it anyway, so its models are not asked.

Cursor sends bodies in the shape of a response to this path; they are read, limited and metered as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.figures import name as named
from bursar.gateway.dialects.figures import written
from bursar.gateway.dialects.media import Tally
from bursar.gateway.dialects.meters import DocumentMeter, Seen, StreamMeter, meter_of
from bursar.gateway.dialects.objects import Edit, JsonObject, Unreadable, edited, open_object, spelled
from bursar.gateway.dialects.openai_content import rules_for, survey_messages, survey_model, survey_tools
from bursar.gateway.dialects.openai_responses import Responses, responses
from bursar.gateway.dialects.openai_usage import usage_of
from bursar.gateway.dialects.refusals import encode, refuse

OVERHEAD_TOKENS = 32
"""What a provider's chat template may add to the text itself."""
LIMIT_FIELDS = ("max_completion_tokens", "max_tokens")
_GUARDED = spelled(
    *LIMIT_FIELDS, "model", "stream", "stream_options", "n", "service_tier", "messages", "input", "tools"
)
_BEYOND = {
    "web_search_options": "web_search",
    "plugins": "plugins",
    "models": "fallback_models",
    "preset": "preset",
    "prediction": "prediction",
}
"""Fields that make the provider read or generate more than the request says: a search, a plugin, another model."""
_COMPLETION_LIMIT = ("gpt-", "chatgpt-", "o1", "o3", "o4", "codex-")
_MISTRAL = ("mistral", "magistral", "ministral", "codestral", "devstral", "pixtral", "voxtral", "open-mi", "labs-")
_ABSENT = msgspec.Raw()


class ChatCompletions:
    name = "openai.chat"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        try:
            found = open_object(body, _GUARDED)
            if found.raw("messages") is None and found.raw("input") is not None:
                return responses.parse(path, query, headers, body)
            return self._read(found, path, headers, len(body))
        except Unreadable as error:
            return error.malformed

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if call.dialect == Responses.name:
            return responses.prepare(call, body, output_limit)
        if output_limit is None and call.reports_usage:
            return body
        found = open_object(body, _GUARDED)
        edits = []
        if output_limit is not None:
            edits += _limits(found, call.limit_field or "max_tokens", output_limit)
            reasoning, budget = _reasoning(found)
            if reasoning is not None and budget is not None and budget >= output_limit:
                edits.append(reasoning.set("max_tokens", b"%d" % (output_limit * 3 // 4)))
        if not call.reports_usage:
            options = found.inner("stream_options")
            if options is None:
                edits.append(found.set("stream_options", b'{"include_usage":true}'))
            else:
                edits.append(options.set("include_usage", b"true"))
        return edited(body, edits)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        if call.dialect == Responses.name:
            return responses.meter(call, status, content_type)
        return meter_of(
            content_type,
            call.stream,
            lambda: StreamMeter(read_chunk, hides=not call.reports_usage, read_many=read_chunks),
            lambda: DocumentMeter(read_completion),
        )

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("openai", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        error = {"message": sentence, "type": "server_error", "code": "stream_stopped", "param": None}
        return b"data: " + encode({"error": error}) + b"\n\n"

    def _read(self, found: JsonObject, path: str, headers: Mapping[str, str], size: int) -> Call:
        model = bodies.model_of(found, bodies.deployment_of(path))
        limit_field = _limit_field(model)
        _reasoning(found)
        stream = found.flag("stream")
        options = found.inner("stream_options")
        asked = options is not None and options.flag("include_usage")
        tally = Tally(rules_for(model))
        tally.ttl = "5m"
        survey_messages(found, tally)
        survey_tools(found, tally)
        for field in found.fields(_BEYOND):
            if found.has(field):
                tally.remote(_BEYOND[field])
        survey_model(model, tally)
        text = size - tally.replaced_bytes
        return Call(
            dialect=self.name,
            billable=True,
            model=model,
            stream=stream,
            output_limit=_given(found, limit_field),
            choices=found.count("n", 1, bodies.MAX_CHOICES) or 1,
            input_bound=text + tally.tokens + OVERHEAD_TOKENS,
            text_bytes=text,
            cache_ttl=tally.ttl,
            service_tier=bodies.tier_of(found),
            unbounded=tuple(tally.unbounded),
            reports_usage=not stream or asked or _is_native(model, _MISTRAL),
            limit_field=limit_field,
            **bodies.labels(headers),
        )


def _given(found: JsonObject, limit_field: str) -> int | None:
    """The client's cap as the host will heed it.

    OpenAI knows both fields. Other hosts know `max_tokens`; DeepSeek and Ollama ignore `max_completion_tokens` without a
    word, so that alone caps nothing. Of two limits the larger counts, since hosts differ on which wins.
    """
    limits = {field: found.count(field, 1, bodies.MAX_OUTPUT_LIMIT) for field in LIMIT_FIELDS}
    if limit_field == "max_tokens" and limits["max_tokens"] is None:
        return None
    return max((limit for limit in limits.values() if limit is not None), default=None)


def _limits(found: JsonObject, limit_field: str, limit: int) -> list[Edit]:
    """Lower every limit that is set above `limit`, and set one that the host heeds if none is."""
    limit = max(1, limit)
    given = {field: found.count(field, 1, bodies.MAX_OUTPUT_LIMIT) for field in LIMIT_FIELDS}
    edits = [found.set(field, b"%d" % limit) for field, value in given.items() if value is not None and value > limit]
    heeded = ("max_tokens",) if limit_field == "max_tokens" else LIMIT_FIELDS
    if all(given[field] is None for field in heeded):
        edits.append(found.set(limit_field, b"%d" % limit))
    return edits


def _reasoning(found: JsonObject) -> tuple[JsonObject | None, int | None]:
    """OpenRouter's thinking budget, which has to stay below the output limit."""
    raw = found.raw("reasoning")
    if raw is None or not raw.startswith(b"{"):
        return None, None
    inner = found.inner("reasoning")
    return inner, None if inner is None else inner.count("max_tokens", 0, bodies.MAX_OUTPUT_LIMIT)


@lru_cache(maxsize=1024)
def _limit_field(model: str) -> str:
    """OpenAI's newer models refuse `max_tokens`; Mistral refuses and DeepSeek ignores `max_completion_tokens`."""
    if _is_native(model, _COMPLETION_LIMIT) and not model.lower().startswith("gpt-oss"):
        return "max_completion_tokens"
    return "max_tokens"


@lru_cache(maxsize=1024)
def _is_native(model: str, families: tuple[str, ...]) -> bool:
    """Whether a name is one that a model's own maker uses; resellers put the maker before a slash."""
    return "/" not in model and model.lower().startswith(families)


class _Function(msgspec.Struct):
    name: msgspec.Raw = _ABSENT
    arguments: msgspec.Raw = _ABSENT


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: msgspec.Raw = _ABSENT
    reasoning: msgspec.Raw = _ABSENT
    reasoning_content: msgspec.Raw = _ABSENT
    refusal: msgspec.Raw = _ABSENT
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Chunk(msgspec.Struct):
    model: str | None = None
    service_tier: str | None = None
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    x_groq: dict[str, Any] | None = None
    error: msgspec.Raw = _ABSENT


_chunks = msgspec.json.Decoder(_Chunk)


def read_chunk(data: bytes, seen: Seen) -> bool:
    """One event of a chat stream; true if it is the chunk that only usage injection brings."""
    if data == b"[DONE]":
        seen.terminal = True
        return False
    try:
        chunk = _chunks.decode(data)
    except msgspec.ValidationError:
        chunk = _loosely(msgspec.json.decode(data))
    return _take(chunk, seen)


def read_chunks(part: bytes, seen: Seen) -> bool:
    """Many events in one go, if each is one line of data: they are decoded together, as lines of JSON."""
    if not part.startswith(b"data: ") or b"\r" in part:
        return False
    lines = part[6:-2].replace(b"\n\ndata: ", b"\n")
    if lines.count(b"\n") != part.count(b"\n\n") - 1 or part.count(b"\n") != 2 * part.count(b"\n\n"):
        return False
    done = lines.endswith(b"\n[DONE]")
    try:
        chunks = _chunks.decode_lines(lines[:-7] if done else lines)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    for chunk in chunks:
        _take(chunk, seen)
    seen.terminal = seen.terminal or done
    return True


def _take(chunk: _Chunk, seen: Seen) -> bool:
    """Note what a chunk says; true if it is the one that only usage injection brings."""
    for choice in chunk.choices or ():
        if choice.delta is not None:
            _count(choice.delta, seen)
    seen.model = chunk.model or seen.model
    seen.service_tier = chunk.service_tier or seen.service_tier
    failed = bytes(chunk.error) not in (b"", b"null")
    seen.error = seen.error or failed
    usage = usage_of(chunk.usage) if chunk.usage is not None else None
    if usage is None and chunk.x_groq is not None:
        usage = usage_of(chunk.x_groq.get("usage"))
    if usage is None:
        return False
    seen.usage, seen.final = usage, True
    return chunk.choices == [] and not failed


def _count(delta: _Delta, seen: Seen) -> None:
    for part in (delta.content, delta.reasoning, delta.reasoning_content, delta.refusal):
        if part is not _ABSENT:
            seen.output_bytes += written(bytes(part))
    for call in delta.tool_calls or ():
        if call.function is not None:
            seen.output_bytes += written(bytes(call.function.name)) + written(bytes(call.function.arguments))


def _loosely(document: Any) -> _Chunk:
    """A chunk in which some host writes a field in a way of its own: what can be read of it."""
    usage, groq = document.get("usage"), document.get("x_groq")
    choices = document.get("choices")
    chunk = _Chunk(
        model=named(document.get("model")),
        service_tier=named(document.get("service_tier")),
        choices=[] if choices == [] else None,
        usage=usage if isinstance(usage, dict) else None,
        x_groq=groq if isinstance(groq, dict) else None,
        error=msgspec.Raw(b"true") if document.get("error") else _ABSENT,
    )
    if isinstance(choices, list) and choices:
        chunk.choices = [_Choice(_Delta(content=msgspec.Raw(msgspec.json.encode(choices))))]
    return chunk


class _Completion(msgspec.Struct):
    model: Any = None
    service_tier: Any = None
    usage: Any = None
    error: Any = None


_completions = msgspec.json.Decoder(_Completion)


def read_completion(data: bytes, seen: Seen) -> None:
    """A reply in one piece: a completion, an embedding, or an error."""
    document = _completions.decode(data)
    seen.model, seen.service_tier = named(document.model), named(document.service_tier)
    seen.error = bool(document.error)
    seen.usage = usage_of(document.usage)


chat_completions = ChatCompletions()
