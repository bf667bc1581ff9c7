"""What a payroll run takes over of a month: use by purpose at list price, and what was agreed to be deducted.

Use counts to the day on which it happened, from the daily rollup. Own money counts to the month in which the journal
recorded it: what a month says is final when it is over, and a correction stands in the month in which it became known.
What the rules of a place make of it is `taxing`; this is what happened: what it was worth, where and for whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from bursar.ledger import stretch
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.ledger.values import SPENT
from bursar.office.database import reading
from bursar.office.figures import day_sums, kept_usage
from bursar.office.months import days_of, following, micros_of, month_of, months_between
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, consent, person

if TYPE_CHECKING:
    from bursar.office.desk import Desk

PURPOSES = ("personal", "work")
"""What a key is for; anything else is told as `other`."""
MONTHS = 6
"""Of the series by month."""
POOL = "pool:"
"""How the accounts of pools begin."""
OWN_MONEY_LOTS = "own_money:"
"""How the lots begin that a person's own pay opened, at the limit of a plan."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """That somebody agreed to a deduction: when, in which words, and since when no more (0: it holds)."""

    given: int
    words: str
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One person's month; amounts in nano-USD at list price, which is what anybody would have paid."""

    person: str
    handle: str
    name: str
    team: str
    location: str
    personal: int = 0
    work: int = 0
    other: int = 0
    own_money: int = 0
    """To be deducted; below zero where a correction gives some back."""
    agreement: Agreement | None = None

    @property
    def used(self) -> int:
        return self.personal + self.work + self.other

    @property
    def matters(self) -> bool:
        """Whether a run has anything to take over."""
        return bool(self.personal or self.own_money)


@dataclass(frozen=True, slots=True)
class OwnMonth:
    """One month of one person; amounts as those of a line."""

    month: str
    personal: int
    work: int
    other: int
    own_money: int

    @property
    def used(self) -> int:
        return self.personal + self.work + self.other


@dataclass(frozen=True, slots=True)
class Payroll:
    """A month, by handle."""

    month: str
    lines: tuple[Line, ...]
    pools: int
    """What came from pools, which is nobody's own; nano-USD."""

    def total(self, name: str) -> int:
        """The sum of a figure over everybody."""
        return sum(getattr(one, name) for one in self.lines)

    def found(self, text: str = "", *, everybody: bool = False) -> list[Line]:
        """Lines whose handle, name, team or place holds a text; only what a run takes over, unless everybody is wanted."""
        wanted = text.strip().lower()
        return [
            one
            for one in self.lines
            if (everybody or one.matters) and wanted in f"{one.handle} {one.name} {one.team} {one.location}".lower()
        ]


def payroll(desk: Desk, month: str) -> Taken[Payroll]:
    """A month as far as it has come."""
    return taken(desk, f"payroll:{month}", lambda own: _payroll(own, month))


def by_month(desk: Desk, last: str, months: int = MONTHS) -> Taken[list[tuple[str, dict[str, int]]]]:
    """Use of the house by purpose in the months up to `last`, nano-USD at list price; months before any use left out."""
    names = months_between(following(last, 1 - months), last)
    return taken(desk, f"payroll-months:{names[0]}:{last}", lambda own: _by_month(own, names))


def own_months(desk: Desk, person_id: str, last: str, months: int = 12) -> list[OwnMonth]:
    """What a payroll run sees of one person, month by month up to `last`; months before any use left out."""
    names = months_between(following(last, 1 - months), last)
    found = desk.store.read(lambda session: _own_months(session, person_id, names))
    begun = next((place for place, one in enumerate(found) if one.used or one.own_money), len(found) - 1)
    return found[begun:]


def _own_months(session: Session, person_id: str, names: list[str]) -> list[OwnMonth]:
    rows = session.rows(
        f"SELECT day, purpose, {wide_sum('list_nanos')} FROM usage_day WHERE person = ? AND day >= ? AND day < ? "
        "GROUP BY day, purpose",
        person_id,
        days_of(names[0])[0],
        days_of(names[-1])[1],
    )
    sums: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in rows:
        found = sums[month_of(int(row[0]) * MICROS_PER_DAY)]
        kind = str(row[1]) if row[1] in PURPOSES else "other"
        found[kind] = found.get(kind, 0) + wide(row[2], row[3])
    has_own = bool(
        session.rows("SELECT 1 FROM lot WHERE person = ? AND id LIKE ? LIMIT 1", person_id, f"{OWN_MONEY_LOTS}%")
    )
    own = {name: own_money(session, name, person_id).get(person_id, 0) if has_own else 0 for name in names}
    return [
        OwnMonth(name, sums[name].get("personal", 0), sums[name].get("work", 0), sums[name].get("other", 0), own[name])
        for name in names
    ]


def _payroll(desk: Desk, month: str) -> Payroll:
    used, own = desk.store.read(lambda session: (_used(session, month), own_money(session, month)))
    with reading(desk.engine) as connection:
        return drawn_up(month, _people(connection), used, own, _agreements(connection, month))


def drawn_up(
    month: str,
    people: Iterable[tuple[str, str, str, str, str]],
    used: Mapping[tuple[str, str], int],
    own: Mapping[str, int],
    agreements: Mapping[str, Agreement],
) -> Payroll:
    """Pure: people as id, handle, name, team, place; use by person and purpose; own money and agreements by person."""
    sums: dict[str, dict[str, int]] = {}
    for (who, purpose), amount in used.items():
        kind = purpose if purpose in PURPOSES else "other"
        found = sums.setdefault(who, {})
        found[kind] = found.get(kind, 0) + amount
    lines = []
    for row in sorted(people, key=lambda one: one[1]):
        figures = sums.pop(row[0], {})
        if figures or own.get(row[0]):
            personal, work, other = (figures.get(kind, 0) for kind in (*PURPOSES, "other"))
            deducted, agreement = own.get(row[0], 0), agreements.get(row[0])
            lines.append(Line(*row, personal, work, other, own_money=deducted, agreement=agreement))
    pools = sum(sum(one.values()) for who, one in sums.items() if who.startswith(POOL))
    return Payroll(month, tuple(lines), pools)


def _used(session: Session, month: str) -> dict[tuple[str, str], int]:
    months = kept_usage.person_months(session, *days_of(month))
    rows = session.rows(
        f"SELECT person, purpose, {wide_sum('list_nanos')} FROM {months.sql} AS u GROUP BY person, purpose",
        *months.parameters,
    )
    return {(str(row[0]), str(row[1])): wide(row[2], row[3]) for row in rows}


def own_money(session: Session, month: str, only: str = "") -> dict[str, int]:
    """What was spent of own money by person, as recorded in the month; of one person, where `only` is given."""
    return {who: sum(parts.values()) for who, parts in own_money_parts(session, month, only).items()}


def own_money_parts(session: Session, month: str, only: str = "") -> dict[str, dict[str, int]]:
    """The same by purpose; a correction, which names none, under the empty text. A gateway opens own money only for people who
    agreed, so only their entries are read."""
    start, end = micros_of(month)
    first, until = stretch.seq_at(session, start), stretch.seq_at(session, end)
    signed = f"(CASE WHEN p.destination = {SPENT} THEN p.amount ELSE -p.amount END)"
    rows = session.rows(
        f"SELECT e.person, COALESCE(c.purpose, ''), {wide_sum(signed)} FROM (SELECT DISTINCT l.person FROM lot l WHERE l.person IN "
        f"(SELECT person FROM consent {'WHERE person = ?' if only else ''}) AND l.id LIKE ?) o JOIN entry e ON e.person = o.person "
        "JOIN posting p ON p.seq = e.seq LEFT JOIN charge c ON c.seq = e.seq WHERE e.seq >= ? AND e.seq < ? AND p.lot LIKE ? "
        f"AND (p.source = {SPENT} OR p.destination = {SPENT}) GROUP BY e.person, COALESCE(c.purpose, '')",
        *([only] if only else []),
        f"{OWN_MONEY_LOTS}%",
        first,
        until,
        f"{OWN_MONEY_LOTS}%",
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(str(row[0]), {})[str(row[1])] = wide(row[2], row[3])
    return found


def _by_month(desk: Desk, names: list[str]) -> list[tuple[str, dict[str, int]]]:
    sums: dict[str, dict[str, int]] = {name: {} for name in names}
    for one in day_sums.between(desk, days_of(names[0])[0], days_of(names[-1])[1]):
        found = sums[month_of(one.day * MICROS_PER_DAY)]
        kind = one.purpose if one.purpose in PURPOSES else "other"
        found[kind] = found.get(kind, 0) + one.list_nanos
    begun = next((place for place, name in enumerate(names) if sums[name]), len(names))
    return [(name, sums[name]) for name in names[begun:]]


def _people(connection: Connection) -> list[tuple[str, str, str, str, str]]:
    row = person.c
    query = select(row.id, row.handle, row.name, row.team, row.location).where(row.organisation == ORGANISATION)
    found = connection.execute(query)
    return [(one.id, one.handle, one.name, one.team, one.location) for one in found]


def _agreements(connection: Connection, month: str) -> dict[str, Agreement]:
    """Each person's last agreement that was given before the month was over."""
    row = consent.c
    query = select(row.person, row.given, row.words, row.withdrawn).where(row.given < micros_of(month)[1])
    found = connection.execute(query.order_by(row.person, row.given))
    return {one.person: Agreement(one.given, one.words, one.withdrawn) for one in found}
