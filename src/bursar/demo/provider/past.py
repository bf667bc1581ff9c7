"""What the provider served before it was started: the demo's history was charged and never sent, so its bill is made of
the charges; a few requests that somebody made past the gateway stand on it too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from bursar.demo.provider.administration import key_id
from bursar.demo.provider.bill import Served
from bursar.ledger import Charge, Command
from bursar.office.books import bill_charges
from bursar.office.desk import Desk
from bursar.prices import Usage

NOTEBOOK = "sk-standin-somebodys-notebook"
"""A key of the organisation that the house does not know."""
EVERY = 400
"""One charge in so many has a like on the bill that went past the gateway."""


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


def on_the_bill(desk: Desk, keys: dict[str, str], since: date, until: date) -> list[Served]:
    """The past of an installation as its providers would bill it: what was charged, and a little that was not."""
    found = []
    for provider, secret in keys.items():
        charged = _charges(desk, provider, since, until)
        lines = [
            Served(
                one.usage.request_id,
                provider,
                one.usage.dialect,
                one.usage.model,
                one.charged.usage,
                one.usage.at,
                key=key_id(secret),
            )
            for one in charged
            if one.usage.tokens and not one.charged.place
        ]
        past = [replace(one, id=f"past-{one.id}", key=key_id(NOTEBOOK)) for one in lines[::EVERY]]
        found += lines + past
    return found


def _charges(desk: Desk, provider: str, since: date, until: date) -> list[bill_charges.Standing]:
    return list(desk.store.read(lambda session: bill_charges.charges(session, provider, since, until)).values())
