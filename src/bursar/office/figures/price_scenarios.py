"""What if prices change: the last weeks of use at other prices, and what that does to grants, purses and promises.

A family's price falls, a contract changes, everybody moves to another model: the same work at the price book's rates. Of a
grant in dollars the amount stays and what it buys changes; of one in tokens it is the other way round. What comes by itself
is the trend of each family in this house's own months, beside drifts that others published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.insight import price_scenarios as core
from bursar.insight.price_scenarios import MAX_CHANGES, PARTS, Change, Sums, Use, Worth
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.money import NANO, Unit
from bursar.office.catalogue import price_history
from bursar.office.database import reading
from bursar.office.figures import exposure, kept_usage
from bursar.office.figures.small_groups import LEAST_PEOPLE, split
from bursar.office.months import days_of, following, month_of, months_between
from bursar.office.standing import taken
from bursar.prices import PriceBook
from bursar.prices import Usage as Tokens

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = "USD"
WINDOW_DAYS = 30
TREND_MONTHS = 12
MONTHS = 6
AMOUNT_NANOS = 10_000 * NANO
MAX_MONTHS = 120
MIX_TOKENS = 1_000_000
SMALL = f"models of fewer than {LEAST_PEOPLE} people"
FOREVER_DAYS = 36_500.0
"""How long a purse lasts that nothing is drawn from any more."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model's use in the window, before and after, nano-USD."""

    provider: str
    model: str
    sums: Sums
    people: frozenset[str]
    """Ids of who used it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is open and still to come in a unit, and its value at list, nano-units and nano-USD."""

    unit: str
    open: int
    coming: int
    value_before: int
    """Of both at today's prices; for dollars what they are."""
    value_after: int
    """At the scenario's prices; for dollars: what they buy of today's work."""


@dataclass(frozen=True, slots=True)
class Purses:
    """Who runs out before the month ends at the rate of the window."""

    people: int
    """With anything open and any use."""
    out_before: int
    out_after: int
    days_before: float | None
    """How long what is open lasts, of the person in the middle."""
    days_after: float | None


@dataclass(frozen=True, slots=True)
class Trend:
    """What happened to a family's price of a token in the months of this house; None: too few months to say."""

    family: str
    months: tuple[tuple[str, int], ...]
    """Month and nano-USD per million tokens, those with use."""
    yearly: float | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a change comes to."""

    changes: tuple[Change, ...]
    sums: Sums
    """Of the window."""
    days: int
    models: tuple[ModelRow, ...]
    unpriced: tuple[str, ...]
    """Moves to a model without a price in the book: they move nobody."""
    held: tuple[Held, ...]
    purses: Purses
    trends: tuple[Trend, ...]
    amount: int
    months: int
    worths: tuple[tuple[str, Worth], ...]
    """What the amount, promised now, is worth after the months, by what may happen to prices."""

    def told(self) -> tuple[list[ModelRow], list[Trend]]:
        """Models for pages: what fewer than five people use is told together, and the trend of a family only where one of
        its models is told."""
        by_name = {(row.provider, row.model): row for row in self.models}
        found = split(
            [(key, len(row.people)) for key, row in by_name.items()],
            lambda keys: len(frozenset().union(*(by_name[key].people for key in keys))),
        )
        rows = [by_name[key] for key in found.named]
        if found.merged:
            some = [by_name[key] for key in found.merged]
            sums = [sum(getattr(row.sums, name) for row in some) for name in Sums.__slots__]
            rows.append(ModelRow("", SMALL, Sums(*sums), frozenset().union(*(row.people for row in some))))
        families = {family_of(row.model) for row in rows}
        return rows, [one for one in self.trends if one.family in families and one.months]


def changes_of(
    family: str = "", change: str = "", contracts: Sequence[str] = (), moves: Sequence[str] = ()
) -> tuple[Change, ...]:
    """Changes as people write them: `claude` and `-30%`; `anthropic=25%`; `MODEL_A=MODEL_B`. Raises InvalidInput."""
    found = []
    if bool(family) != bool(change):
        name, other = ("change", "family") if family else ("family", "change")
        raise InvalidInput(name, "nothing", f"both, as {other} is given: a family `claude` and a change `-30%`")
    if family:
        found.append(Change("price", _name("family", family), _points("change", change, -PARTS, 100 * PARTS)))
    for text in contracts:
        what, equals, share = text.partition("=")
        if not equals:
            raise InvalidInput("contract", repr(text[:80]), "a provider or model and its discount: anthropic=25%")
        found.append(Change("contract", _name("contract", what), _points("contract", share, 0, PARTS)))
    for text in moves:
        what, equals, to = text.partition("=")
        if not equals or not to.strip():
            raise InvalidInput("move", repr(text[:80]), "a model and another one: claude-opus-4-1=claude-sonnet-4-5")
        found.append(Change("move", _name("move", what), 0, _name("move", to)))
    if len(found) > MAX_CHANGES:
        raise InvalidInput("change", f"{len(found)} changes", f"at most {MAX_CHANGES}")
    return tuple(found)


def scenario(desk: Desk, changes: tuple[Change, ...], amount: int = AMOUNT_NANOS, months: int = MONTHS) -> Scenario:
    """The last 30 days at other prices, and what follows. Raises InvalidInput."""
    if not 0 < amount <= 10**9 * NANO:
        raise InvalidInput("amount", f"{amount} nano-USD", "more than nothing, at most a billion dollars")
    if not 1 <= months <= MAX_MONTHS:
        raise InvalidInput("months", str(months), f"1 to {MAX_MONTHS}")
    uses, past = taken(desk, "prices-used", _read).value
    with reading(desk.engine) as connection:
        book = price_history.book(connection)
    now = desk.now()
    effects = core.applied(uses, changes, lambda use, to: _reprice(book, use, to, now))
    house = exposure.house(desk).value
    sums = core.summed(effects)
    by_model: dict[tuple[str, str], list[core.Effect]] = {}
    for one in effects:
        by_model.setdefault((one.use.provider, one.use.model), []).append(one)
    rows = [
        ModelRow(provider, model, core.summed(some), frozenset(one.use.person for one in some))
        for (provider, model), some in by_model.items()
    ]
    rows.sort(key=lambda one: (-one.sums.list_before, one.model))
    trends = _trends(past, month_of(now))
    return Scenario(
        changes,
        sums,
        WINDOW_DAYS,
        tuple(rows),
        tuple(one.to for one in changes if one.kind == "move" and not _known(book, one.to, uses, now)),
        tuple(_held(one, effects, sums) for one in house.exposures if one.sums.open or one.coming),
        _purses(house, uses, core.by_person(effects), now),
        trends,
        amount,
        months,
        _worths(amount, months, trends, uses, float(sums.factor) if changes else 0.0),
    )


def family_of(model: str) -> str:
    """The words of a model's name before its version: `claude-sonnet`, `gpt`, `gemini`."""
    words = model.split("-")
    kept = [word for place, word in enumerate(words) if not any(w[:1].isdigit() for w in words[: place + 1])]
    return "-".join(kept) or model


# What is read.


def _read(desk: Desk) -> tuple[list[Use], list[tuple[str, str, int, int]]]:
    """Use of the window by person and model, and of the last months by month and model: list value and tokens."""
    today = desk.now() // MICROS_PER_DAY
    month = month_of(desk.now())
    names = months_between(following(month, 1 - TREND_MONTHS), month)
    return desk.store.read(lambda session: (_uses(session, today - WINDOW_DAYS, today + 1), _months(session, names)))


def _uses(session: Session, first: int, end: int) -> list[Use]:
    rows = session.rows(
        f"SELECT person, provider, model, SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens), "
        f"{wide_sum('list_nanos')}, {wide_sum('cost_nanos')} FROM usage_day WHERE unit = ? AND day >= ? AND day < ? "
        "GROUP BY person, provider, model ORDER BY person, provider, model",
        UNIT,
        first,
        end,
    )
    return [
        Use(
            str(row[1]),
            str(row[2]).lower(),
            max(0, wide(row[6], row[7])),
            max(0, wide(row[8], row[9])),
            int(row[3]),
            int(row[4]),
            int(row[5]),
            str(row[0]),
        )
        for row in rows
    ]


def _months(session: Session, names: Sequence[str]) -> list[tuple[str, str, int, int]]:
    days = kept_usage.house_days(session, days_of(names[0])[0], days_of(names[-1])[1])
    rows = session.rows(
        f"SELECT day, model, {kept_usage.wide_total('list_nanos')}, SUM(input_tokens + cached_tokens + output_tokens) "
        f"FROM {days.sql} AS u WHERE unit = ? GROUP BY day, model",
        *days.parameters,
        UNIT,
    )
    sums: dict[tuple[str, str], list[int]] = {}
    for day, model, high, low, tokens in rows:
        mine = sums.setdefault((month_of(int(day) * MICROS_PER_DAY), str(model).lower()), [0, 0])
        mine[0] += wide(high, low)
        mine[1] += int(tokens or 0)
    return [(name, model, amount, tokens) for (name, model), (amount, tokens) in sorted(sums.items())]


# What follows.


def _reprice(book: PriceBook, use: Use, to: str, now: int) -> tuple[Fraction, Fraction] | None:
    """A use at another model's rates over its own, each by the same mix of tokens. The mix is what the rollup knows of."""
    provider, _, model = to.rpartition("/")
    there = next(
        (one for one in (provider or use.provider, *_providers(book, model)) if book.tariff(one, model, now)), ""
    )
    ours, theirs = book.tariff(use.provider, use.model, now), book.tariff(there, model, now) if there else None
    whole = use.tokens
    if ours is None or theirs is None or not whole:
        return None
    mix = Tokens(
        input=use.input_tokens * MIX_TOKENS // whole,
        cache_read=use.cached_tokens * MIX_TOKENS // whole,
        output=use.output_tokens * MIX_TOKENS // whole,
    )
    listed, cost = ours.list_nanos(mix), ours.cost_nanos(mix)
    if not listed or not cost:
        return None
    return Fraction(theirs.list_nanos(mix), listed), Fraction(theirs.cost_nanos(mix), cost)


def _providers(book: PriceBook, model: str) -> list[str]:
    return [provider for provider, name in book.search(model) if name == model]


def _known(book: PriceBook, to: str, uses: Sequence[Use], now: int) -> bool:
    provider, _, model = to.rpartition("/")
    places = [provider] if provider else [*_providers(book, model), *{one.provider for one in uses}]
    return any(book.tariff(one, model, now) is not None for one in places)


def _held(one: exposure.Exposure, effects: Sequence[core.Effect], sums: Sums) -> Held:
    here, unit = one.sums.open + one.sums.held, Unit(one.unit)
    amount = here + one.coming
    if unit.is_currency:
        return Held(one.unit, here, one.coming, amount, round(amount / sums.factor) if sums.factor else amount)
    # A promised token is worth what the tokens of its family came to on average.
    some = [effect for effect in effects if unit.base == "tokens" and effect.use.model.startswith(unit.kind)]
    tokens = sum(effect.use.tokens for effect in some) * NANO
    if not tokens:
        return Held(one.unit, here, one.coming, 0, 0)
    before, after = sum(effect.use.list_nanos for effect in some), sum(effect.list_nanos for effect in some)
    return Held(one.unit, here, one.coming, amount * before // tokens, amount * after // tokens)


def _purses(house: exposure.House, uses: Sequence[Use], factors: dict[str, Fraction], now: int) -> Purses:
    left: dict[str, int] = {}
    for row in house.rows:
        if row.unit == UNIT:
            left[row.person] = left.get(row.person, 0) + row.sums.open + row.sums.held
    rate: dict[str, int] = {}
    for use in uses:
        rate[use.person] = rate.get(use.person, 0) + use.list_nanos
    ends = days_of(month_of(now))[1] - now / MICROS_PER_DAY
    before, after = [], []
    for person, amount in left.items():
        used = rate.get(person, 0)
        if amount > 0 and used > 0:
            days = amount * WINDOW_DAYS / used
            before.append(days)
            after.append(days / float(factors[person]) if factors[person] else FOREVER_DAYS)
    if not before:
        return Purses(0, 0, 0, None, None)
    out = [sum(one < ends for one in days) for days in (before, after)]
    return Purses(len(before), out[0], out[1], median(before), median(after))


def _trends(past: Sequence[tuple[str, str, int, int]], month: str) -> tuple[Trend, ...]:
    sums: dict[str, dict[str, list[int]]] = {}
    for name, model, amount, tokens in past:
        mine = sums.setdefault(family_of(model), {}).setdefault(name, [0, 0])
        mine[0] += amount
        mine[1] += tokens
    names = months_between(following(month, 1 - TREND_MONTHS), month)
    found = []
    for family, by_month in sums.items():
        series = [(by_month.get(name, [0, 0])[0], by_month.get(name, [0, 0])[1]) for name in names]
        prices = tuple(
            (name, amount * 1_000_000 // tokens)
            for name, (amount, tokens) in zip(names, series, strict=True)
            if amount > 0 and tokens > 0
        )
        found.append((sum(one[0] for one in series), Trend(family, prices, core.yearly(series))))
    return tuple(one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].family)))


def _worths(
    amount: int, months: int, trends: Sequence[Trend], uses: Sequence[Use], factor: float
) -> tuple[tuple[str, Worth], ...]:
    """By what may happen: this scenario, the house's own trend (each family by what is used of it), drifts of others."""
    found = []
    if factor > 0:
        found.append(("this scenario", core.worth(amount, factor)))
    weights: dict[str, int] = {}
    for use in uses:
        weights[family_of(use.model)] = weights.get(family_of(use.model), 0) + use.list_nanos
    known = [(weights.get(one.family, 0), one.yearly) for one in trends if one.yearly is not None]
    whole = sum(weight for weight, _ in known)
    if whole:
        blended = sum(weight * core.drifted(year, months) for weight, year in known) / whole
        found.append(("own trend", core.worth(amount, blended)))
    return (*found, *((name, core.worth(amount, core.drifted(year, months))) for name, year in core.DRIFTS.items()))


def document(one: Scenario) -> dict[str, Any]:
    """As JSON, amounts in nano-USD."""
    return {
        "changes": [
            {"kind": change.kind, "what": change.what, "basis_points": change.basis_points, "to": change.to}
            for change in one.changes
        ],
        "days": one.days,
        **_nanos(one.sums),
        "models": [{"provider": row.provider, "model": row.model, **_nanos(row.sums)} for row in one.models],
        "unpriced": list(one.unpriced),
        "held": [
            {
                "unit": held.unit,
                "open_nanos": held.open,
                "coming_nanos": held.coming,
                "value_before_nanos": held.value_before,
                "value_after_nanos": held.value_after,
            }
            for held in one.held
        ],
        "run_out": {
            "people": one.purses.people,
            "before": one.purses.out_before,
            "after": one.purses.out_after,
            "median_days_before": one.purses.days_before,
            "median_days_after": one.purses.days_after,
        },
        "trends": [
            {"family": trend.family, "yearly_factor": trend.yearly, "months": dict(trend.months)}
            for trend in one.trends
        ],
        "promise_nanos": one.amount,
        "months": one.months,
        "worth": [
            {
                "if": name,
                "factor": worth.factor,
                "dollars_buy_nanos": worth.buys,
                "tokens_worth_nanos": worth.tokens_worth,
            }
            for name, worth in one.worths
        ],
    }


def _nanos(sums: Sums) -> dict[str, int]:
    return {
        "list_before_nanos": sums.list_before,
        "list_after_nanos": sums.list_after,
        "cost_before_nanos": sums.cost_before,
        "cost_after_nanos": sums.cost_after,
    }


def _points(field: str, text: str, least: int, most: int) -> int:
    expected = f"a percentage of at most two decimals, {least / 100:g}% to {most / 100:g}%"
    try:
        points = Decimal(text.strip().removesuffix("%").strip()) * 100
    except InvalidOperation as error:
        raise InvalidInput(field, repr(text[:40]), expected) from error
    if not points.is_finite() or points != points.to_integral_value() or not least < points <= most:
        raise InvalidInput(field, repr(text[:40]), expected)
    return int(points)


def _name(field: str, text: str) -> str:
    found = text.strip().lower()
    if not found or len(found) > 100 or not found.isprintable():
        raise InvalidInput(field, repr(text[:80]), "a provider, a model, or what its name begins with")
    return found
