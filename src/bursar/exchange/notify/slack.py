"""Notices in a channel of Slack, or of anything that takes its incoming webhooks: `text` and `blocks`.

Others read along there, so it says who and what, and never how much.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bursar.exchange.notify.letter import Letter
from bursar.exchange.notify.posting import post


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook; its address is its secret."""

    url: SecretStr
    timeout_seconds: float = 10.0
    name: str = "slack"

    def takes(self, letter: Letter) -> bool:
        return True

    def send(self, letter: Letter, now: int) -> None:
        body = json.dumps(payload(letter), ensure_ascii=False).encode()
        post(self.url.get_secret_value(), body, {}, self.timeout_seconds)


def payload(letter: Letter) -> dict[str, Any]:
    """Plain text for the notification, one section for the channel."""
    sentence = f"{letter.name or letter.person}: {letter.subject}"
    return {
        "text": _escaped(sentence),
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": sentence, "emoji": False}}],
    }


def _escaped(text: str) -> str:
    """In `text`, Slack reads mentions and links between angle brackets."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
