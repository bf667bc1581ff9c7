"""What a person, some people or the house used in some days: from the coarsest sums that can say it.

The same answers as `bursar.ledger.reading` gives from the daily rollup; how long they take hardly grows with the number of charges.
A team is the people who are in it today.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from bursar.ledger import reading as ledger
from bursar.ledger.reading import UsageSum
from bursar.ledger.session import Session, wide, wide_sum
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.figures.day_sums import LAST_DAY
from bursar.office.figures.kept_usage import AMOUNTS, COUNTS, HOUSE_KEYS, Source
from bursar.office.tables import person as roster

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def usage_by(
    session: Session, group: str, start_day: int, end_day: int, person: str = "", unit: str = "USD"
) -> list[UsageSum]:
    """Usage by person, day, provider, model, purpose or project, most first; days since 1970-01-01 UTC, end exclusive."""
    if person:
        if group not in ("day", "person"):  # few rows, found by person
            return ledger.usage_by(session, group, start_day, end_day, person, unit)
        return of_people(session, [person], start_day, end_day, group, unit)
    if group == "person":
        return _summed(session, kept_usage.person_totals(session, start_day, end_day), group, unit)
    if group != "day" and group not in HOUSE_KEYS:
        raise ValueError(f"group: found {group!r}, expected person, day or one of {', '.join(HOUSE_KEYS)}")
    return _summed(session, kept_usage.house_days(session, start_day, end_day), group, unit, parted=True)


def of_people(
    session: Session, people: Sequence[str], start_day: int, end_day: int, group: str = "person", unit: str = "USD"
) -> list[UsageSum]:
    """The same of some people by id, by person or day."""
    return _summed(session, kept_usage.person_days(session, start_day, end_day, people), group, unit)


def of_team(
    desk: Desk, team: str, start_day: int, end_day: int, group: str = "person", unit: str = "USD"
) -> list[UsageSum]:
    """The same of the people who are in a team today."""
    with reading(desk.engine) as connection:
        people = list(connection.execute(select(roster.c.id).where(roster.c.team == team)).scalars())
    return desk.store.read(lambda session: of_people(session, people, start_day, end_day, group, unit))


def units_used(session: Session, start_day: int, end_day: int, person: str = "") -> list[str]:
    """Every unit of the charges of some days, the end exclusive."""
    if person:
        return ledger.units_used(session, start_day, end_day, person)
    days = kept_usage.house_days(session, start_day, end_day)
    return [
        str(row[0])
        for row in session.rows(f"SELECT DISTINCT unit FROM {days.sql} AS u ORDER BY unit", *days.parameters)
    ]


def exposure(session: Session, unit: str = "USD") -> ledger.Exposure:
    """Where everything is that was ever promised in a unit, as recorded."""
    days = kept_usage.house_days(session, 0, LAST_DAY)
    query = f"SELECT {kept_usage.wide_total('overage')} FROM {days.sql} AS u WHERE unit = ?"
    return ledger.exposure(session, unit, wide(*session.rows(query, *days.parameters, unit)[0]))


def _summed(session: Session, source: Source, group: str, unit: str, *, parted: bool = False) -> list[UsageSum]:
    counts = ", ".join(f"SUM({name})" for name in COUNTS)
    sums = ", ".join(kept_usage.wide_total(name) if parted else wide_sum(name) for name in AMOUNTS)
    rows = session.rows(
        f"SELECT {group}, {counts}, {sums} FROM {source.sql} AS u WHERE unit = ? GROUP BY {group} ORDER BY {group}",
        *source.parameters,
        unit,
    )
    found = [
        UsageSum(str(row[0]), *(int(count) for count in row[1:5]), *(wide(row[n], row[n + 1]) for n in range(5, 13, 2)))
        for row in rows
    ]
    return sorted(found, key=lambda one: -one.amount)
