"""What the content of an Anthropic request adds to the bound of its bytes: blocks of messages, the system, the tools.

Only places where the API takes media are looked into: the same words inside a tool's input are text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bursar.gateway.dialects.media import Rules, Tally, kind_of
from bursar.gateway.dialects.objects import JsonObject

IMAGE_TOKENS = 5_000
"""At most 4,784 at 2,576 pixels on the long edge, 1,600 before Opus 4.7 (Anthropic, vision guide)."""
PAGE_TEXT_TOKENS = 3_000
"""The upper end of 1,500 to 3,000 for the text of a page, beside its image (Anthropic, PDF guide)."""
RULES = Rules(IMAGE_TOKENS, IMAGE_TOKENS + PAGE_TEXT_TOKENS)
TOOLS_TOKENS = 1_024
"""System prompt that any tool adds: up to 700 (Anthropic, tool use pricing)."""
SCHEMA_TOOL_TOKENS = 1_536
"""What a client-side tool with a schema of Anthropic's own adds: up to 1,234 for computer use (same table)."""
MAX_DEPTH = 8
"""Blocks within tool results within blocks; the API knows three levels."""
_TEXT_BLOCKS = frozenset(
    {
        "text",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "server_tool_use",
        "mcp_tool_use",
        "tool_reference",
        "tool_addition",
        "search_result",
        "compaction",
    }
)
_SCHEMA_TOOLS = ("bash_", "text_editor_", "computer_", "memory_")


class _Tool(msgspec.Struct):
    type: Any = None
    cache_control: Any = None


_tools = msgspec.json.Decoder(list[_Tool])


def survey(body: JsonObject, tally: Tally) -> None:
    """`system`, `messages` and `tools` of a message request."""
    _blocks(body.value("system"), tally, 0)
    messages = body.value("messages")
    if messages is not None and not isinstance(messages, list):
        raise body.wrong("messages", "another value", "an array")
    for message in messages or ():
        if isinstance(message, dict):
            _blocks(message.get("content"), tally, 0)
    if body.raw("cache_control") is not None:
        tally.cached(body.value("cache_control"))
    _survey_tools(body, tally)
    _survey_edits(body.value("context_management"), tally)


def _survey_tools(body: JsonObject, tally: Tally) -> None:
    """Tools that run at Anthropic make requests of their own, which nothing here can bound."""
    raw = body.raw("tools")
    if raw is None:
        return
    try:
        tools = _tools.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise body.wrong("tools", str(error)[:100], "an array of objects") from error
    if tools:
        tally.tokens += TOOLS_TOKENS
    for tool in tools:
        if tool.cache_control is not None:
            tally.cached(tool.cache_control)
        kind = kind_of(tool.type)
        if kind is None or kind == "custom":
            continue
        if kind.startswith(_SCHEMA_TOOLS):
            tally.tokens += SCHEMA_TOOL_TOKENS
        else:
            tally.remote(kind)


def _survey_edits(management: Any, tally: Tally) -> None:
    """Edits that clear what is there cost nothing; compaction is a step of its own."""
    edits = management.get("edits") if isinstance(management, dict) else None
    for edit in edits if isinstance(edits, list) else ():
        kind = kind_of(edit.get("type") if isinstance(edit, dict) else edit)
        if kind is not None and not kind.startswith("clear_"):
            tally.remote(kind)


def _blocks(content: Any, tally: Tally, depth: int) -> None:
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list) or depth > MAX_DEPTH:
        return
    for block in content:
        if not isinstance(block, dict):
            continue
        if "cache_control" in block:
            tally.cached(block["cache_control"])
        kind = kind_of(block.get("type"))
        if kind is None or kind in _TEXT_BLOCKS:
            continue
        if kind in ("image", "document"):
            _source(kind, block.get("source"), tally, depth)
        elif kind.endswith("_result"):
            _blocks(block.get("content"), tally, depth + 1)
        else:
            tally.remote(kind)


def _source(kind: str, source: Any, tally: Tally, depth: int) -> None:
    if not isinstance(source, dict):
        return
    how, payload = source.get("type"), source.get("data")
    if how == "base64" and isinstance(payload, str):
        tally.inline(str(source.get("media_type") or ("image/" if kind == "image" else "")), payload)
    elif how == "content":
        _blocks(source.get("content"), tally, depth + 1)
    elif how != "text":
        if kind == "image":
            tally.tokens += tally.rules.image
        else:
            tally.remote("remote_document")
