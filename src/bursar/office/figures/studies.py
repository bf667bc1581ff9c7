"""Questions that a house asks about itself, answered from its ledger and roster: each a use case of one function.

What is about single people (`rationing`, `unattended`) is for whoever may read the journal, and is refused where the house
does without figures of single people. The others are aggregates: groups of fewer than five people are not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bursar.calendar import from_micros
from bursar.errors import Forbidden, InvalidInput
from bursar.insight import dispersion, outcomes, rationing, shifting, trends, working_time
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.money import NANO
from bursar.office import openings
from bursar.office.database import reading
from bursar.office.figures import exposure, usage_sums
from bursar.office.figures.small_groups import LEAST_PEOPLE
from bursar.office.figures.total_pay import year_of
from bursar.office.granting import grants
from bursar.office.months import days_of, month_of, months_between
from bursar.office.tables import grant_terms, person
from bursar.office.terms import placing, plans
from bursar.plans.terms import ATTRIBUTES

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = "USD"
DAYS_BACK = 60
CHARGES_AT_ONCE = 500
MAX_CHARGES = 200_000
"""Of one person in one answer."""
YEAR_DAYS = 365
BY_ACTOR = "actor"
PURPOSES = ("work", "learning", "personal", "production")
NO_SINGLE_PEOPLE = "this house does without figures of single people (works council)"


def refuse_single_people(desk: Desk) -> None:
    """Raises Forbidden where the house does without figures of single people."""
    with reading(desk.engine) as connection:
        if openings.is_open(connection, openings.WORKS_COUNCIL):
            raise Forbidden(NO_SINGLE_PEOPLE, "aggregates are told all the same: `bursar study trend`")


# About one person.


def rationed(desk: Desk, name: str, days: int = DAYS_BACK) -> rationing.Rationing:
    """Does somebody hold back when little is left? The last days, without today."""
    refuse_single_people(desk)
    holder, today = desk.person(name), desk.now() // MICROS_PER_DAY
    if not 1 <= days <= YEAR_DAYS:
        raise InvalidInput("days", str(days), f"1 to {YEAR_DAYS}")

    def read(session: Session) -> list[rationing.Day]:
        sums = usage_sums.usage_by(session, "day", today - days, today, holder["id"])
        spent = {int(one.key): one.amount for one in sums}
        found = []
        for day in sorted(one for one, amount in spent.items() if amount > 0):
            lots = ledger.balance(session, holder["id"], day * MICROS_PER_DAY)
            open_ = [one for one in lots if one.open and one.terms.unit == UNIT]
            whole = sum(one.terms.amount for one in open_)
            if whole:
                left = min(whole, sum(one.available + one.held for one in open_))
                found.append(rationing.Day(spent[day], left, whole))
        return found

    return rationing.rationing(desk.store.read(read))


def unattended(
    desk: Desk, name: str, hours: working_time.WorkingTime, days: int = DAYS_BACK
) -> working_time.Unattended:
    """Which share of somebody's use ran while they were not at work."""
    refuse_single_people(desk)
    if not 1 <= days <= YEAR_DAYS:
        raise InvalidInput("days", str(days), f"1 to {YEAR_DAYS}")
    holder, since = desk.person(name), desk.now() - days * MICROS_PER_DAY
    return working_time.unattended(desk.store.read(lambda session: _charges(session, holder["id"], since)), hours)


def _charges(session: Session, person_id: str, since: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    before: int | None = None
    while len(found) < MAX_CHARGES:
        page = ledger.recent_charges(session, CHARGES_AT_ONCE, person_id, before, start=since)
        found += [(one.usage.at, one.amount) for one in page if one.unit == UNIT and one.usage.at >= since]
        if len(page) < CHARGES_AT_ONCE:
            break
        before = page[-1].seq
    return found


# Of the house.


@dataclass(frozen=True, slots=True)
class Leverage:
    """Whose leverage: use by what it was for, nano-units; the shares add up to one."""

    amounts: Mapping[str, int]

    @property
    def whole(self) -> int:
        return sum(self.amounts.values())

    def share(self, purpose: str) -> float:
        return self.amounts[purpose] / self.whole if self.whole else 0.0


def leverage(desk: Desk, name: str = "", days: int = 90) -> Leverage:
    """Use at list price that work needed, that was for learning, and that was personal: of one person or of the house."""
    if name:
        refuse_single_people(desk)
    holder, today = desk.person(name)["id"] if name else "", desk.now() // MICROS_PER_DAY
    rows = desk.store.read(
        lambda session: usage_sums.usage_by(session, "purpose", today - days, today + 1, holder, UNIT)
    )
    found = {one.key: one.list_nanos for one in rows}
    other = sum(amount for purpose, amount in found.items() if purpose not in PURPOSES)
    return Leverage({**{one: found.get(one, 0) for one in PURPOSES}, "other": other})


def trend(desk: Desk, first: str) -> list[trends.Month]:
    """How use spreads since a month (2026-05), this month as far as it has come; aggregates only."""
    names = months_between(first, month_of(desk.now()))
    with reading(desk.engine) as connection:
        columns = (person.c.id, person.c.level, person.c.hire_date, person.c.leave_date, person.c.created)
        roster = connection.execute(select(*columns)).all()
    found = []
    for name in names:
        start, end = days_of(name)
        there = {row.id: row.level or "no level" for row in roster if _was_there(row, start, end)}
        sums = desk.store.read(lambda session, a=start, b=end: usage_sums.usage_by(session, "person", a, b))  # type: ignore[misc]
        used = [trends.Used(one.key, there[one.key], one.amount) for one in sums if one.key in there]
        found.append(trends.month(name, there, used, LEAST_PEOPLE))
    return found


def _was_there(row: Any, start: int, end: int) -> bool:
    """Was somebody on the roster on any day of a month? Without a first day, since they were added."""
    first = row.hire_date or _day(row.created // MICROS_PER_DAY)
    return first < _day(end) and (not row.leave_date or row.leave_date >= _day(start))


def _day(day: int) -> str:
    return (from_micros(0) + timedelta(days=day)).date().isoformat()


def transferred(desk: Desk, before: int, after: int) -> shifting.Transfer:
    """Did cost go from the house to its people: what it spent centrally in a year before and after, in nano-USD, beside
    what running grants promise in a year and what people paid themselves in the last one."""
    since = desk.now() - YEAR_DAYS * MICROS_PER_DAY
    own = desk.store.read(
        lambda session: session.rows(
            "SELECT COALESCE(SUM(spent), 0) FROM lot WHERE id LIKE ? AND unit = ? AND effective >= ?",
            "own_money:%",
            UNIT,
            since,
        )
    )[0][0]
    return shifting.transfer(before, after, sum(_promised(desk).values()), int(own))


def double_counted(desk: Desk, budget: Mapping[str, int]) -> list[shifting.Twice]:
    """Grants that stand in packages as pay (class benefit or hybrid) and in a budget of the house as well."""
    return shifting.counted_twice(_promised(desk, as_pay=True), budget)


def _promised(desk: Desk, *, as_pay: bool = False) -> dict[str, int]:
    """What each running grant in dollars promises in a year, by its id."""
    now = desk.now()
    with reading(desk.engine) as connection:
        running = grants.listed(connection, active_at=now)
    found = {}
    for one in running:
        segment = one.history.segment_at(now)
        amount = year_of(segment)
        if str(amount.unit) == UNIT and (not as_pay or segment.plan.plan_class != "provisioned_tool"):
            found[one.id] = amount.nanos
    return found


def budget_of(rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """A budget's lines with `grant` and `amount` in dollars, by grant. Raises InvalidInput with the line."""
    from bursar.money import parse_amount

    found: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        if not {"grant", "amount"} <= row.keys() or not row["grant"]:
            raise InvalidInput(f"budget: line {line}", ", ".join(row)[:80] or "nothing", "columns grant and amount")
        amount = parse_amount(row["amount"], field=f"budget: line {line}: amount")
        if str(amount.unit) != UNIT or amount.nanos < 0:
            raise InvalidInput(
                f"budget: line {line}: amount", repr(row["amount"][:40]), "dollars, no less than nothing"
            )
        found[row["grant"]] = found.get(row["grant"], 0) + amount.nanos
    return found


def brought(desk: Desk, month: str, declared: Sequence[outcomes.Outcome]) -> outcomes.Judged:
    """Cost by accepted outcome in a month; unknown where nobody declared one. Raises InvalidInput for a stranger."""
    start, end = days_of(month)
    handles = {one["id"]: one["handle"] for one in desk.people()}
    stranger = next((one.person for one in declared if one.person not in handles.values()), None)
    if stranger is not None:
        raise InvalidInput("outcomes", repr(stranger[:80]), "handles of people on the roster")
    sums = desk.store.read(lambda session: usage_sums.usage_by(session, "person", start, end))
    spent = {handles[one.key]: one.amount for one in sums if one.key in handles}
    return outcomes.judged(declared, spent, LEAST_PEOPLE)


def exceptions(desk: Desk, by: str = BY_ACTOR) -> dispersion.Dispersion:
    """How what people have beyond their tier differs, by who made it so or by an attribute of the roster; dollars a
    period of each plan."""
    if by != BY_ACTOR and by not in ATTRIBUTES:
        raise InvalidInput("by", repr(by[:40]), f"{BY_ACTOR}, or one of {', '.join(ATTRIBUTES)}")
    now = desk.now()
    with reading(desk.engine) as connection:
        names = sorted({one.name for one in plans.versions(connection)})
        found = [plans.in_force(connection, name, now).plan for name in names if _is_in_force(connection, name, now)]
        newest = select(grant_terms.c.grant_id, grant_terms.c.actor).order_by(grant_terms.c.number)
        actors = {row.grant_id: row.actor for row in connection.execute(newest)}
    rows = []
    for plan in found:
        for one in placing.placed(desk, plan).everybody:
            if one.is_exception and one.granted is not None and str(one.granted.unit) == UNIT:
                usual = one.amount.nanos if one.amount is not None else 0
                name = actors.get(one.grant, "") if by == BY_ACTOR else one.record[by]
                rows.append((name or "not on record", (one.granted.nanos - usual) / NANO))
    return dispersion.dispersion(rows, LEAST_PEOPLE)


def _is_in_force(connection: Any, name: str, now: int) -> bool:
    return any(one.name == name and one.effective <= now for one in plans.versions(connection))


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One department; nano-USD. The sums of all lines are the house's exposure."""

    department: str
    people: int
    released: int
    spent: int
    open: int
    coming: int
    """Promised for the twelve months ahead."""


def budget(desk: Desk) -> list[BudgetLine]:
    """A budget sheet by department, small ones together, what was, what is open and what is promised for a year."""
    house = exposure.house(desk).value
    return [
        BudgetLine(one.key, one.people, one.sums.released, one.sums.spent, one.sums.open, one.coming)
        for one in house.by("team", UNIT)
    ]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The yearly cost of one head, compute included; nano-USD."""

    pay: int
    compute: int
    people: int

    @property
    def whole(self) -> int:
        return self.pay + self.compute

    @property
    def share(self) -> float:
        return self.compute / self.whole if self.whole else 0.0


def loaded(desk: Desk, pay: int, team: str = "") -> Loaded:
    """What a head costs by year: pay as typed in, and the compute of the last year at cost over everybody (of a team).

    Raises InvalidInput for a team of fewer than five people: their compute would be theirs.
    """
    today = desk.now() // MICROS_PER_DAY
    there = [one for one in desk.people() if one["status"] != "left" and (not team or one["team"] == team)]
    if len(there) < LEAST_PEOPLE:
        raise InvalidInput("team", f"{len(there)} people", f"at least {LEAST_PEOPLE}")
    ids = {one["id"] for one in there}
    sums = desk.store.read(lambda session: usage_sums.usage_by(session, "person", today - YEAR_DAYS, today + 1))
    compute = sum(one.cost_nanos for one in sums if one.key in ids)
    return Loaded(pay, compute // len(there), len(there))
