"""What people's own clients tell of their use, kept by hour, session and model: evidence, and never a charge by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from bursar.exchange.local_usage.pricing import maker
from bursar.exchange.provider_bills.matching import Observed
from bursar.exchange.provider_bills.outside import Told, past_the_gateway
from bursar.exchange.provider_bills.values import plus, tokens, usage_of
from bursar.ledger import stretch
from bursar.ledger.session import Session
from bursar.office import months
from bursar.office.catalogue import pricing
from bursar.office.database import reading, transaction
from bursar.office.tables import outside_usage

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MICROS_PER_HOUR = 3_600_000_000
HOURS = 24
_OUTSIDE = "outside."
"""How the dialects of charges begin that no gateway made."""


def keep_fullest(desk: Desk, told: Sequence[Told], *, dry_run: bool = False) -> int:
    """Keep what a log tells; of what was told before, the fuller figures count. Returns how many rows changed."""
    changed = 0
    with transaction(desk.engine) as connection:
        for one in told:
            before = row_of(connection, one)
            if before is not None and _size(usage_of(json.loads(before.tokens))) >= _size(one.usage):
                continue
            changed += 1
            if not dry_run:
                put(connection, one, desk.now(), before is None)
    return changed


def add(connection: Connection, one: Told, now: int, cost_nanos: int = 0) -> None:
    """Add what came to a place."""
    before = row_of(connection, one)
    if before is None:
        put(connection, one, now, True, cost_nanos)
        return
    whole = Told(
        one.person, one.source, one.hour, one.session, one.model, plus(usage_of(json.loads(before.tokens)), one.usage)
    )
    put(connection, whole, now, False, before.cost_nanos + cost_nanos)


def row_of(connection: Connection, one: Told) -> Any:
    return connection.execute(select(outside_usage).where(_here(one))).first()


def put(connection: Connection, one: Told, now: int, fresh: bool, cost_nanos: int = 0) -> None:
    """Write a place as it is."""
    values = {"tokens": json.dumps(tokens(one.usage), sort_keys=True), "cost_nanos": cost_nanos, "seen": now}
    if not fresh:
        connection.execute(update(outside_usage).where(_here(one)).values(**values))
        return
    connection.execute(
        insert(outside_usage).values(
            person=one.person, source=one.source, hour=one.hour, session=one.session, model=one.model, **values
        )
    )


def told_between(connection: Connection, first: int, end: int, person: str = "") -> list[Told]:
    """What was told of [first, end), days counted from 1970. Of one session that several sources tell of, the fullest."""
    row = outside_usage.c
    query = select(outside_usage).where(row.hour >= first * HOURS, row.hour < end * HOURS)
    if person:
        query = query.where(row.person == person)
    found: dict[tuple[str, str, str], dict[str, list[Told]]] = {}
    for one in connection.execute(query):
        told = Told(one.person, one.source, one.hour, one.session, one.model, usage_of(json.loads(one.tokens)))
        key = (one.person, one.session or f"{one.source}/{one.hour}", one.model)
        found.setdefault(key, {}).setdefault(one.source, []).append(told)
    return [
        one
        for by_source in found.values()
        for one in max(by_source.values(), key=lambda told: (sum(_size(one.usage) for one in told), told[0].source))
    ]


def observed(desk: Desk, first: int, end: int, named: Callable[[str], str], person: str = "") -> list[Observed]:
    """What went past the gateway on [first, end), days counted from 1970."""
    with reading(desk.engine) as connection:
        told = told_between(connection, first, end, person)
    if not told:
        return []
    people = sorted({one.person for one in told})
    passed = desk.store.read(lambda session: _passed(session, people, first, end))
    return past_the_gateway(told, passed, named, lambda hour: months.day_name(hour // HOURS))


def of_person(desk: Desk, person: str, days: int) -> list[dict[str, Any]]:
    """What somebody's clients told of the last days that did not pass the gateway, with its list price where it has one;
    the newest day first."""
    today = desk.now() // months.MICROS_PER_DAY
    with reading(desk.engine) as connection:
        if not told_between(connection, today - days + 1, today + 1, person):
            return []  # nearly everybody: the price book is read for nobody else
        book = pricing.current_book(connection)

    def named(model: str) -> str:
        tariff = book.tariff(maker(model), model, desk.now())
        return tariff.model if tariff is not None else model.lower()

    found = []
    for one in observed(desk, today - days + 1, today + 1, named, person):
        tariff = book.tariff(maker(one.model), one.model, desk.now())
        if tariff is not None:
            tariff = replace(tariff, bands=tariff.bands[:1])
        found.append(
            {
                "day": one.day,
                "model": one.model,
                "tokens": tokens(one.usage),
                "list_nanos": None if tariff is None else tariff.list_nanos(one.usage),
            }
        )
    return sorted(found, key=lambda one: (one["day"], one["model"]), reverse=True)


def _passed(session: Session, people: list[str], first: int, end: int) -> list[Told]:
    """What the gateway has charged these people, with the hours around."""
    start = first * months.MICROS_PER_DAY - MICROS_PER_HOUR
    until = end * months.MICROS_PER_DAY + MICROS_PER_HOUR
    rows = session.rows(
        "SELECT e.command, e.corrects, c.person, CASE WHEN c.at > 0 THEN c.at ELSE e.effective END, c.session, c.model, "
        f"c.tokens FROM charge c JOIN entry e ON e.seq = c.seq WHERE c.person {session.IN} "
        "AND c.seq >= ? AND (CASE WHEN c.at > 0 THEN c.at ELSE e.effective END) BETWEEN ? AND ? "
        f"AND substr(c.dialect, 1, {len(_OUTSIDE)}) <> ? ORDER BY c.seq",
        people,
        max(1, stretch.seq_at(session, start - MICROS_PER_HOUR)),
        start,
        until,
        _OUTSIDE,
    )
    # A correction's figures are those of its charge.
    found = {
        row[1] or row[0]: Told(row[2], "", int(row[3]) // MICROS_PER_HOUR, row[4], row[5], usage_of(json.loads(row[6])))
        for row in rows
    }
    return list(found.values())


def _here(one: Told) -> Any:
    row = outside_usage.c
    return (
        (row.person == one.person)
        & (row.source == one.source)
        & (row.hour == one.hour)
        & (row.session == one.session)
        & (row.model == one.model)
    )


def _size(usage: Any) -> int:
    return int(usage.total_input + usage.total_output)


__all__ = ["HOURS", "MICROS_PER_HOUR", "Told", "add", "keep_fullest", "observed", "of_person", "told_between"]
