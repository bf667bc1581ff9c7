"""Notices for other programs: JSON signed as Standard Webhooks say (https://www.standardwebhooks.com).

The `webhook-id` is the notice's and stays the same at every attempt, so a receiver that remembers ids counts none twice.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass

import standardwebhooks
from pydantic import SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError

from bursar.calendar import from_micros
from bursar.exchange.notify.letter import Letter, Undelivered
from bursar.exchange.notify.posting import post


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of the organisation's own, and the secret (`whsec_...`) that its letters are signed with."""

    url: SecretStr
    secret: SecretStr
    timeout_seconds: float = 10.0
    name: str = "webhook"

    def takes(self, letter: Letter) -> bool:
        return True

    def send(self, letter: Letter, now: int) -> None:
        body = payload(letter)
        try:
            signer = standardwebhooks.Webhook(self.secret.get_secret_value())
            signature = signer.sign(msg_id=letter.id, timestamp=from_micros(now), data=body)
        except (ValueError, binascii.Error, EmptyWebhookSecretError):
            raise Undelivered("the webhook's secret is not base64 (whsec_...)") from None
        headers = {
            "webhook-id": letter.id,
            "webhook-timestamp": str(now // 1_000_000),
            "webhook-signature": signature,
        }
        post(self.url.get_secret_value(), body.encode(), headers, self.timeout_seconds)


def payload(letter: Letter) -> str:
    """`type`, `timestamp` of the notice, and `data`: the person's handle, the words, and the exact fields."""
    document = {
        "type": f"notice.{letter.kind}",
        "timestamp": from_micros(letter.created).isoformat().replace("+00:00", "Z"),
        "data": {
            "id": letter.id,
            "person": letter.person,
            "subject": letter.subject,
            "text": letter.text,
            "fields": dict(letter.fields),
        },
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
