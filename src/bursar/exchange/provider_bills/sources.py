"""The providers whose administration can be asked, by kind: what to ask, with which headers, how to read the reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import anthropic, copilot, cursor, openai
from bursar.exchange.provider_bills.values import Ask, Page


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of administration. `asks` is given the account, and seconds since 1970 from and until."""

    kind: str
    base_url: str
    headers: Callable[[str], dict[str, str]]
    asks: Callable[[str, int, int], tuple[Ask, ...]]
    read: Callable[[Ask, Any, int], Page]
    needs_account: bool = False


SOURCES: Mapping[str, Source] = {
    one.kind: one
    for one in (
        Source(
            "openai",
            "https://api.openai.com",
            openai.headers,
            lambda account, since, until: openai.asks(since, until),
            openai.read,
        ),
        Source(
            "anthropic",
            "https://api.anthropic.com",
            anthropic.headers,
            lambda account, since, until: anthropic.asks(since, until),
            anthropic.read,
        ),
        Source(
            "copilot",
            "https://api.github.com",
            copilot.headers,
            lambda account, since, until: copilot.asks(account),
            copilot.read,
            needs_account=True,
        ),
        Source(
            "cursor",
            "https://api.cursor.com",
            cursor.headers,
            lambda account, since, until: cursor.asks(since, until),
            cursor.read,
        ),
    )
}


def source(kind: str) -> Source:
    """The administration of a kind of provider. Raises InvalidInput."""
    found = SOURCES.get(kind)
    if found is None:
        raise InvalidInput(
            "kind", repr(kind[:40]), ", ".join(SOURCES), "the bill of any other provider comes in as CSV"
        )
    return found
