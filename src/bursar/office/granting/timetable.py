"""The calendar runs by itself: whatever fell due in anybody's grants is executed, once, in order, by whoever comes first.

Where each grant stands is a row: executed until here, next event then. A node that was away for a month asks for a
month; two nodes that ask at once send the ledger the same commands, and it applies each once. The rows of what was done
are a record for people, not the guard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Conflict
from bursar.grants.execution import Done, execute, lot_terms
from bursar.ledger import Answer, Command, Rejected, Release, Store, apply_now, reading
from bursar.ledger.reading import LotBalance
from bursar.office.database import reading as looking
from bursar.office.database import transaction
from bursar.office.granting import grants
from bursar.office.granting.grants import NOTHING_DUE, Grant
from bursar.office.tables import calendar_event, calendar_position, control_version
from bursar.plans.schedule import Event, due, next_due

BATCH = 256
"""Releases in one transaction of the ledger."""
GRANTS_AT_ONCE = 2_000
"""Grants whose calendars are read in one go."""


@dataclass(frozen=True, slots=True)
class StoreBooks:
    """A store's ledger as a calendar sees it; what it does happens in the past and is recorded now."""

    store: Store
    recorded: int

    def apply(self, commands: list[Command], at: int) -> list[Answer]:
        answers = apply_now(self.store, commands, at, self.recorded)
        for answer in answers:
            if isinstance(answer, Rejected) and answer.reason not in ("lot_ended", "no_such_lot"):
                raise Conflict(f"the calendar cannot go on: {answer.sentence}")
        return answers

    def lots(self, person: str, at: int) -> list[LotBalance]:
        return self.store.read(lambda session: reading.balance(session, person, at))


def waiting(engine: Engine, until: int, person: str = "") -> list[tuple[Grant, list[Event]]]:
    """What is due by an instant and has not been executed, by grant."""
    with looking(engine) as connection:
        return [(grant, due(grant.history, after, until)) for grant, after in _due_grants(connection, until, person)]


def run(
    engine: Engine,
    store: Store,
    until: int,
    *,
    now: int,
    node: str = "",
    person: str = "",
    progress: Callable[[int], None] | None = None,
) -> list[Done]:
    """Execute everything that is due by an instant, for everybody or one person; returns what was done."""
    done: list[Done] = []
    while True:
        with looking(engine) as connection:
            found = _due_grants(connection, until, person)
        if not found:
            return done
        part = _run(store, found, until, now)
        with transaction(engine) as connection:
            _record(connection, part, found, until, now, node)
        done += part
        if progress is not None:
            progress(len(done))


def next_by_person(connection: Connection) -> dict[str, int]:
    """When something falls due for each person next."""
    query = select(calendar_position.c.person, func.min(calendar_position.c.next_due)).group_by(
        calendar_position.c.person
    )
    return {row[0]: row[1] for row in connection.execute(query) if row[1] < NOTHING_DUE}


def next_instant(connection: Connection) -> int:
    """When something falls due for anybody next."""
    found = connection.execute(select(func.min(calendar_position.c.next_due))).scalar_one()
    return NOTHING_DUE if found is None else int(found)


def history_of(connection: Connection, grant_ids: list[str]) -> list[dict[str, Any]]:
    """What was executed for grants, oldest first."""
    query = select(calendar_event).where(calendar_event.c.grant_id.in_(grant_ids))
    return [dict(row._mapping) for row in connection.execute(query.order_by(calendar_event.c.at))]


def _due_grants(connection: Connection, until: int, person: str) -> list[tuple[Grant, int]]:
    position = calendar_position.c
    query = select(position.grant_id, position.done_until).where(position.next_due <= until)
    if person:
        query = query.where(position.person == person)
    rows = connection.execute(query.order_by(position.next_due, position.grant_id).limit(GRANTS_AT_ONCE)).all()
    after = {row.grant_id: row.done_until for row in rows}
    return [(grant, after[grant.id]) for grant in grants.listed(connection, ids=list(after))] if rows else []


def _run(store: Store, found: list[tuple[Grant, int]], until: int, now: int) -> list[Done]:
    books = StoreBooks(store, now)
    by_grant = {grant.id: grant for grant, _ in found}
    events = [event for grant, after in found for event in due(grant.history, after, until)]
    done: list[Done] = []
    for (at, plain), group in groupby(sorted(events, key=lambda one: one.order), key=lambda one: (one.at, _plain(one))):
        together = list(group)
        if not plain:
            done += [execute(books, by_grant[one.grant].person, by_grant[one.grant].history, one) for one in together]
            continue
        for start in range(0, len(together), BATCH):
            batch = together[start : start + BATCH]
            books.apply([_release(by_grant[one.grant].person, one) for one in batch], at)
            done += [Done(one, released=one.lot.amount) for one in batch if one.lot is not None]
    return done


def _plain(event: Event) -> bool:
    """A release that needs to know nothing of what is there: many of them go into one transaction."""
    return event.lot is not None and not (event.lot.roll is not None and event.lot.roll.floor)


def _release(person: str, event: Event) -> Release:
    assert event.lot is not None
    terms = lot_terms(event.lot, event.grant)
    return Release(f"release:{terms.id}", person, terms, event.lot.evidence)


def _record(
    connection: Connection, done: list[Done], found: list[tuple[Grant, int]], until: int, now: int, node: str
) -> None:
    """Note what was done, and where every calendar stands; another node may have been faster."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    rows = [
        {
            "grant_id": one.event.grant,
            "event": one.event.kind,
            "period": one.event.key,
            "at": one.event.at,
            "done": now,
            "node": node,
            "released_nanos": one.released,
            "taken_nanos": one.taken_back,
            "paid_nanos": one.paid_out,
        }
        for one in done
    ]
    for start in range(0, len(rows), 500):
        connection.execute(insert(calendar_event).values(rows[start : start + 500]).on_conflict_do_nothing())
    # The grants may have been changed meanwhile: the next event is looked for in what they are now.
    position = calendar_position.c
    places = []
    for grant in grants.listed(connection, ids=[grant.id for grant, _ in found]):
        following = next_due(grant.history, until)
        places.append({"name": grant.id, "following": NOTHING_DUE if following is None else following.at})
    connection.execute(
        update(calendar_position)
        .where(
            and_(position.grant_id == bindparam("name"), or_(position.done_until < until, position.next_due <= until))
        )
        .values(done_until=until, next_due=bindparam("following")),
        places,
    )
    connection.execute(update(control_version).values(version=control_version.c.version + 1))
