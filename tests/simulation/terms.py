"""Who is in a simulated world and what they were promised; the gateway's directory and promises over it.

The office behind it is simple on purpose: periods of equal length, a lot or two for each, steps at the limit. What is
promised is released through the node's own way to the ledger, by ids of the period, so that it exists once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation.faults import Size

from bursar.gateway.directory import KeyRecord, Limit, LimitStep, ProviderRecord
from bursar.gateway.velocity import Pace
from bursar.ledger import LotTerms, Release, Rollover, Scope, Store, apply_now
from bursar.prices import Band, Tariff
from bursar.prices.tariff import FIELDS

EPOCH = 1_800_000_000_000_000
"""When every world begins, microseconds UTC."""
MICROS = 1_000_000
MODELS = ("gpt", "claude")
POOL = "pool:team"
_MILLI = 10**12
"""A thousandth of a nano-dollar for each token, as rates are written (1e-18 USD per million)."""


def tariff_of(model: str) -> Tariff:
    """A token of output costs a nano-dollar or two, so that a naive ledger can hold each of them in its hand."""
    into, out = (100, 1_000) if model == "gpt" else (50, 2_000)
    rates = tuple(_MILLI * (into if name == "input" else out if name == "output" else 0) for name in FIELDS)
    return Tariff(host_of(model), model, (Band(0, rates),))


def host_of(model: str) -> str:
    return f"{model}-host"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key. Amounts in nano-USD."""

    name: str
    amount: int
    """Of each period's lot."""
    rollover: tuple[int, int, int] | None
    """Share in millionths, cap and floor."""
    beside: str
    """The model that a second, smaller lot of each period may be spent on; empty for none."""
    cap: int
    steps: tuple[LimitStep, ...]
    pace: Pace | None = None

    @property
    def token(self) -> str:
        return f"bur_live_{self.name}"

    @property
    def key(self) -> KeyRecord:
        return KeyRecord(f"key_{self.name}", self.name, self.name, cap_nanos=self.cap)

    def releases(self, number: int, length: int) -> list[Release]:
        """What is due at the beginning of a period of `length` microseconds."""
        starts = EPOCH + number * length
        ends = starts + length
        roll = None
        if self.rollover is not None:
            share, cap, floor = self.rollover
            roll = Rollover(ends + length // 2, cap, floor, share)
        grant = f"grant_{self.name}"
        lots = [LotTerms(f"{self.name}.{number}", "USD", self.amount, starts, ends, grant=grant, roll=roll)]
        if self.beside:
            only = Scope(models=(self.beside,))
            lots.append(LotTerms(f"{self.name}.{number}.beside", "USD", self.amount // 3 + 1, starts, ends, scope=only))
        return [Release(f"release:{lot.id}", self.name, lot) for lot in lots]


def people_of(size: Size, chance: Random) -> list[Person]:
    """Everybody, and the pool last."""
    found = []
    for number in range(size.people):
        amount = size.lot * chance.choice((1, 1, 2)) // chance.choice((1, 1, 2))
        rollover = (
            (chance.choice((0, 500_000, 1_000_000)), chance.choice((20, 10_000)), chance.choice((0, 0, 5)))
            if chance.random() < 0.4
            else None
        )
        steps: tuple[LimitStep, ...] = ()
        if size.limits:
            slice_ = max(5, amount // 4)
            possible = (
                LimitStep("grace", slice_, slice_ * chance.choice((1, 2))),
                LimitStep("top_up", slice_, slice_ * 3),
                LimitStep("pool", pool=POOL),
                LimitStep("cheaper_model", models=(("claude", "gpt"),)),
            )
            steps = tuple(step for step in possible if chance.random() < 0.5)
        found.append(
            Person(
                f"p{number}",
                amount,
                rollover,
                chance.choice(("", "", *MODELS)),
                amount * 2 if size.caps and chance.random() < 0.7 else 0,
                steps,
                Pace(per_hour=amount * 3 // 2) if size.paced and chance.random() < 0.7 else None,
            )
        )
    return [*found, Person(POOL, size.lot, None, "", 0, ())]


class Registry:
    """The gateway's directory: the same on every node."""

    def __init__(self, people: list[Person]) -> None:
        self._keys = {one.token: one.key for one in people}
        self.revoked: set[str] = set()
        self._providers = {model: ProviderRecord(host_of(model), host_of(model), f"http://{host_of(model)}",
                           connect_seconds=2.0, first_byte_seconds=15.0, idle_seconds=15.0) for model in MODELS}  # fmt: skip
        self._tariffs = {model: tariff_of(model) for model in MODELS}

    def authenticate(self, token: str, now: int) -> KeyRecord | None:
        return self._keys.get(token)

    def is_live(self, key_id: str, now: int) -> bool:
        return key_id not in self.revoked

    def provider_for(self, dialect: str, model: str) -> ProviderRecord | None:
        return self._providers.get(model)

    def provider_named(self, name: str) -> ProviderRecord | None:
        return next((one for one in self._providers.values() if one.name == name), None)

    def tariff(self, provider: ProviderRecord, model: str, now: int, service_tier: str) -> Tariff | None:
        return self._tariffs.get(model)

    def price_version(self) -> str:
        return "simulated"


class Terms:
    """The gateway's promises, as one node knows them."""

    def __init__(self, people: list[Person], size: Size, store: Store, clock: Callable[[], int]) -> None:
        self._people = {one.name: one for one in people}
        self._size, self._store, self._clock = size, store, clock
        self._length = size.period_seconds * MICROS
        self._due: dict[str, int] = {}

    def due_at(self, person_id: str) -> int:
        return self._due.get(person_id, 0)

    def pace_of(self, person_id: str) -> Pace | None:
        return self._people[person_id].pace

    async def spent_since(self, person_id: str, start: int) -> int:
        def read() -> int:
            found = self._store.read(
                lambda session: session.rows(
                    "SELECT COALESCE(SUM(c.amount), 0) FROM charge c JOIN entry e ON e.seq = c.seq "
                    "WHERE e.person = ? AND c.at >= ?",
                    person_id,
                    start,
                )
            )
            return int(found[0][0])

        return await asyncio.get_running_loop().run_in_executor(None, read)

    async def catch_up(self, person_id: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._release, person_id)

    def _release(self, person_id: str) -> None:
        now = self._clock()
        number = (now - EPOCH) // self._length
        wanted = [self._people[person_id], self._people[POOL]]
        commands = [one for person in wanted for one in person.releases(number, self._length)]
        apply_now(self._store, commands, now)
        self._due[person_id] = EPOCH + (number + 1) * self._length

    async def limits_of(self, person_id: str, now: int) -> tuple[Limit, ...]:
        steps = self._people[person_id].steps
        if not steps:
            return ()
        number = (now - EPOCH) // self._length
        starts = EPOCH + number * self._length
        return (Limit(f"grant_{person_id}", f"period{number}", starts, starts + self._length, steps),)


__all__ = ["EPOCH", "MICROS", "MODELS", "POOL", "Person", "Registry", "Terms", "host_of", "people_of", "tariff_of"]
