"""Webhooks: further addresses that notices are posted to, signed as Standard Webhooks has it.

Each has a secret of its own, shown once when it is made, and may take some kinds of notices only. Address and secret are
sealed: an address may carry a token. What a webhook gets was told to a person; it is never more than that notice.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import Connection, delete, func, insert, select

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.exchange.notify import Channel, Letter, Webhook
from bursar.exchange.notify.words import KINDS
from bursar.office.database import reading, transaction
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.tables import webhook
from bursar.office.telling.channels import checked_url
from bursar.office.vault import WEBHOOK, Secret, Vault, adopt_master

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_WEBHOOKS = 20
MAX_URL_CHARS = 2_000
MAX_LABEL_CHARS = 100
PREFIX = "webhook:"
"""Of the channel's name, before its id."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as it is listed: everything but address and secret."""

    id: str
    label: str
    host: str
    kinds: tuple[str, ...]
    """Of notices; empty for every kind."""
    created: int


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook at the only moment that its signing secret is shown."""

    subscription: Subscription
    secret: Secret = field(repr=False)


def add(desk: Desk, url: str, *, kinds: Sequence[str] = (), label: str = "", entropy: bytes) -> Made:
    """Subscribe an address. `entropy` is RANDOM_BYTES of randomness. Raises InvalidInput without repeating the address."""
    if len(entropy) != RANDOM_BYTES:
        raise ValueError(f"a signing secret takes {RANDOM_BYTES} random bytes")
    host = _checked(url, kinds, label)
    secret = "whsec_" + base64.b64encode(entropy).decode()
    one = Subscription(desk.new_id("hook"), label, host, tuple(kind for kind in KINDS if kind in kinds), desk.now())
    with transaction(desk.engine) as connection:
        adopt_master(connection, desk.vault)
        if connection.execute(select(func.count()).select_from(webhook)).scalar_one() >= MAX_WEBHOOKS:
            raise Conflict(f"there are {MAX_WEBHOOKS} webhooks already", "remove one first")
        sealed = desk.vault.seal(Secret(json.dumps([url, secret])), f"{WEBHOOK}/{one.id}")
        row = {"id": one.id, "label": label, "host": host, "kinds": json.dumps(one.kinds), "created": one.created}
        connection.execute(insert(webhook).values(**row, sealed=sealed))
        desk.note(connection, "webhook.add", one.id, {"host": host, "kinds": list(one.kinds), "label": label})
    return Made(one, Secret(secret))


def remove(desk: Desk, webhook_id: str) -> None:
    """End a subscription; what was not delivered to it yet never will be."""
    with transaction(desk.engine) as connection:
        if connection.execute(delete(webhook).where(webhook.c.id == webhook_id)).rowcount == 0:
            raise NotFound(f"there is no webhook {webhook_id[:80]!r}")
        desk.note(connection, "webhook.remove", webhook_id, {})


def listed(connection: Connection) -> list[Subscription]:
    """Every subscription, oldest first."""
    rows = connection.execute(select(webhook).order_by(webhook.c.created, webhook.c.id))
    return [Subscription(row.id, row.label, row.host, tuple(json.loads(row.kinds)), row.created) for row in rows]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The channel of a subscription: it takes its kinds of notices."""

    name: str
    kinds: tuple[str, ...]
    inner: Webhook

    def takes(self, letter: Letter) -> bool:
        return (not self.kinds or letter.kind in self.kinds) and self.inner.takes(letter)

    def send(self, letter: Letter, now: int) -> None:
        self.inner.send(letter, now)


def channels_of(desk: Desk) -> list[Channel]:
    """A channel for every subscription, with its secret opened."""
    with reading(desk.engine) as connection:
        rows = connection.execute(select(webhook)).all()
    return [_channel(desk.vault, row, desk.settings.notify.timeout_seconds) for row in rows]


def _channel(vault: Vault, row: Any, timeout_seconds: float) -> Channel:
    url, secret = json.loads(vault.open(row.sealed, f"{WEBHOOK}/{row.id}").reveal())
    inner = Webhook(SecretStr(url), SecretStr(secret), timeout_seconds)
    return Subscribed(f"{PREFIX}{row.id}", tuple(json.loads(row.kinds)), inner)


def _checked(url: str, kinds: Sequence[str], label: str) -> str:
    """The host of an address that may be posted to."""
    unknown = next((one for one in kinds if one not in KINDS), None)
    if unknown is not None:
        raise InvalidInput("kinds", repr(unknown[:MAX_LABEL_CHARS]), f"kinds of notices: {', '.join(KINDS)}")
    if len(label) > MAX_LABEL_CHARS or not label.isprintable():
        raise InvalidInput("label", f"{len(label)} characters", f"printable text of at most {MAX_LABEL_CHARS}")
    try:
        if not url or len(url) > MAX_URL_CHARS:
            raise ValueError(f"https://host/path of at most {MAX_URL_CHARS} characters")
        return urlsplit(checked_url(url)).hostname or ""
    except ValueError as error:
        raise InvalidInput("url", "a value that is not shown", str(error)) from None
