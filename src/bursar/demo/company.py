"""Tern & Hale, a company of forty people with three months of plausible token use.

Everything follows from a seed and the instant it is told, so two demos show the same company. The history is written
through the office and the ledger's own rules: a plan is put into force, its calendar releases, rolls and expires, every
reply is charged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bursar.ledger import Charge, Command, Request
from bursar.ledger import Usage as UsageRecord
from bursar.prices import PriceBook
from bursar.prices.usage import FIELDS, Usage

HISTORY_DAYS = 92
WORK_HOURS = range(7, 19)
NANO = 1_000_000_000
_SAMPLES = 60
_WORK_DAYS = 22.5
"""A month's working days, with what weekends add."""
_MEAN_NOISE = 0.98
"""Mean of lognormvariate(-0.2, 0.6)."""

_FIRST = [
    "Ada",
    "Ben",
    "Chloe",
    "Dmitri",
    "Elif",
    "Farid",
    "Grace",
    "Hana",
    "Ivo",
    "Jun",
    "Katya",
    "Liam",
    "Mara",
    "Nils",
    "Oona",
    "Priya",
    "Quentin",
    "Rosa",
    "Sami",
    "Tara",
    "Uma",
    "Viktor",
    "Wen",
    "Ximena",
    "Yusuf",
    "Zoe",
    "Anouk",
    "Bao",
    "Carlos",
    "Dalia",
    "Emeka",
    "Freya",
    "Goran",
    "Hiro",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Mateo",
    "Noor",
]
_LAST = [
    "Abara",
    "Berg",
    "Castillo",
    "Dahl",
    "Eriksen",
    "Farouk",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quispe",
    "Rossi",
    "Sato",
    "Tanaka",
]


@dataclass(frozen=True, slots=True)
class Seat:
    """What a person's tier promises each month, and how hard such a person uses it."""

    family: str
    level: str
    monthly_dollars: int
    requests_per_day: float
    models: tuple[tuple[str, str], ...]


SEATS = (
    Seat("engineering", "junior", 300, 14, (("anthropic", "claude-haiku-4-5"), ("openai", "gpt-5-mini"))),
    Seat("engineering", "senior", 800, 22, (("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5"))),
    Seat("engineering", "ai specialist", 2000, 36, (("anthropic", "claude-opus-4-1"), ("google", "gemini-2.5-pro"))),
    Seat("design", "senior", 200, 6, (("openai", "gpt-4o"), ("google", "gemini-2.5-flash"))),
    Seat("marketing", "junior", 120, 5, (("openai", "gpt-4o-mini"), ("google", "gemini-2.5-flash"))),
    Seat("data", "senior", 600, 16, (("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-pro"))),
)
_SEAT_WEIGHTS = (8, 14, 5, 4, 4, 5)
_TEAMS = {
    "engineering": ("platform", "payments", "mobile"),
    "design": ("brand",),
    "marketing": ("growth",),
    "data": ("insight",),
}
_PLACES = (
    ("Lisbon", "Europe/Lisbon"),
    ("Berlin", "Europe/Berlin"),
    ("Austin", "America/Chicago"),
    ("Osaka", "Asia/Tokyo"),
)


_PLAN = """\
bursar: plan/1
name: tern-and-hale
title: Token stipend
class: provisioned_tool
allotment: {every: month, anchor: calendar, proration: daily, expires: period}
tiers:
TIERS
otherwise: {name: everybody, amount: $50}
rollover: {cap: 25%, periods: 1}
limit:
  warnings: [75%, 95%]
  then:
    - grace: $5
    - request: {reason: required, approvers: [manager], up_to: $500, expires: 7 days}
    - stop
notice: {adjust: 30 days, reduce: 30 days, revoke: 30 days}
leaving: {unspent: keep, tail: 14 days}
statements:
  tax: A tool that work needs; not taxed as pay. Personal use is not part of it.
  expectations: None; nobody is ranked by what they use.
  visibility: Your manager sees totals, never prompts or answers.
  rate_limits: Those of the providers.
  changes: People team, after the notice.
  approval_time: Within a working day.
"""


@dataclass(frozen=True, slots=True)
class Employee:
    """A row of the roster with the seat that it fills."""

    handle: str
    name: str
    email: str
    team: str
    location: str
    zone: str
    hire_date: str
    seat: Seat
    manager: str = ""
    """Handle; empty for whoever answers to nobody."""


def roster(seed: int, people: int = 40) -> list[Employee]:
    """The company's people, the same for the same seed."""
    chance = random.Random(seed)
    heads: dict[str, str] = {}
    seats = [seat for seat, weight in zip(SEATS, _SEAT_WEIGHTS, strict=True) for _ in range(weight)]
    found = []
    for number in range(people):
        first, last = _FIRST[number % len(_FIRST)], _LAST[(number * 7) % len(_LAST)]
        handle = first.lower() if number < len(_FIRST) else f"{first.lower()}{number}"
        seat = seats[number % len(seats)]
        place, zone = chance.choice(_PLACES)
        team = chance.choice(_TEAMS[seat.family])
        # Whoever came first leads a team; who leads answers to the first of all.
        manager = heads.setdefault(team, handle)
        first_of_all = next(iter(heads.values()))
        hired = datetime(2019, 1, 7, tzinfo=UTC) + timedelta(days=chance.randrange(2300))
        found.append(
            Employee(
                handle,
                f"{first} {last}",
                f"{handle}@ternhale.example",
                team,
                place,
                zone,
                hired.date().isoformat(),
                seat,
                manager if manager != handle else first_of_all if first_of_all != handle else "",
            )
        )
    return found


def plan_document() -> str:
    """The company's plan: tiers by family and level, a quarter rolls over, and what happens at the limit."""
    tiers = "\n".join(
        f"  - {{name: {seat.family}-{seat.level.replace(' ', '-')}, when: {{job_family: {seat.family}, level: {seat.level}}}, "
        f'amount: "${seat.monthly_dollars}"}}'
        for seat in SEATS
    )
    return _PLAN.replace("TIERS", tiers)


def first_day(until: int) -> datetime:
    """The day on which the history begins: the first of a month, about three months ago."""
    now = datetime.fromtimestamp(until // 1_000_000, UTC)
    day = (now - timedelta(days=HISTORY_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1)


def history(
    people: list[tuple[str, Employee]], book: PriceBook, version: str, until: int, seed: int
) -> Iterator[tuple[int, list[Command]]]:
    """Batches of commands with the instant of each, in order, up to `until` (microseconds UTC).

    `people` are person ids with their employees. Days have a weekly season, people have good and bad weeks, and a few
    run agents overnight. What a month does not promise is not spent: a gateway would have said no.
    """
    chance = random.Random(seed + 1)
    weights = {person: _weight(employee, book, until, seed) for person, employee in people}
    now = datetime.fromtimestamp(until // 1_000_000, UTC)
    day = first_day(until)
    number = 0
    left: dict[str, int] = {}
    while day <= now:
        if day.day == 1:
            left = {person: employee.seat.monthly_dollars * NANO for person, employee in people}
        busy = 0.15 if day.weekday() >= 5 else 1.0
        for hour in range(24):
            at = day + timedelta(hours=hour, minutes=chance.randrange(60), seconds=chance.randrange(60))
            if at >= now:
                break
            batch: list[Command] = []
            for person, employee in people:
                awake = busy / len(WORK_HOURS) if hour in WORK_HOURS else 0.0
                if employee.seat.level == "ai specialist":
                    awake = max(awake, 0.02)
                mean = employee.seat.requests_per_day * awake * chance.lognormvariate(-0.2, 0.6)
                for _ in range(_poisson(mean, chance)):
                    number += 1
                    one = _charge(person, employee, book, version, _micros(at), number, chance, weights[person])
                    if one.amount <= left[person]:
                        left[person] -= one.amount
                        batch.append(one)
            if batch:
                yield _micros(at), batch
        day += timedelta(days=1)


def _charge(
    person: str,
    employee: Employee,
    book: PriceBook,
    version: str,
    at: int,
    number: int,
    chance: random.Random,
    weight: float = 1.0,
) -> Charge:
    provider, model = chance.choice(employee.seat.models)
    fresh = int(chance.lognormvariate(10.1, 0.8) * weight)
    cached = int(fresh * chance.lognormvariate(1.0, 0.8)) if provider == "anthropic" else 0
    usage = Usage(
        input=fresh,
        cache_read=cached,
        cache_write_5m=int(cached * 0.06),
        output=int(chance.lognormvariate(7.8, 0.8) * weight),
        reasoning=int(chance.lognormvariate(6.0, 0.9) * weight) if model.startswith(("gpt-5", "gemini-2.5")) else 0,
    )
    tariff = book.tariff(provider, model, at)
    if tariff is None:
        raise LookupError(f"the price book has no price for {provider} {model}")
    value = tariff.list_nanos(usage)
    record = UsageRecord(
        request_id=f"req_{at:014x}{number:06x}",
        provider=provider,
        model=model,
        dialect={"anthropic": "anthropic.messages", "google": "gemini.generate"}.get(provider, "openai.chat"),
        purpose="work",
        project=employee.team,
        price_version=version,
        tokens={name: count for name in FIELDS if (count := getattr(usage, name))},
        list_nanos=value,
        cost_nanos=tariff.cost_nanos(usage),
        at=at,
    )
    return Charge(f"hist_{at:014x}{number:06x}", person, "USD", value, Request(provider, model, "work"), record)


def _weight(employee: Employee, book: PriceBook, until: int, seed: int) -> float:
    """How large somebody's requests are, so that use is as uneven as it is anywhere (a tenth uses several times the
    median) and hardly anybody outspends what a month promises."""
    chance = random.Random(f"{seed}:{employee.handle}:size")
    share = min(0.8, 0.3 * chance.lognormvariate(0.0, 0.7))
    usual = [_charge("", employee, book, "", until, 0, chance).amount for _ in range(_SAMPLES)]
    month = employee.seat.requests_per_day * _MEAN_NOISE * _WORK_DAYS * sum(usual) / _SAMPLES
    return share * employee.seat.monthly_dollars * NANO / month


def _poisson(mean: float, chance: random.Random) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
