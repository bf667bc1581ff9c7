"""A person's statement of total pay: cash and equity as they are typed in, and beside them, never added, the tokens.

Tokens are told by what was promised (face), what is expected to be used and to expire unused, and what that is worth to
the person as pay, where the terms allow a personal use at all. Pay is an argument and is kept nowhere: the roster has
none. What is expected is an estimate for one year from the person's own past use, under assumptions that are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros, months_later
from bursar.errors import InvalidInput
from bursar.insight.simulation.usage import PERSONAS, Persona
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.money import NANO, Amount, parse_amount
from bursar.offers.lines import use_of
from bursar.offers.outcome import evaluate
from bursar.offers.terms import STEADY, Line, Offer, Pay
from bursar.offers.totals import Outcome, Setup
from bursar.office.database import reading
from bursar.office.figures import usage_sums
from bursar.office.granting import grants
from bursar.office.granting.grants import Grant
from bursar.office.workforce import people
from bursar.plans.factsheet import FactSheet, fact_sheet
from bursar.plans.schedule import Segment
from bursar.plans.terms import Plan, Tier

if TYPE_CHECKING:
    from bursar.office.desk import Desk

YEAR_MONTHS = 12
YEAR_DAYS = 365
HISTORY_MONTHS = 6
"""Whole months of use that next year's is expected from."""
MONTH_SIGMA = 0.5
"""From month to month, around the person's own mean; as where offers are weighed."""
PATHS = 4_000
"""Worlds: the mean is known to about a percent."""
MOST_PAY = 1e12
FIELDS = ("salary", "bonus", "equity", "benefits")
TOLD = ("use", "expiry", "rollover", "vesting", "limit", "changes", "leaving", "tax")
"""The answers of the fact sheet that belong on a statement."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One grant under a plan, by year at its terms of today."""

    grant: str
    title: str
    terms: str
    plan: Plan
    face: Amount
    """What a year promises."""
    use: str
    """`open`, `work`, `personal`."""
    sheet: FactSheet

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(one.question, one.answer) for one in self.sheet.answers if one.id in TOLD]


@dataclass(frozen=True, slots=True)
class Past:
    """What became of the tokens in the last twelve months, nano-units of the currency."""

    released: int
    spent: int
    expired: int
    revoked: int
    left: int
    """Open now."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of the next year, in the currency; `worth` is what it is worth as pay before tax."""

    face: float
    used: float
    work: float
    personal: float
    unused: float
    """Expires, or is still there at the end."""
    granted: float
    worth: float
    low: float
    high: float
    """Eight worlds of ten lie between."""
    use_a_month: float
    from_own_use: int
    """Months of the person's own use that it is drawn from; 0: usual figures of others."""


@dataclass(frozen=True, slots=True)
class Statement:
    """All of it."""

    person: dict[str, Any]
    currency: str
    pay: Pay
    promises: tuple[Promise, ...]
    elsewhere: tuple[Promise, ...]
    """In units that have no price here, or another currency: told, not valued."""
    by_hand: int
    """Open now of what was given by hand, nano-units of the currency."""
    past: Past
    lines: tuple[Line, ...]
    """The promises in the currency, as offers weigh them."""
    expected: Expected | None
    """None where nothing is promised in the currency."""

    @property
    def cash(self) -> float:
        return self.pay.cash

    @property
    def paid(self) -> float:
        """Cash, equity and benefits: the total. Tokens are not in it."""
        return self.pay.cash + self.pay.equity + self.pay.benefits


def typed_pay(typed: dict[str, str], currency: str) -> Pay:
    """Pay by year as it was typed. Raises InvalidInput, which names the field."""
    found = {}
    for name in FIELDS:
        text = typed.get(name, "").strip()
        amount = parse_amount(text, field=name) if text else None
        if amount is not None and (str(amount.unit) != currency or not 0 <= amount.nanos / NANO <= MOST_PAY):
            raise InvalidInput(name, repr(text[:40]), f"an amount in {currency} from nothing up to a trillion")
        found[name] = None if amount is None else amount.nanos / NANO
    return Pay(found["salary"], found["bonus"] or 0.0, found["equity"] or 0.0, 0.0, found["benefits"] or 0.0)


def statement(desk: Desk, person: str, typed: dict[str, str]) -> Statement:
    """The statement of a person as of now. Raises NotFound, InvalidInput."""
    now = desk.now()
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        running = grants.listed(connection, person=holder["id"], active_at=now)
    currency = next((one.history.segment_at(now).plan.currency for one in running), "USD")
    pay = typed_pay(typed, currency)
    found = [_promise(one, now) for one in running]
    valued = [one for one in found if str(one.face.unit) == currency]
    lots, spent, monthly = desk.store.read(lambda session: _read(session, holder["id"], currency, now))
    planned = {one.id for one in running}
    segments = [one.history.segment_at(now) for one in running]
    lines = tuple(_line(one.title, segment) for one, segment in zip(found, segments, strict=True) if one in valued)
    return Statement(
        holder,
        currency,
        pay,
        tuple(valued),
        tuple(one for one in found if one not in valued),
        sum(one.available for one in lots if one.open and one.terms.grant not in planned),
        _past(lots, spent, now),
        lines,
        expected(lines, sum(one.face.nanos for one in valued) / NANO, currency, monthly, now) if valued else None,
    )


def expected(lines: Sequence[Line], face: float, currency: str, monthly: Sequence[int], now: int) -> Expected:
    """What a year brings if terms, employment and prices stay, and the use goes on as in `monthly` (nano-units, whole
    months; usual figures of others where there is none). `face` is what the year promises."""
    own = [one / NANO for one in monthly]
    if own and not any(own):
        return Expected(face, 0.0, 0.0, 0.0, face, 0.0, 0.0, 0.0, 0.0, 0.0, len(own))
    usage = Persona("own use", sum(own) / len(own), 0.0, "their own months") if own else PERSONAS["moderate"]
    me = replace(STEADY, usage=usage, month_sigma=MONTH_SIGMA, leaving=0.0)
    first = months_later(from_micros(now).date().replace(day=1), 1)
    offer = Offer("statement", "statement", currency, Pay(), tuple(lines), first, YEAR_MONTHS)
    return _expected(evaluate(offer, me, Setup(paths=PATHS, fan=False)), usage, len(own))


def _expected(outcome: Outcome, usage: Persona, months: int) -> Expected:
    totals = outcome.totals
    return Expected(
        totals.face,
        totals.used,
        totals.work,
        totals.personal,
        totals.forfeited + totals.left,
        totals.granted,
        outcome.cash.mean,
        outcome.cash.p10,
        outcome.cash.p90,
        usage.median,
        months,
    )


def _line(name: str, segment: Segment) -> Line:
    plan = segment.plan
    return Line(
        name,
        plan,
        Tier(segment.tier, segment.amount),
        use=use_of(plan),
        revocation=0.0,
        taxed="nothing" if plan.plan_class == "provisioned_tool" else "personal_use",
    )


def _promise(grant: Grant, now: int) -> Promise:
    segment = grant.history.segment_at(now)
    sheet = fact_sheet(segment.plan, segment.tier)
    words = grants.in_words(segment.amount, segment.plan)
    return Promise(grant.id, segment.plan.title, words, segment.plan, year_of(segment), use_of(segment.plan), sheet)


def year_of(segment: Segment) -> Amount:
    """What a year of these terms promises: what is given once counts once, by year of its vesting if it vests."""
    every, vesting = segment.plan.allotment.every, segment.plan.vesting
    if every is not None:
        share = (YEAR_MONTHS, every.months) if every.months else (YEAR_DAYS, every.days)
        return segment.amount.share(*share)
    if vesting is not None and vesting.over is not None:
        over = vesting.over
        return segment.amount.share(*((YEAR_MONTHS, over.months) if over.months else (YEAR_DAYS, over.days)))
    return segment.amount


def _read(session: Session, person_id: str, currency: str, now: int) -> tuple[list[ledger.LotBalance], int, list[int]]:
    """Lots in the currency, what was spent in a year, and whole months of use, from the first with some."""
    newest = session.rows("SELECT effective FROM entry WHERE person = ? ORDER BY seq DESC LIMIT 1", person_id)
    at = max(now, newest[0][0] if newest else now)
    lots = [one for one in ledger.balance(session, person_id, at) if one.terms.unit == currency]
    today = now // MICROS_PER_DAY
    days = usage_sums.usage_by(session, "day", today - YEAR_DAYS, today + 1, person_id, currency)
    this = from_micros(now).date().replace(day=1)
    by_month: dict[int, int] = {}
    for one in days:
        day = from_micros(int(one.key) * MICROS_PER_DAY).date()
        back = (this.year - day.year) * 12 + this.month - day.month
        by_month[back] = by_month.get(back, 0) + one.amount
    known = [back for back in by_month if 1 <= back <= HISTORY_MONTHS]
    monthly = [max(0, by_month.get(back, 0)) for back in range(max(known, default=0), 0, -1)]
    return lots, sum(one.amount for one in days), monthly


def _past(lots: Sequence[ledger.LotBalance], spent: int, now: int) -> Past:
    since = now - YEAR_DAYS * MICROS_PER_DAY
    year = [one for one in lots if one.terms.effective > since]
    return Past(
        sum(one.terms.amount for one in year if not one.terms.parent and one.terms.effective <= now),
        spent,
        sum(one.expired for one in year),
        sum(one.revoked for one in year),
        sum(one.available for one in lots if one.open),
    )
