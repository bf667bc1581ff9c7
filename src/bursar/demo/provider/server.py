"""The provider's server: routes a request to its dialect, sends the answer at its pace, and writes the bill."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bursar.demo.provider import anthropic, gemini, openai
from bursar.demo.provider.administration import Administration, key_id
from bursar.demo.provider.bill import Bill, Served
from bursar.demo.provider.generation import (
    Answer,
    Caches,
    Defaults,
    decide,
    explicit_cache,
    implicit_cache,
    steer,
    tokens_of,
)
from bursar.prices.usage import Usage

MAX_BODY_BYTES = 64 * 1024 * 1024
HANG_SECONDS = 3600.0
UNKNOWN_MODEL = "no-such-model"
_ERRORS: dict[str, Callable[[int, str], dict[str, Any]]] = {
    "openai": openai.error,
    "anthropic": anthropic.error,
    "gemini": gemini.error,
}
_KINDS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that will be answered."""

    name: str
    family: str
    dialect: str
    model: str
    stream: bool
    body: dict[str, Any]
    key: str = ""
    """What the administration calls the key."""


class Provider:
    """`async with Provider() as provider:` listens on a free port; `provider.base_url`, `provider.bill`."""

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        keys: dict[str, str] | None = None,
        defaults: Defaults | None = None,
        seed: int = 1,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._host, self._port = host, port
        self._keys = keys or {}
        self.defaults = defaults or Defaults()
        self._seed = seed
        self._clock = clock
        self._caches = Caches()
        self._count = 0
        self._runner: web.ServerRunner | None = None
        self.bill = Bill()
        self.past: list[Served] = []
        """Served before it was started: on the bill, and no part of what it counts now."""
        self.administration = Administration(lambda: (*self.past, *self.bill.lines))
        self.base_url = ""

    async def __aenter__(self) -> Provider:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, backlog=1024).start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/_standin/bill":
            return web.json_response([line.document() for line in self.bill.lines])
        if path == "/_standin/reset":
            self.bill = Bill()
            return web.json_response({})
        if Administration.serves(path):
            return await self.administration.answer(request)
        self.bill.requests += 1
        self.bill.at_once += 1
        self.bill.most_at_once = max(self.bill.most_at_once, self.bill.at_once)
        try:
            return await self._answer(request, path)
        finally:
            self.bill.at_once -= 1

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        family = _family(request, path)
        wanted = self._keys.get(_KINDS[family])
        if wanted is not None and _key(request) != wanted:
            return self._fail(family, 401, "Incorrect API key provided.")
        if request.method == "GET":
            listed = {"openai": lambda: openai.models(0), "anthropic": anthropic.models, "gemini": gemini.models}
            return web.json_response(listed[family]())
        try:
            body = json.loads(await request.content.read())
        except (ValueError, UnicodeDecodeError):
            return self._fail(family, 400, "We could not parse the JSON body of your request.")
        if not isinstance(body, dict):
            return self._fail(family, 400, "The body has to be an object.")
        self._count += 1
        return await self._model_call(request, path, family, body)

    async def _model_call(
        self, request: web.BaseRequest, path: str, family: str, body: dict[str, Any]
    ) -> web.StreamResponse:
        number = f"{self._seed:04x}{self._count:012x}"
        key = key_id(_key(request))
        if family == "gemini":
            model, _, method = path.rsplit("/models/", 1)[-1].partition(":")
            if method == "countTokens":
                inner = body.get("generateContentRequest") or body
                return web.json_response({"totalTokens": tokens_of(gemini.prompt(inner)[0])})
            if method in ("embedContent", "batchEmbedContents"):
                return self._embed_gemini(number, model, body, key)
            stream = method == "streamGenerateContent"
            asked = Asked(f"resp{number}", family, "gemini.generate", model, stream, body, key)
        else:
            model = str(body.get("model", ""))
            if path.endswith("/count_tokens"):
                return web.json_response({"input_tokens": tokens_of(anthropic.prompt(body)[0])})
            if path.endswith("/embeddings"):
                return self._embed_openai(number, model, body, key)
            prefix, dialect = _openai_dialect(path) if family == "openai" else ("msg_", "anthropic.messages")
            asked = Asked(f"{prefix}{number}", family, dialect, model, bool(body.get("stream")), body, key)
        if model == UNKNOWN_MODEL:
            return self._fail(family, 404, f"The model `{model}` does not exist.")
        answer = self._decide(asked, _key(request))
        if answer.how.status:
            headers = {"retry-after": str(answer.how.retry_after)} if answer.how.retry_after else {}
            return self._fail(family, answer.how.status, "This failure was asked for.", headers)
        if answer.how.first_byte_ms:
            await asyncio.sleep(answer.how.first_byte_ms / 1000)
        if asked.stream:
            return await self._stream(request, asked, answer)
        if answer.how.pace_ms:
            await asyncio.sleep(answer.how.pace_ms / 1000 * max(1, len(answer.pieces())))
        self._charge(asked, answer, answer.output * answer.choices, complete=True)
        return web.json_response(self._whole(asked, answer), headers={"x-request-id": asked.name})

    def _decide(self, asked: Asked, key: str) -> Answer:
        body, model = asked.body, asked.model
        choices = 1
        cached = (0, 0, 0)
        if asked.family == "anthropic":
            prompt, last, prefix, hour = anthropic.prompt(body)
            limit: int | None = body.get("max_tokens")
            thinks = anthropic.thinks(body)
            cached = explicit_cache(self._caches, key, prefix, hour) if prefix else cached
        elif asked.family == "gemini":
            prompt, last = gemini.prompt(body)
            config = gemini.config(body)
            limit = config.get("maxOutputTokens", config.get("max_output_tokens"))
            choices = config.get("candidateCount", config.get("candidate_count")) or 1
            thinks = model.startswith(("gemini-2.5", "gemini-3"))
            cached = (implicit_cache(self._caches, key, prompt), 0, 0)
        else:
            chat = asked.dialect == "openai.chat"
            prompt, last = openai.chat_prompt(body) if chat else openai.responses_prompt(body)
            limit = openai.chat_limit(body) if chat else body.get("max_output_tokens")
            choices = (body.get("n") or 1) if chat else 1
            thinks = model.startswith(("o1", "o3", "o4", "gpt-5"))
            cached = (implicit_cache(self._caches, key, prompt), 0, 0)
        return decide(
            seed=self._seed,
            prompt=prompt,
            steering=last if "[[standin" in last else prompt,
            model=model,
            limit=limit,
            choices=choices,
            thinks=thinks,
            defaults=self.defaults,
            cached=cached,
        )

    def _whole(self, asked: Asked, answer: Answer) -> dict[str, Any]:
        at = self._clock() // 1_000_000
        if asked.dialect == "anthropic.messages":
            return anthropic.reply(asked.name, asked.model, answer)
        if asked.dialect == "gemini.generate":
            return gemini.reply(asked.name, asked.model, answer)
        if asked.dialect == "openai.responses":
            status = "incomplete" if answer.cut_short else "completed"
            return openai.response(asked.name, asked.model, at, answer, status)
        return openai.chat_reply(asked.name, asked.model, at, answer)

    def _events(self, asked: Asked, answer: Answer, sse: bool) -> Iterator[tuple[bytes, int]]:
        at = self._clock() // 1_000_000
        if asked.dialect == "anthropic.messages":
            return anthropic.events(asked.name, asked.model, answer)
        if asked.dialect == "gemini.generate":
            return gemini.events(asked.name, asked.model, answer, sse=sse)
        if asked.dialect == "openai.responses":
            return openai.responses_events(asked.name, asked.model, at, answer)
        with_usage = bool((asked.body.get("stream_options") or {}).get("include_usage"))
        return openai.chat_events(asked.name, asked.model, at, answer, with_usage)

    async def _stream(self, request: web.BaseRequest, asked: Asked, answer: Answer) -> web.StreamResponse:
        sse = asked.family != "gemini" or "alt=sse" in request.query_string
        kind = "text/event-stream; charset=utf-8" if sse else "application/json; charset=UTF-8"
        response = web.StreamResponse(
            headers={"content-type": kind, "cache-control": "no-cache", "x-request-id": asked.name}
        )
        made = sent = 0
        complete = False
        how = answer.how
        try:
            await response.prepare(request)
            for raw, visible in self._events(asked, answer, sse):
                if sent == how.hang_after:
                    await asyncio.sleep(HANG_SECONDS)
                if sent in (how.cut_after, how.end_after):
                    break
                if how.pace_ms:
                    await asyncio.sleep(how.pace_ms / 1000)
                made += visible
                sent += 1
                await response.write(raw)
            else:
                complete = True
            if sent == how.cut_after and request.transport is not None and not complete:
                request.transport.abort()
            else:
                await response.write_eof()
        except ConnectionError:
            complete = False
        finally:
            self._charge(asked, answer, made, complete=complete)
        return response

    def _charge(self, asked: Asked, answer: Answer, made: int, *, complete: bool) -> None:
        usage = Usage(
            input=answer.input,
            cache_read=answer.cache_read,
            cache_write_5m=answer.cache_write_5m,
            cache_write_1h=answer.cache_write_1h,
            output=made,
            reasoning=answer.reasoning * answer.choices,
        )
        if asked.family == "anthropic":  # thinking is billed, and reported, inside the output
            usage = Usage(
                input=answer.input,
                cache_read=answer.cache_read,
                cache_write_5m=answer.cache_write_5m,
                cache_write_1h=answer.cache_write_1h,
                output=made + answer.reasoning,
            )
        self._add(asked.name, asked.family, asked.dialect, asked.model, usage, complete, asked.key)

    def _add(self, name: str, family: str, dialect: str, model: str, usage: Usage, complete: bool, key: str) -> None:
        self.bill.add(Served(name, _KINDS[family], dialect, model, usage, self._clock(), complete=complete, key=key))

    def _embed_openai(self, number: str, model: str, body: dict[str, Any], key: str) -> web.Response:
        reply = openai.embedding(model, body.get("input"))
        self._add(
            f"emb_{number}",
            "openai",
            "openai.embeddings",
            model,
            Usage(input=reply["usage"]["prompt_tokens"]),
            True,
            key,
        )
        return web.json_response(reply)

    def _embed_gemini(self, number: str, model: str, body: dict[str, Any], key: str) -> web.Response:
        text = gemini.prompt({"contents": body.get("content")})[0]
        self._add(f"emb_{number}", "gemini", "gemini.embed", model, Usage(), True, key)
        return web.json_response(gemini.embedding(text))

    def _fail(self, family: str, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        self.bill.errors += 1
        return web.json_response(_ERRORS[family](status, message), status=status, headers=headers)


def _family(request: web.BaseRequest, path: str) -> str:
    if "anthropic-version" in request.headers or "/messages" in path:
        return "anthropic"
    if "x-goog-api-key" in request.headers or ":" in path or path.startswith("/v1beta"):
        return "gemini"
    return "openai"


def _openai_dialect(path: str) -> tuple[str, str]:
    return ("resp_", "openai.responses") if path.endswith("/responses") else ("chatcmpl-", "openai.chat")


def _key(request: web.BaseRequest) -> str:
    headers = request.headers
    return (
        headers.get("x-api-key")
        or headers.get("x-goog-api-key")
        or headers.get("Authorization", "").removeprefix("Bearer ")
    )


__all__ = ["Provider", "steer"]
