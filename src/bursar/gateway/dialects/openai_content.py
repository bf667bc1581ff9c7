"""What the content of an OpenAI request adds to the bound of its bytes: chat messages and response items.

Only places where the API takes media are looked into: the same words inside a tool's arguments are text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from bursar.gateway.dialects.media import Rules, Tally, kind_of
from bursar.gateway.dialects.objects import JsonObject

IMAGE_TOKENS = 12_000
"""10,000 patches at `detail: original` of the current models, times 1.2 (OpenAI, images and vision guide); hosts of open
models stay below it (Together counts up to 6,404)."""
OLDER_IMAGE_TOKENS = 3_800
"""Families up to o4: 85 + 170 x 8 tiles, or 1,536 patches times 2.46 (gpt-4.1-nano)."""
MINI_IMAGE_TOKENS = 48_169
"""gpt-4o-mini: 2,833 and 5,667 for each of up to eight tiles."""
PAGE_TEXT_TOKENS = 3_000
"""Text of a page beside its image, as dense as Anthropic's guide assumes; OpenAI publishes no figure."""
PAGE_IMAGE_TOKENS = 3_000
"""2,500 patches at `detail: high`, times 1.2."""
TOOLS_TOKENS = 1_024
"""Instructions that a chat template adds to a request with tools: up to 400 seen with Llama on Groq, 700 with Claude."""
_AGENTIC = ("compound", "-search-preview", "-search-api", "deep-research", "sonar", ":online")
"""Parts of the names of models that search or compute at the provider without being given a tool."""
_OLDER = ("gpt-3", "gpt-4o", "gpt-4.1", "gpt-4-", "o1", "o3", "o4")
_TEXT_PARTS = frozenset(
    {
        "text",
        "input_text",
        "output_text",
        "refusal",
        "reasoning",
        "reasoning_text",
        "summary_text",
        "thinking",
        "tool_reference",
    }
)
_IMAGE_PARTS = frozenset({"image_url", "input_image", "computer_screenshot"})
_CLIENT_TOOLS = frozenset(
    {
        "function",
        "custom",
        "namespace",
        "local_shell",
        "apply_patch",
        "tool_search",
        "computer",
        "computer_use_preview",
    }
)
"""Tools that the client runs: their results come back as input of the next request."""
_SOUND_KINDS = {"wav": "audio/wav", "mp3": "audio/mpeg"}


class _Tool(msgspec.Struct):
    type: Any = None
    cache_control: Any = None
    environment: Any = None


_tools = msgspec.json.Decoder(list[_Tool])


@lru_cache(maxsize=1024)
def rules_for(model: str) -> Rules:
    """The bounds of a model's family, by its name without the host's prefix."""
    name = model.rsplit("/", 1)[-1].lower()
    if "4o-mini" in name:
        return Rules(MINI_IMAGE_TOKENS, MINI_IMAGE_TOKENS + PAGE_TEXT_TOKENS)
    image = OLDER_IMAGE_TOKENS if name.startswith(_OLDER) else IMAGE_TOKENS
    return Rules(image, PAGE_IMAGE_TOKENS + PAGE_TEXT_TOKENS)


def survey_messages(body: JsonObject, tally: Tally) -> None:
    """`messages` of a chat completion."""
    for message in _list(body, "messages"):
        if isinstance(message, dict):
            _mind(message, tally)
            _parts(message.get("content"), tally)
            if isinstance(message.get("audio"), dict):
                tally.remote("audio")


def survey_input(body: JsonObject, tally: Tally) -> None:
    """`input` of a response: a text, or items."""
    found = body.value("input")
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            continue
        kind = kind_of(item.get("type"))
        if kind == "item_reference":
            tally.remote("item_reference")
        elif kind == "image_generation_call" and isinstance(item.get("result"), str):
            tally.inline("image/png", item["result"])
        for place in ("content", "output"):
            _parts(item.get(place), tally)


def survey_model(model: str, tally: Tally) -> None:
    """Models that use tools of the provider's of their own accord."""
    if _is_agentic(model):
        tally.remote("agentic_model")


@lru_cache(maxsize=1024)
def _is_agentic(model: str) -> bool:
    return any(part in model for part in _AGENTIC)


def survey_tools(body: JsonObject, tally: Tally) -> None:
    """Tools that run at the provider make requests of their own, which nothing here can bound."""
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
        tally.cached(tool.cache_control)
        kind = kind_of(tool.type)
        if kind is not None and kind not in _CLIENT_TOOLS and not (kind == "shell" and _is_local(tool.environment)):
            tally.remote(kind)


def _list(body: JsonObject, name: str) -> list[Any]:
    found = body.value(name)
    if found is not None and not isinstance(found, list):
        raise body.wrong(name, "another value", "an array")
    return found or []


def _parts(content: Any, tally: Tally) -> None:
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return
    for part in content:
        if isinstance(part, dict):
            _mind(part, tally)
            _part(part, kind_of(part.get("type")), tally)


def _part(part: dict[str, Any], kind: str | None, tally: Tally) -> None:
    if kind in _IMAGE_PARTS:
        url = part.get("image_url")
        tally.image(url.get("url") if isinstance(url, dict) else url)
    elif kind in ("file", "input_file"):
        file = part.get("file") if isinstance(part.get("file"), dict) else part
        payload = file.get("file_data") if file else None
        if isinstance(payload, str):
            tally.data_url(payload)
        else:
            tally.remote("file")
    elif kind == "input_audio":
        sound = part.get("input_audio")
        if isinstance(sound, dict) and isinstance(sound.get("data"), str):
            tally.inline(_SOUND_KINDS.get(str(sound.get("format")), "audio/ogg"), sound["data"])
        else:
            tally.remote("audio")
    elif kind is not None and kind not in _TEXT_PARTS:
        tally.remote(kind)


def _mind(part: dict[str, Any], tally: Tally) -> None:
    if "cache_control" in part:
        tally.cached(part["cache_control"])


def _is_local(environment: Any) -> bool:
    return isinstance(environment, dict) and environment.get("type") == "local"
