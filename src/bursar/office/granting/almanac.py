"""Everything that falls due by itself, grants and seats, taken in turns in the order of time.

At one instant grants come first, so that what is released on the first of a month pays the seat of the first.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, func, select

from bursar.grants.execution import Done
from bursar.ledger import Store
from bursar.office.granting import seats, timetable
from bursar.office.granting.grants import NOTHING_DUE
from bursar.office.granting.seats import Charged
from bursar.office.tables import seat


def run(
    engine: Engine, store: Store, until: int, *, now: int, node: str = "", person: str = ""
) -> list[Done | Charged]:
    """Execute what is due by an instant, for everybody or one person, once whoever asks."""
    done: list[Done | Charged] = []
    while (at := seats.next_instant(engine, person)) <= until:
        done += timetable.run(engine, store, at, now=now, node=node, person=person)
        done += seats.run(engine, store, at, now=now, person=person)
    done += timetable.run(engine, store, until, now=now, node=node, person=person)
    return done


def next_by_person(connection: Connection) -> dict[str, int]:
    """When something falls due for each person next."""
    found = timetable.next_by_person(connection)
    for person, at in connection.execute(select(seat.c.person, func.min(seat.c.next_due)).group_by(seat.c.person)):
        if at < NOTHING_DUE:
            found[person] = min(at, found.get(person, at))
    return found
