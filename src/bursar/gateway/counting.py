"""The provider's own free token count, asked for when the cheap bound of a request's input does not fit.

Anthropic and Gemini count for nothing; the answer is an exact bound. Others have no such call, and None is returned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from bursar.gateway.dialects import authenticate_upstream
from bursar.gateway.dialects.contract import Call
from bursar.gateway.directory import ProviderRecord
from bursar.gateway.upstream import Upstream, UpstreamFailed, request_headers
from bursar.gateway.wire.reply import WireError, whole

COUNT_SECONDS = 5.0
MARGIN_TOKENS = 64
"""What a count may differ from the bill by: a provider calls its count an estimate."""
MARGIN_PERCENT = 5
MAX_ANSWER_BYTES = 64 * 1024
MIN_BYTES = 8 * 1024
"""Below this the cheap bound is close enough that the round trip is not worth it."""

_ANTHROPIC_FIELDS = ("model", "messages", "system", "tools", "tool_choice", "thinking", "mcp_servers")


async def counted_input(
    upstream: Upstream,
    provider: ProviderRecord,
    call: Call,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> int | None:
    """Input tokens of a request by the provider's count with a margin; None where there is no answer in time."""
    if call.input_bound < MIN_BYTES:
        return None
    question = _question(call, path, body)
    if question is None:
        return None
    count_path, count_body = question
    try:
        async with asyncio.timeout(COUNT_SECONDS):
            reply = await upstream.send(
                provider,
                "POST",
                count_path,
                query,
                request_headers(list(headers.items()), authenticate_upstream(call.dialect, provider.secret)),
                count_body,
            )
            try:
                if reply.status != 200:
                    return None
                answer = msgspec.json.decode(await whole(reply, MAX_ANSWER_BYTES))
            finally:
                reply.close()
    except (UpstreamFailed, WireError, TimeoutError, OSError, msgspec.DecodeError):
        return None
    found = answer.get("input_tokens", answer.get("totalTokens")) if isinstance(answer, dict) else None
    if not isinstance(found, int) or found < 0:
        return None
    return found + found * MARGIN_PERCENT // 100 + MARGIN_TOKENS


def _question(call: Call, path: str, body: bytes) -> tuple[str, bytes] | None:
    try:
        if call.dialect == "anthropic.messages":
            document = msgspec.json.decode(body)
            kept = {name: document[name] for name in _ANTHROPIC_FIELDS if name in document}
            return f"{path}/count_tokens", msgspec.json.encode(kept)
        if (call.dialect.startswith("gemini.") and "GenerateContent" in path) or path.endswith(":generateContent"):
            document = msgspec.json.decode(body)
            model = path.rsplit("/models/", 1)[-1].split(":", 1)[0]
            wrapped = {"generateContentRequest": {"model": f"models/{model}", **document}}
            return f"{path.rsplit(':', 1)[0]}:countTokens", msgspec.json.encode(wrapped)
    except (msgspec.DecodeError, AttributeError, TypeError):
        return None
    return None
