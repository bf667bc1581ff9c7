"""What a month's use counts for under the rules of each person's place: for themselves, and for whoever runs payroll.

Use counts to its day (UTC), by the purpose of its key, at the list price and the cost that were kept with it; the rules are
those of the month's last day, or of the day that was asked. Nobody's pay is kept here, so what hangs on the year's pay is
worked out only where it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bursar.errors import InvalidInput
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.books import payroll, tax_policy
from bursar.office.books.tax_policy import Policy
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.months import EPOCH, checked, days_of, month_of
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, grant_terms, person, plan_grant
from bursar.office.terms import plans
from bursar.office.workforce import people
from bursar.plans.terms import Plan
from bursar.tax import (
    TIMINGS,
    Assessment,
    Case,
    Exchange,
    GrossUp,
    Rules,
    Use,
    YearToDate,
    assess,
    assess_all,
    gross_up,
    loaded,
)
from bursar.tax.case import NOTICE
from bursar.tax.facts import Facts, Value

if TYPE_CHECKING:
    from bursar.office.desk import Desk

CURRENCY = "USD"
KNOWN = ("work", "learning", "personal")
"""Purposes as the rules know them; anything else is `other`."""
Own = Mapping[str, int]
"""Own money that was spent, by purpose; nano-USD."""


@dataclass(frozen=True, slots=True)
class Options:
    """What Bursar does not keep, given for one person; amounts in nano-units of the country's currency."""

    timing: str = ""
    year_to_date: YearToDate | None = None
    marginal_ppm: int | None = None
    other_benefits: int = 0
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whole:
    """A grant that was promised whole on a day (counted from 1970-01-01) and vests later; nano-USD."""

    person: str
    day: int
    amount: int


@dataclass(frozen=True, slots=True)
class Taxed:
    """One person's month and what the rules make of it; `uses` are in nano-USD."""

    month: str
    until: date
    """The last day that is counted."""
    person: str
    handle: str
    name: str
    email: str
    team: str
    location: str
    uses: tuple[Use, ...]
    own_money: int
    answer: Assessment

    def used(self, purpose: str) -> Use:
        return next((one for one in self.uses if one.purpose == purpose), Use(purpose, 0, 0))


@dataclass(frozen=True, slots=True)
class House:
    """A month of everybody who used anything, by handle."""

    month: str
    until: date
    version: str
    notice: str
    lines: tuple[Taxed, ...]

    def of(self, handle: str) -> Taxed | None:
        return next((one for one in self.lines if one.handle == handle), None)

    @property
    def unclear(self) -> int:
        """People about whom somebody has to be asked."""
        return sum(1 for one in self.lines if one.answer.status == "needs_adviser")

    def totals(self) -> dict[str, int]:
        """What is taxable by currency; people about whom somebody has to be asked with what counts in any case."""
        found: dict[str, int] = {}
        for one in self.lines:
            if one.answer.at_least:
                found[one.answer.unit] = found.get(one.answer.unit, 0) + one.answer.at_least
        return dict(sorted(found.items()))


def span(desk: Desk, month: str, at: str) -> tuple[str, int, int, date]:
    """The month that is meant, its first day, the end of what is counted, and the day whose rules hold."""
    if at:
        asked = desk.instant(at, "UTC", "at")
        last = asked // MICROS_PER_DAY
        month = checked(month) if month else month_of(asked)
    else:
        last = None
        month = checked(month) if month else month_of(desk.now())
    first, end = days_of(month)
    if last is not None:
        if last < first:
            raise InvalidInput("at", at[:40], f"a day of {month} or later")
        end = min(end, last + 1)
    return month, first, end, EPOCH + timedelta(days=end - 1)


def of_house(desk: Desk, month: str = "", at: str = "", timing: str = "") -> Taken[House]:
    """A month of the house as far as it has come; `timing` asks what it would be if plans said that it counts then."""
    if timing and timing not in TIMINGS:
        raise InvalidInput("timing", repr(timing)[:80], f"one of {', '.join(TIMINGS)}")
    month, first, end, _ = span(desk, month, at)
    return taken(desk, f"taxing:{month}:{end}:{timing}", lambda own: _house(own, month, first, end, timing))


def of_person(desk: Desk, name: str, month: str = "", at: str = "", options: Options | None = None) -> Taxed:
    """One person's month, with what is left and what lapsed. Raises NotFound, InvalidInput."""
    options = options or Options()
    month, first, end, until = span(desk, month, at)
    with reading(desk.engine) as connection:
        row = people.named(connection, name)
        facts = _plan_facts(connection, end * MICROS_PER_DAY, row["id"]).get(row["id"], {})
        whole = _whole(connection, row["id"]) if options.timing == "grant" else {}
    rules = loaded()
    found = tax_policy.policy(desk, rules)
    moment = min(end * MICROS_PER_DAY, desk.now())

    def read(session: Session) -> tuple[dict[str, dict[str, Use]], dict[str, int], list[ledger.LotBalance], Own]:
        own = payroll.own_money_parts(session, month, row["id"]).get(row["id"], {})
        opened = _available(session, first, end, whole, row["id"])
        return _uses(session, first, end, row["id"]), opened, ledger.balance(session, row["id"], moment), own

    uses, opened, lots, own = desk.store.read(read)
    inside = [lot for lot in lots if lot.terms.unit == CURRENCY and not lot.terms.id.startswith(payroll.OWN_MONEY_LOTS)]
    lapsed = sum(lot.expired for lot in inside if first <= lot.terms.expires // MICROS_PER_DAY < end)
    case = _case(
        found.jurisdiction(row["location"], rules), until, uses.get(row["id"], {}), own, facts, found, rules, options,
        available=opened.get(row["id"], 0), unused=sum(lot.available for lot in inside if lot.open), expired=lapsed,
    )  # fmt: skip
    return _taxed(row, month, case, own, assess(case, rules))


def grossed_up(found: Taxed, options: Options) -> GrossUp:
    """What has to be paid so that what counts is left after what the employee is charged.

    Raises InvalidInput where nobody can say what counts, or a rate needs a figure that was not given.
    """
    answer, rules = found.answer, loaded()
    placed = rules.place(answer.jurisdiction)
    if answer.taxable is None or placed is None:
        raise InvalidInput("gross-up", "an amount that an adviser has to say", "a month that the rules assess")
    if answer.unit != placed[0].currency:
        raise InvalidInput("gross-up", answer.unit, f"an exchange rate to {placed[0].currency} in the tax policy")
    rates = [rule for rule in placed[0].in_force(answer.on, answer.jurisdiction) if rule.effect == "rate"]
    return gross_up(answer.taxable, rates, options.year_to_date, options.marginal_ppm)


def _house(desk: Desk, month: str, first: int, end: int, timing: str) -> House:
    rules = loaded()
    found = tax_policy.policy(desk, rules)
    with reading(desk.engine) as connection:
        everybody = _people(connection)
        facts = _plan_facts(connection, end * MICROS_PER_DAY)
        whole = _whole(connection) if timing == "grant" else {}

    def read(session: Session) -> tuple[dict[str, dict[str, Use]], dict[str, int], dict[str, dict[str, int]]]:
        opened = _available(session, first, end, whole)
        return _uses(session, first, end), opened, payroll.own_money_parts(session, month)

    uses, opened, own = desk.store.read(read)
    rows = [row for row in everybody if row["id"] in uses or own.get(row["id"]) or opened.get(row["id"])]
    until, options = EPOCH + timedelta(days=end - 1), Options(timing)
    places = {place: found.jurisdiction(place, rules) for place in {row["location"] for row in rows}}
    cases = [
        _case(
            places[row["location"]], until, uses.get(row["id"], {}), own.get(row["id"], {}), facts.get(row["id"], {}),
            found, rules, options, available=opened.get(row["id"], 0),
        )
        for row in rows
    ]  # fmt: skip
    lines = [
        _taxed(row, month, case, own.get(row["id"], {}), answer)
        for row, case, answer in zip(rows, cases, assess_all(cases, rules), strict=True)
    ]
    # Who only had something to use is told of where that is what counts.
    told = tuple(one for one in lines if one.uses or one.own_money or one.answer.timing in ("vest", "grant"))
    return House(month, until, rules.version, NOTICE.format(version=rules.version), told)


def _case(
    jurisdiction: str,
    until: date,
    uses: Mapping[str, Use],
    own_money: Own,
    plan_facts: Mapping[str, Value],
    policy: Policy,
    rules: Rules,
    options: Options | None = None,
    *,
    available: int = 0,
    unused: int = 0,
    expired: int = 0,
) -> Case:
    options = options or Options()
    facts: dict[str, Value] = {"substantiated": True, **plan_facts}
    if sum(own_money.values()) > 0:
        facts["overage"] = "out_of_pocket"
    return Case(
        jurisdiction,
        until,
        tuple(uses[one] for one in sorted(uses)),
        Use("available", available, available),
        unused=unused,
        expired=expired,
        made_good=_made_good(own_money, options.timing),
        facts=facts | policy.of(jurisdiction) | dict(options.facts),
        timing=options.timing,
        currency=CURRENCY,
        exchange=_exchange(jurisdiction, policy, rules),
        other_benefits=options.other_benefits,
        year_to_date=options.year_to_date,
        marginal_ppm=options.marginal_ppm,
        relies_on=policy.relies_on,
    )


def _taxed(row: Mapping[str, Any], month: str, case: Case, own_money: Own, answer: Assessment) -> Taxed:
    if not case.jurisdiction:
        answer = _nowhere(answer, row["location"])
    return Taxed(
        month, case.on, row["id"], row["handle"], row["name"], row["email"], row["team"], row["location"], case.uses,
        sum(own_money.values()), answer,
    )  # fmt: skip


def _made_good(own_money: Own, timing: str) -> int:
    """What somebody paid for personal use out of their own pay: no benefit. What was given back counts against it."""
    if timing in ("vest", "grant"):  # own money is no part of what was promised
        return 0
    return max(0, own_money.get("personal", 0) + min(0, own_money.get("", 0)))


def _nowhere(answer: Assessment, location: str) -> Assessment:
    place = f"the place {location[:60]!r}" if location else "no place"
    why = f"the roster says {place}, and nobody said whose law holds there (bursar tax policy)"
    return replace(answer, why=why)


def _exchange(jurisdiction: str, policy: Policy, rules: Rules) -> Exchange | None:
    placed = rules.place(jurisdiction)
    return None if placed is None else policy.exchange.get(placed[0].currency)


def _uses(session: Session, first: int, end: int, only: str = "") -> dict[str, dict[str, Use]]:
    """Use by person and purpose, at list price and at cost."""
    days = kept_usage.person_sums(session, first, end, only)
    rows = session.rows(
        f"SELECT person, purpose, {wide_sum('list_nanos')}, {wide_sum('cost_nanos')} FROM {days.sql} AS u "
        "GROUP BY person, purpose",
        *days.parameters,
    )
    found: dict[str, dict[str, Use]] = {}
    for row in rows:
        # What runs in production is work: it is charged to a service, which is no person's pay.
        kind = "work" if row[1] == "production" else str(row[1]) if row[1] in KNOWN else "other"
        mine = found.setdefault(str(row[0]), {})
        before = mine.get(kind, Use(kind, 0, 0))
        listed, cost = before.list_nanos + wide(row[2], row[3]), before.cost_nanos + wide(row[4], row[5])
        mine[kind] = Use(kind, listed, cost)
    return found


def _available(session: Session, first: int, end: int, whole: Mapping[str, Whole], only: str = "") -> dict[str, int]:
    """What became available by person, at face: lots as they open, without what was rolled over from before.

    Of `whole` grants everything on the day on which they were promised, and nothing of their lots.
    """
    rows = session.rows(
        f"SELECT person, grant_id, {wide_sum('amount')} FROM lot WHERE unit = ? AND parent = '' AND effective >= ? "
        f"AND effective < ? AND id NOT LIKE ? {'AND person = ?' if only else ''} GROUP BY person, grant_id",
        CURRENCY,
        first * MICROS_PER_DAY,
        end * MICROS_PER_DAY,
        f"{payroll.OWN_MONEY_LOTS}%",
        *([only] if only else []),
    )
    found: dict[str, int] = {}
    for row in rows:
        if row[1] not in whole:
            found[str(row[0])] = found.get(str(row[0]), 0) + wide(row[2], row[3])
    for one in whole.values():
        if first <= one.day < end:
            found[one.person] = found.get(one.person, 0) + one.amount
    return found


def _whole(connection: Connection, only: str = "") -> dict[str, Whole]:
    """Grants that are promised whole and vest over a time, by id."""
    grant, terms = plan_grant.c, grant_terms.c
    query = (
        select(grant.id, grant.person, grant.starts, terms.plan, terms.version, terms.amount_nanos)
        .join(grant_terms, (terms.grant_id == grant.id) & (terms.number == 0))
        .where(terms.unit == CURRENCY)
    )
    known: dict[tuple[str, int], Plan] = {}
    found: dict[str, Whole] = {}
    for row in connection.execute(query.where(grant.person == only) if only else query):
        key = (row.plan, row.version)
        if key not in known:
            known[key] = plans.numbered(connection, *key).plan
        if known[key].vesting is not None and known[key].allotment.every is None:
            found[row.id] = Whole(row.person, row.starts // MICROS_PER_DAY, row.amount_nanos)
    return found


def _people(connection: Connection) -> list[dict[str, Any]]:
    row = person.c
    query = select(row.id, row.handle, row.name, row.email, row.team, row.location)
    found = connection.execute(query.where(row.organisation == ORGANISATION).order_by(row.handle))
    return [dict(one._mapping) for one in found]


def _plan_facts(connection: Connection, moment: int, only: str = "") -> dict[str, dict[str, Value]]:
    """What the plans of each person say at an instant: their class, what they allow, what happens past the limit."""
    grant, terms = plan_grant.c, grant_terms.c
    query = (
        select(grant.id, grant.person, terms.plan, terms.version)
        .join(grant_terms, terms.grant_id == grant.id)
        .where(grant.starts < moment, (grant.ends == 0) | (grant.ends >= moment), terms.start < moment)
        .order_by(terms.start, terms.number)
    )
    last: dict[str, tuple[str, tuple[str, int]]] = {}
    for row in connection.execute(query.where(grant.person == only) if only else query):
        last[row.id] = (row.person, (row.plan, row.version))
    known: dict[tuple[str, int], Plan] = {}
    mine: dict[str, set[tuple[str, int]]] = {}
    for who, key in last.values():
        if key not in known:
            known[key] = plans.numbered(connection, *key).plan
        mine.setdefault(who, set()).add(key)
    together: dict[frozenset[tuple[str, int]], dict[str, Value]] = {}
    found: dict[str, dict[str, Value]] = {}
    for who, keys in mine.items():
        which = frozenset(keys)
        if which not in together:
            together[which] = facts_of([known[key] for key in sorted(which)])
        found[who] = together[which]
    return found


def facts_of(terms: Iterable[Plan]) -> dict[str, Value]:
    """What plans say together: of their classes and purposes the one that is taxed most."""
    held = list(terms)
    if not held:
        return {}
    classes = {plan.plan_class for plan in held}
    steps = {step.kind for plan in held for step in plan.at_limit}
    overage = "out_of_pocket" if "own_money" in steps else "topped_up" if steps & {"top_up", "request"} else "blocked"
    return {
        "plan_class": next(one for one in ("benefit", "hybrid", "provisioned_tool") if one in classes),
        "restriction": _restriction([set(plan.scope.purposes) for plan in held]),
        "overage": overage,
        "cash_out": any(plan.leaving.pay_out for plan in held),
        "rollover_crosses_year": any(plan.rollover is not None for plan in held),
    }


def _restriction(purposes: list[set[str]]) -> str:
    if any(not one or "personal" in one for one in purposes):
        return "unrestricted"
    return "learning" if any("learning" in one for one in purposes) else "work_only"
