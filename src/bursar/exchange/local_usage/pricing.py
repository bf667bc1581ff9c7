"""What an event is worth at list price, at its own time. What nobody has a price for has none: it is never guessed."""

from __future__ import annotations

from dataclasses import replace

from bursar.exchange.local_usage.values import Band, UsageEvent
from bursar.prices import PriceBook, Tariff

LOCAL_HOSTS = frozenset({"ollama", "lmstudio", "oss"})
"""Providers of Codex that are the person's own machine: what runs there has no list price, whatever it is called."""
_MAKERS = (
    ("claude", "anthropic"),
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("codex-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("gemini-", "google"),
)


def maker(model: str) -> str:
    """The provider that a model's own name tells; "" if it tells none."""
    name = model.lower()
    if "anthropic.claude" in name:
        return "aws"
    return next((provider for start, provider in _MAKERS if name.startswith(start)), "")


def priced(event: UsageEvent, band: Band, book: PriceBook) -> UsageEvent:
    """The event with its provider and list value.

    The provider that the source names counts if the price book knows the model there; else the model's maker, since a
    gateway or a proxy has a name of its own and no list. Without either, the source's own list price or cost.
    """
    if event.usage.total_input or event.usage.total_output or event.usage.web_searches:
        for provider in _candidates(event):
            tariff = book.tariff(provider, event.model, event.at_micros, event.service_tier)
            if tariff is not None:
                return replace(event, provider=provider, list_nanos=_value(tariff, event, band), basis="list")
    stated = event.stated_nanos if event.list_nanos is None else event.list_nanos
    return event if stated is None else replace(event, list_nanos=stated, basis="stated")


def _candidates(event: UsageEvent) -> tuple[str, ...]:
    if not event.model or event.provider in LOCAL_HOSTS:
        return ()
    return tuple(one for one in dict.fromkeys((event.provider, maker(event.model))) if one)


def _value(tariff: Tariff, event: UsageEvent, band: Band) -> int:
    if band is Band.OWN:
        return tariff.list_nanos(event.usage)
    chosen = tariff.bands[-1 if band is Band.LONG else 0]
    alone = replace(chosen, above=0, per_request=chosen.per_request * event.requests)
    return replace(tariff, bands=(alone,)).list_nanos(event.usage)
