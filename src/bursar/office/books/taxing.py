"""What a month's use counts for under the rules of each person's place: for themselves, and for whoever runs payroll.

Use counts to its day (UTC), by the purpose of its key, at the list price and the cost that were kept with it; the rules are
those of the month's last day, or of the day that was asked. Nobody's pay is kept here, so what hangs on the year's pay is
worked out only where it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bursar.errors import InvalidInput
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.books import payroll, tax_policy
from bursar.office.books.tax_policy import Policy
from bursar.office.database import reading
from bursar.office.months import EPOCH, checked, days_of, month_of
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, grant_terms, person, plan_grant
from bursar.office.terms import plans
from bursar.office.workforce import people
from bursar.plans.terms import Plan
from bursar.tax import Assessment, Case, Exchange, Rules, Use, YearToDate, assess, loaded
from bursar.tax.facts import Facts, Value

if TYPE_CHECKING:
    from bursar.office.desk import Desk

CURRENCY = "USD"
KNOWN = ("work", "learning", "personal")
"""Purposes as the rules know them; anything else is `other`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What Bursar does not keep, given for one person; amounts in nano-units of the country's currency."""

    timing: str = ""
    year_to_date: YearToDate | None = None
    marginal_ppm: int | None = None
    other_benefits: int = 0
    facts: Facts = field(default_factory=dict)


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


def of_house(desk: Desk, month: str = "", at: str = "") -> Taken[House]:
    """A month of the house as far as it has come."""
    month, first, end, _ = span(desk, month, at)
    return taken(desk, f"taxing:{month}:{end}", lambda own: _house(own, month, first, end))


def of_person(desk: Desk, name: str, month: str = "", at: str = "", options: Options | None = None) -> Taxed:
    """One person's month, with what is left and what lapsed. Raises NotFound, InvalidInput."""
    options = options or Options()
    month, first, end, until = span(desk, month, at)
    with reading(desk.engine) as connection:
        row = people.named(connection, name)
        facts = _plan_facts(connection, end * MICROS_PER_DAY, row["id"]).get(row["id"], {})
    rules = loaded()
    found = tax_policy.policy(desk, rules)
    moment = min(end * MICROS_PER_DAY, desk.now())

    def read(session: Session) -> tuple[dict[str, dict[str, Use]], list[ledger.LotBalance], int]:
        own = payroll.own_money(session, month, row["id"]).get(row["id"], 0)
        return _uses(session, first, end, row["id"]), ledger.balance(session, row["id"], moment), own

    uses, lots, own = desk.store.read(read)
    inside = [lot for lot in lots if lot.terms.unit == CURRENCY and not lot.terms.id.startswith(payroll.OWN_MONEY_LOTS)]
    opened = sum(
        lot.terms.amount - lot.rolled
        for lot in inside
        if first * MICROS_PER_DAY <= lot.terms.effective < end * MICROS_PER_DAY and not lot.terms.parent
    )
    lapsed = sum(lot.expired for lot in inside if first <= lot.terms.expires // MICROS_PER_DAY < end)
    return _taxed(
        row, month, until, uses.get(row["id"], {}), own, facts, found, rules,
        options=options, available=opened, unused=sum(lot.available for lot in inside if lot.open), expired=lapsed,
    )  # fmt: skip


def _house(desk: Desk, month: str, first: int, end: int) -> House:
    rules = loaded()
    found = tax_policy.policy(desk, rules)
    uses, own = desk.store.read(lambda session: (_uses(session, first, end), payroll.own_money(session, month)))
    with reading(desk.engine) as connection:
        rows = [row for row in _people(connection) if row["id"] in uses or own.get(row["id"])]
        facts = _plan_facts(connection, end * MICROS_PER_DAY)
    until = EPOCH + timedelta(days=end - 1)
    lines = tuple(
        _taxed(
            row, month, until, uses.get(row["id"], {}), own.get(row["id"], 0), facts.get(row["id"], {}), found, rules
        )
        for row in rows
    )
    notice = f"Estimate for discussion, not tax advice; rules version {rules.version}"
    return House(month, until, rules.version, notice, lines)


def _taxed(
    row: Mapping[str, Any],
    month: str,
    until: date,
    uses: Mapping[str, Use],
    own_money: int,
    plan_facts: Mapping[str, Value],
    policy: Policy,
    rules: Rules,
    *,
    options: Options | None = None,
    available: int = 0,
    unused: int = 0,
    expired: int = 0,
) -> Taxed:
    options = options or Options()
    jurisdiction = policy.jurisdiction(row["location"], rules)
    facts: dict[str, Value] = {"substantiated": True, **plan_facts}
    if own_money > 0:
        facts["overage"] = "out_of_pocket"
    facts |= {**policy.of(jurisdiction), **options.facts}
    ordered = tuple(uses[one] for one in sorted(uses))
    case = Case(
        jurisdiction,
        until,
        ordered,
        Use("available", available, available) if available else None,
        unused=unused,
        expired=expired,
        facts=facts,
        timing=options.timing,
        currency=CURRENCY,
        exchange=_exchange(jurisdiction, policy, rules),
        other_benefits=options.other_benefits,
        year_to_date=options.year_to_date,
        marginal_ppm=options.marginal_ppm,
        relies_on=policy.relies_on,
    )
    return Taxed(
        month, until, row["id"], row["handle"], row["name"], row["email"], row["team"], row["location"], ordered,
        own_money, assess(case, rules) if jurisdiction else _nowhere(case, rules, row["location"]),
    )  # fmt: skip


def _nowhere(case: Case, rules: Rules, location: str) -> Assessment:
    place = f"the place {location[:60]!r}" if location else "no place"
    why = f"the roster says {place}, and nobody said whose law holds there (bursar tax policy)"
    return Assessment(
        "needs_adviser", why, "", case.on, case.currency, None, 0, "", "", (), (), (), (), (), rules.version
    )  # fmt: skip


def _exchange(jurisdiction: str, policy: Policy, rules: Rules) -> Exchange | None:
    placed = rules.place(jurisdiction)
    return None if placed is None else policy.exchange.get(placed[0].currency)


def _uses(session: Session, first: int, end: int, only: str = "") -> dict[str, dict[str, Use]]:
    """Use by person and purpose, at list price and at cost."""
    rows = session.rows(
        f"SELECT person, purpose, {wide_sum('list_nanos')}, {wide_sum('cost_nanos')} FROM usage_day "
        f"WHERE day >= ? AND day < ? {'AND person = ?' if only else ''} GROUP BY person, purpose",
        first,
        end,
        *([only] if only else []),
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
