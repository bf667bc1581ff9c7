"""What the gateway must know of the outside: who holds a key, which provider serves a model, what it costs.

The office implements this from its database and keeps it fresh; the gateway only asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bursar.gateway.rates import Rate
from bursar.gateway.velocity import Pace
from bursar.ledger import OPEN_SCOPE, Scope
from bursar.prices import Tariff


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An access key as the gateway sees it. Amounts in nano-USD, instants in microseconds UTC, 0 = none."""

    key_id: str
    person_id: str
    person: str
    """Handle, as people write it."""
    purpose: str = "work"
    project: str = ""
    models: tuple[str, ...] = ()
    """Shell patterns of models that the key may use; empty admits every model."""
    cap_nanos: int = 0
    expires_at: int = 0
    label: str = ""
    rate: Rate | None = None
    """Most per minute; None where the key has no such limit."""


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """A provider as the gateway reaches it."""

    name: str
    kind: str
    """The price book's name of the provider: `openai`, `anthropic`, `google`, `groq`, ..."""
    base_url: str
    """What precedes the dialect's path: `https://api.openai.com`, `https://api.groq.com/openai`."""
    secret: str = ""
    connect_seconds: float = 5.0
    first_byte_seconds: float = 600.0
    idle_seconds: float = 120.0
    purposes: tuple[str, ...] = ()
    """Of keys that may go there; empty admits every purpose."""
    rate: Rate | None = None
    """Most per minute of everybody together."""

    def __repr__(self) -> str:
        return f"ProviderRecord(name={self.name!r}, kind={self.kind!r}, base_url={self.base_url!r})"


@dataclass(frozen=True, slots=True)
class LimitStep:
    """One thing that a plan does at the limit. Amounts in nano-USD."""

    kind: str
    """`grace`, `top_up`, `own_money`, `pool`, `cheaper_model`, `request`."""
    amount: int = 0
    """Of one slice."""
    up_to: int = 0
    """Of all slices in one period."""
    pool: str = ""
    """The ledger's account of the pool."""
    models: tuple[tuple[str, str], ...] = ()
    """Pattern of the model asked for, and the cheaper one that answers instead."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a person's plan does at the limit in its current period; instants in microseconds UTC."""

    grant: str
    period: str
    starts: int
    ends: int
    steps: tuple[LimitStep, ...]
    scope: Scope = OPEN_SCOPE
    priority: int = 60
    label: str = ""


class Promises(Protocol):
    """What the gateway must know of plans. A gateway without plans has none of this."""

    def due_at(self, person_id: str) -> int:
        """When something falls due in this person's calendar next; answered from memory."""
        ...

    def pace_of(self, person_id: str) -> Pace | None:
        """Most that the person may spend in an hour and in a day; answered from memory."""
        ...

    async def spent_since(self, person_id: str, start: int) -> int:
        """What the person was charged since an instant, nano-USD."""
        ...

    async def catch_up(self, person_id: str) -> None:
        """Do what is due for this person now: a release that is due must be there before a request is refused."""
        ...

    async def limits_of(self, person_id: str, now: int) -> tuple[Limit, ...]:
        """What the person's plans do at the limit, the plan that burns first first."""
        ...


class Directory(Protocol):
    """Answers from memory: none of these may wait for a disk or a network."""

    def authenticate(self, token: str, now: int) -> KeyRecord | None:
        """The record of a key that is known, not revoked and not expired."""
        ...

    def is_live(self, key_id: str, now: int) -> bool:
        """False once a key is revoked, expired, or its person may not spend any more."""
        ...

    def provider_for(self, dialect: str, model: str) -> ProviderRecord | None:
        """The provider that serves a model asked for in a dialect (`openai`, `anthropic`, `gemini`)."""
        ...

    def provider_named(self, name: str) -> ProviderRecord | None: ...

    def tariff(self, provider: ProviderRecord, model: str, now: int, service_tier: str) -> Tariff | None: ...

    def price_version(self) -> str:
        """Identity of the price book and overlays in force: what a charge is recomputed with."""
        ...
