"""Gemini: the model and the method are in the path, usage comes with every chunk, and the last event is the last chunk.

The stream has no terminal event: it is complete when a chunk carried a finish reason with usage and the provider closes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.bodies import table, whole
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.refusals import refuse
from bursar.gateway.dialects.sse import DocumentMeter, StreamMeter, decode
from bursar.prices.usage import Usage

IMAGE_TOKENS = 3_000
"""Most that one image counts at the highest media resolution (Google, token counting guide)."""
OVERHEAD_TOKENS = 32
PATH = re.compile(r"/models/(?P<model>[^/:]+(?:/[^/:]+)*):(?P<method>[A-Za-z]+)$")
_FREE = frozenset({"countTokens"})
_GENERATE = frozenset({"generateContent", "streamGenerateContent"})
_EMBED = frozenset({"embedContent", "batchEmbedContents"})
METHODS = _FREE | _GENERATE | _EMBED
_MEDIA = (b'"inlineData"', b'"inline_data"', b'"fileData"', b'"file_data"')
_SERVER_TOOLS = (
    b'"googleSearch"',
    b'"google_search"',
    b'"googleSearchRetrieval"',
    b'"codeExecution"',
    b'"code_execution"',
    b'"urlContext"',
    b'"url_context"',
    b'"fileSearch"',
)


class _Thinking(msgspec.Struct):
    thinkingBudget: int | None = None  # noqa: N815


class _Config(msgspec.Struct):
    maxOutputTokens: int | None = None  # noqa: N815
    max_output_tokens: int | None = None
    candidateCount: int | None = None  # noqa: N815
    candidate_count: int | None = None


class _Body(msgspec.Struct):
    generationConfig: _Config | None = None  # noqa: N815
    generation_config: _Config | None = None
    cachedContent: str | None = None  # noqa: N815
    cached_content: str | None = None
    tools: msgspec.Raw = bodies.ABSENT


_decoder = msgspec.json.Decoder(_Body)
_GUARDED = (b"generationConfig", b"generation_config", b"cachedContent")


class Gemini:
    def __init__(self, kind: str) -> None:
        self.name = f"gemini.{kind}"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        match = PATH.search(unquote(path))
        if match is None:
            return Call(self.name, billable=False, model="")
        model, method = match["model"], match["method"]
        session, agent, parent = bodies.labels(headers)
        if method in _FREE:
            return Call(self.name, billable=False, model=model, session=session)
        found = bodies.read(_decoder, body, _GUARDED)
        if isinstance(found, Malformed):
            return found
        if found.generationConfig is not None and found.generation_config is not None:
            return Malformed("generation_config", "the configuration twice", "generationConfig once")
        config = found.generationConfig or found.generation_config or _Config()
        limit = config.maxOutputTokens if config.maxOutputTokens is not None else config.max_output_tokens
        choices = config.candidateCount if config.candidateCount is not None else config.candidate_count
        wrong = bodies.check_limits(model, limit, choices, "generationConfig.maxOutputTokens")
        if wrong is not None:
            return wrong
        text, tokens, remote = len(body), 0, False
        if any(mark in body for mark in _MEDIA):
            text, tokens, remote = bodies.media(body, IMAGE_TOKENS)
        tools = bytes(found.tools) if bodies.present(found.tools) else b""
        unbounded = [mark.decode().strip('"') for mark in _SERVER_TOOLS if mark in tools]
        if found.cachedContent or found.cached_content:
            unbounded.append("cachedContent")
        if remote:
            unbounded.append("remote_file")
        return Call(
            dialect=self.name,
            billable=True,
            model=model,
            stream=method == "streamGenerateContent",
            output_limit=0 if method in _EMBED else limit,
            choices=choices or 1,
            input_bound=text + tokens + OVERHEAD_TOKENS,
            text_bytes=text,
            unbounded=tuple(unbounded),
            session=session,
            agent=agent,
            parent_agent=parent,
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None or self.name == "gemini.embed":
            return body

        def change(document: dict[str, Any]) -> None:
            name = "generation_config" if "generation_config" in document else "generationConfig"
            config = document.setdefault(name, {})
            key = "max_output_tokens" if "max_output_tokens" in config else "maxOutputTokens"
            limit = config[key] = min(output_limit, config.get(key) or output_limit)
            thinking = table(config.get("thinkingConfig") or config.get("thinking_config"))
            for budget in ("thinkingBudget", "thinking_budget"):
                if whole(thinking.get(budget)) >= limit:
                    thinking[budget] = limit * 3 // 4  # type: ignore[index]

        return bodies.reencode(body, change)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        if call.stream and "json" not in content_type:
            return StreamMeter(_read_event, _counts)
        return DocumentMeter(_read_document)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("gemini", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        return None


def _counts(data: bytes) -> bool:
    return b'"candidates"' in data


def _read_event(data: bytes, meter: StreamMeter) -> None:
    if b'"usageMetadata"' in data or b'"error"' in data or not meter.model:
        _take(decode(data), meter)


def _read_document(document: Any, meter: DocumentMeter) -> None:
    chunks = document if isinstance(document, list) else [document]
    for chunk in chunks:
        _take(chunk, meter)
    meter.final = True


def _take(document: Any, meter: StreamMeter | DocumentMeter) -> None:
    meter.model = document.get("modelVersion") or meter.model
    if document.get("error"):
        meter.error = True
    found = document.get("usageMetadata")
    if isinstance(found, dict):
        meter.usage = usage_of(found)
        candidates = document.get("candidates") or []
        if any(isinstance(one, dict) and one.get("finishReason") for one in candidates):
            meter.final = True


_MODALITIES = {"AUDIO": "audio", "IMAGE": "image", "VIDEO": "video"}


def usage_of(found: Mapping[str, Any]) -> Usage:
    """Gemini counts cached tokens inside the prompt, thoughts beside the candidates, tool results beside the prompt."""
    prompt, cached = _by_modality(found, "promptTokensDetails"), _by_modality(found, "cacheTokensDetails")
    made = _by_modality(found, "candidatesTokensDetails")
    total_prompt = whole(found.get("promptTokenCount")) + whole(found.get("toolUsePromptTokenCount"))
    total_cached = min(whole(found.get("cachedContentTokenCount")), total_prompt)
    total_made = whole(found.get("candidatesTokenCount"))
    cached_media = sum(cached.values())
    fresh = {kind: max(0, prompt[kind] - cached[kind]) for kind in prompt}
    return Usage(
        input=max(0, total_prompt - total_cached - sum(fresh.values())),
        cache_read=max(0, total_cached - cached_media),
        input_audio=fresh["audio"],
        input_image=fresh["image"],
        input_video=fresh["video"],
        cache_read_audio=cached["audio"],
        cache_read_image=cached["image"],
        cache_read_video=cached["video"],
        output=max(0, total_made - sum(made.values())),
        reasoning=whole(found.get("thoughtsTokenCount")),
        output_audio=made["audio"],
        output_image=made["image"],
        output_video=made["video"],
    )


def _by_modality(found: Mapping[str, Any], name: str) -> dict[str, int]:
    counts = {"audio": 0, "image": 0, "video": 0}
    details = found.get(name)
    for one in details if isinstance(details, list) else ():
        kind = _MODALITIES.get(table(one).get("modality", ""))
        if kind:
            counts[kind] += whole(table(one).get("tokenCount"))
    return counts


generate, embed, count, models = Gemini("generate"), Gemini("embed"), Gemini("count"), Gemini("models")
