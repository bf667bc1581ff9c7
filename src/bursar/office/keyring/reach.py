"""Which part of the catalogue a key may use: models that the enabled providers have a price for, by the key's patterns."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bursar.office.catalogue import pricing, providers
from bursar.office.database import reading
from bursar.office.keyring import keys

if TYPE_CHECKING:
    from bursar.office.desk import Desk


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one provider, how many models with a price there are and how many of them a key admits."""

    provider: str
    open: bool
    """Keys of this purpose may go there at all."""
    models: int
    admitted: int


def reach(desk: Desk, key_id: str) -> list[Reach]:
    """The catalogue beside a key, by provider. Raises NotFound."""
    with reading(desk.engine) as connection:
        key = keys.named(connection, key_id)
        known = [one for one in providers.listed(connection) if one.enabled]
        book = pricing.current_book(connection)
    found = []
    for one in known:
        models = {model for _, model in book.search("", one.terms.kind)}
        open_ = not one.terms.purposes or key.terms.purpose in one.terms.purposes
        admitted = sum(_admits(key.terms.models, model) for model in models) if open_ else 0
        found.append(Reach(one.name, open_, len(models), admitted))
    return found


def _admits(patterns: tuple[str, ...], model: str) -> bool:
    return not patterns or any(fnmatchcase(model, pattern) for pattern in patterns)
