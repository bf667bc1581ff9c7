"""Lines as Claude Code and Codex write them, and reading them without a disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.local_usage import Bill, Gathering, LocalUsage, Log
from bursar.exchange.local_usage.lines import lines
from bursar.prices import PriceBook, list_prices

BOOK = PriceBook(list_prices())
THREAD = "01a1fede-af22-7962-91a3-5fb166ae9d34"
"""Made on 2026-11-21 at 16:09:29.122 UTC, as its first 48 bits say."""
CHILD = "01a1fedf-3114-7831-b072-c353e4d58b62"
"""Half a minute younger."""
EARLIER_TURN = "01a1fede-af38-7d42-8189-2bb46a48cab8"
CHILDS_TURN = "01a1fedf-3166-7d42-83b3-6de8903e4c81"


def gathered(*files: str | bytes, bills: Iterable[str | bytes] = (), since: int = 0) -> LocalUsage:
    """What logs and bills come to; files are named a, b, c and so on."""
    gathering = Gathering()
    both = [(one, Log) for one in files] + [(one, Bill) for one in bills]
    for nth, (content, kind) in enumerate(both):
        name = f"{chr(97 + nth % 26)}.{'jsonl' if kind is Log else 'csv'}"
        reader = kind(name)
        gathering.files += 1
        raw = content.encode() if isinstance(content, str) else content
        for number, line in lines([raw]):
            gathering.lines += 1
            try:
                gathering.take(reader.read(number, line), name, number)
            except InvalidInput as error:
                gathering.fault(name, number, error)
    return gathering.usage(BOOK, since)


def claude(message: str = "msg_1", **fields: Any) -> str:
    """One line of Claude Code; figures by `input`, `output`, `read`, `written`, anything else as it is named there."""
    usage = {
        "input_tokens": fields.pop("input", 10),
        "output_tokens": fields.pop("output", 100),
        "cache_read_input_tokens": fields.pop("read", 0),
        "cache_creation_input_tokens": fields.pop("written", 0),
        **fields.pop("usage", {}),
    }
    line = {
        "type": "assistant",
        "timestamp": "2026-11-20T10:00:00.000Z",
        "sessionId": "s-1",
        "requestId": "req_1",
        "cwd": "/home/ada/secret/search",
        "isSidechain": False,
        "message": {
            "id": message,
            "model": fields.pop("model", "claude-haiku-4-5-20251001"),
            "content": [{"type": "text", "text": "the secret of the answer"}],
            "usage": usage,
        },
        **fields,
    }
    return json.dumps({name: value for name, value in line.items() if value is not None}) + "\n"


def counts(input: int, output: int, *, cached: int = 0, reasoning: int = 0, written: int = 0) -> dict[str, int]:
    return {
        "input_tokens": input,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
        "total_tokens": input + output,
    }


def opened(thread: str = THREAD, **fields: Any) -> str:
    payload = {
        "id": thread,
        "timestamp": "2026-11-21T16:09:29.125Z",
        "cwd": "/home/ada/secret/search",
        "model_provider": "openai",
        **fields,
    }
    return _codex("session_meta", payload)


def turn(model: str = "gpt-5-codex", turn_id: str = "", **fields: Any) -> str:
    return _codex("turn_context", {"model": model, **({"turn_id": turn_id} if turn_id else {}), **fields})


def record(response: str, usage: Mapping[str, int], at: str = "2026-11-21T16:10:00Z", **fields: Any) -> str:
    return _codex("token_usage_record", {"response_id": response, "usage": usage, "thread_id": THREAD, **fields}, at)


def running(
    total: Mapping[str, int] | None, last: Mapping[str, int] | None = None, at: str = "2026-11-21T16:10:00Z"
) -> str:
    info = {"total_token_usage": total, "last_token_usage": last}
    return _codex("event_msg", {"type": "token_count", "info": info}, at)


def _codex(kind: str, payload: Mapping[str, Any], at: str = "2026-11-21T16:09:29.153Z") -> str:
    return json.dumps({"timestamp": at, "type": kind, "payload": payload}) + "\n"
