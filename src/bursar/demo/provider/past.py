"""What the provider would have served for charges of the past: the demo's history was charged and never sent."""

from __future__ import annotations

from collections.abc import Iterable

from bursar.demo.provider.administration import key_id
from bursar.demo.provider.bill import Served
from bursar.ledger import Charge, Command
from bursar.prices import Usage


def served(commands: Iterable[Command], keys: dict[str, str]) -> list[Served]:
    """A line for each charge of a provider whose key (`keys`, by provider) the gateway has."""
    found = []
    for one in commands:
        usage = one.usage if isinstance(one, Charge) else None
        if usage is None or usage.provider not in keys or not usage.tokens:
            continue
        found.append(
            Served(
                usage.request_id,
                usage.provider,
                usage.dialect,
                usage.model,
                Usage(**usage.tokens),
                usage.at,
                key=key_id(keys[usage.provider]),
            )
        )
    return found
