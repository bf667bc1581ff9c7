"""The money around the tokens: what the company agreed with a provider, what its levels are paid, and three people who
tinker on Saturdays with their own money, through payroll."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bursar.demo.company import Employee
from bursar.ledger import Charge, Command, LotTerms, Release, Request, Scope, Usage
from bursar.office import months
from bursar.office.books import tax_policy
from bursar.office.desk import Desk
from bursar.office.granting import pools
from bursar.office.workforce import bands
from bursar.prices import PriceBook
from bursar.prices.usage import Usage as Counted
from bursar.tax import loaded

BANDS = "junior, $85,000\nsenior, $150,000\nai specialist, $230,000"
TAX = """\
places: {Berlin: DE, Austin: US-TX, Lisbon: PT, Osaka: JP}
exchange:
  EUR: {rate: 0.92, source: "the demo's own; no day's rate"}
"""
"""Of two places there are rules, of two there are none: an adviser has to be asked there."""
DISCOUNT = ("anthropic", "8%")
TINKERERS = 3
SLICE_NANOS = 20_000_000_000
MODEL = ("anthropic", "claude-sonnet-4-5")
SATURDAY = 5


def agree(desk: Desk, since: datetime) -> None:
    """A contract, pay bands and whose tax law holds, all since before the first request."""
    provider, discount = DISCOUNT
    desk.price_set(provider, "*", discount=discount, starts=f"{since:%Y-%m-%d}")
    bands.replace(desk, BANDS)
    tax_policy.change(desk, TAX, loaded())


@dataclass(slots=True)
class Tinkering:
    """Three people's Saturdays: each month opens a slice of their own money, which personal use draws on first."""

    people: list[str]
    """Person ids."""
    book: PriceBook
    chance: random.Random
    _opened: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def begin(cls, desk: Desk, staff: list[tuple[str, Employee]], book: PriceBook, seed: int) -> Tinkering:
        found = [(person, one) for person, one in staff[1:] if one.seat.level == "senior"][:TINKERERS]
        for _, one in found:
            pools.agree_to_own_money(desk, one.handle)
        return cls([person for person, _ in found], book, random.Random(f"{seed}:saturdays"))

    def day(self, at: int) -> list[Command]:
        """What happens on a day, at its first instant with anything in it (microseconds UTC)."""
        if datetime.fromtimestamp(at // 1_000_000, UTC).weekday() != SATURDAY:
            return []
        return [command for person in self.people for command in self._saturday(person, at)]

    def _saturday(self, person: str, at: int) -> list[Command]:
        provider, model = MODEL
        tariff = self.book.tariff(provider, model, at)
        if tariff is None:
            return []
        counted = Counted(
            input=int(self.chance.lognormvariate(12.4, 0.5)), output=int(self.chance.lognormvariate(11.2, 0.5))
        )
        usage = Usage(
            request_id=f"req_own_{at:014x}{person}",
            provider=provider,
            model=model,
            dialect="anthropic.messages",
            purpose="personal",
            project="",
            price_version=self.book.version,
            tokens={"input": counted.input, "output": counted.output},
            list_nanos=min(tariff.list_nanos(counted), SLICE_NANOS // 5),
            cost_nanos=min(tariff.cost_nanos(counted), SLICE_NANOS // 5),
            at=at,
        )
        month = months.month_of(at)
        commands: list[Command] = []
        if (person, month) not in self._opened:
            self._opened.add((person, month))
            start, end = months.micros_of(month)
            name, scope = f"own_money:{person}:{month}:0", Scope(purposes=("personal",))
            terms = LotTerms(
                name, "USD", SLICE_NANOS, start, end, 1, False, scope, "", "", "Own money, through payroll"
            )
            commands.append(Release(f"release:{name}", person, terms))
        request = Request(provider, model, "personal")
        commands.append(Charge(f"own_{at:014x}{person}", person, "USD", usage.list_nanos, request, usage))
        return commands
