"""Telemetry of people's own clients, recorded once: what their counters gained, by hour, session and model.

Whose it is follows from the credential; a collector that speaks for many people has the right to record usage, and names
each by their address. It is evidence, as logs are: money moves when a provider's bill is reconciled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select, update

from bursar.exchange.provider_bills.outside import Told
from bursar.exchange.telemetry.series import Counter, step
from bursar.exchange.telemetry.values import COST, SOURCE, Reading, Skipped
from bursar.ledger.session import MICROS_PER_DAY
from bursar.office.database import transaction
from bursar.office.metering import outside
from bursar.office.tables import ORGANISATION, person, telemetry_series
from bursar.prices import Usage

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KEPT_DAYS = 45
"""A counter that was not heard of for so long is forgotten."""
MAX_AHEAD_SECONDS = 300
MAX_AGE_DAYS = 35
"""Older readings are not taken: their month has been reconciled."""
_NANOS_PER_MICRO = 1_000
_NANOS_PER_HOUR = outside.MICROS_PER_HOUR * _NANOS_PER_MICRO


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an export."""

    counted: int
    """Readings that added something."""
    repeated: int
    skipped: tuple[Skipped, ...]


def record(desk: Desk, readings: Sequence[Reading], holder: str) -> Taken:
    """Record what counters gained, all in one transaction; `holder` is a person's id, "" for who speaks for many."""
    now = desk.now()
    counted = repeated = 0
    skipped: list[Skipped] = []
    with transaction(desk.engine) as connection:
        addresses = {} if holder else _addresses(connection)
        for reading in sorted(readings, key=lambda one: one.at):
            owner = holder or addresses.get(reading.email, "")
            why = "" if owner else "user.email: found nobody of the roster, expected somebody's address"
            why = why or _out_of_time(reading, now)
            if why:
                skipped.append(Skipped(reading.metric, why))
                continue
            gained = _gain(connection, owner, reading)
            if not gained:
                repeated += 1
                continue
            counted += 1
            _add(connection, owner, reading, gained, now)
        connection.execute(
            delete(telemetry_series).where(
                telemetry_series.c.last < (now - KEPT_DAYS * MICROS_PER_DAY) * _NANOS_PER_MICRO
            )
        )
    return Taken(counted, repeated, tuple(skipped))


def _gain(connection: Connection, owner: str, reading: Reading) -> int:
    """What a reading adds to its counter, which stands where the reading says afterwards."""
    mark = blake2b(f"{owner}/{reading.series}".encode(), digest_size=16).hexdigest()
    row = telemetry_series.c
    found = connection.execute(select(telemetry_series).where(row.mark == mark)).first()
    before = None if found is None else Counter(found.started, found.last, found.value)
    after, gained = step(before, reading)
    values = {"started": after.started, "last": after.last, "value": after.value}
    if found is None:
        connection.execute(insert(telemetry_series).values(mark=mark, person=owner, **values))
    elif after != before:
        connection.execute(update(telemetry_series).where(row.mark == mark).values(**values))
    return gained


def _add(connection: Connection, owner: str, reading: Reading, gained: int, now: int) -> None:
    usage = Usage() if reading.metric == COST else Usage(**{reading.kind: gained})
    place = Told(owner, SOURCE, reading.at // _NANOS_PER_HOUR, reading.session, reading.model, usage)
    outside.add(connection, place, now, gained if reading.metric == COST else 0)


def _out_of_time(reading: Reading, now: int) -> str:
    at = reading.at // _NANOS_PER_MICRO
    if at > now + MAX_AHEAD_SECONDS * 1_000_000:
        return f"time_unix_nano: found an instant that has not come, expected at most {MAX_AHEAD_SECONDS} seconds ahead"
    if at < now - MAX_AGE_DAYS * MICROS_PER_DAY:
        return f"time_unix_nano: found an older instant, expected one of the last {MAX_AGE_DAYS} days"
    return ""


def _addresses(connection: Connection) -> dict[str, str]:
    row = person.c
    query = select(row.id, row.email).where(row.organisation == ORGANISATION, row.email != "")
    return {one.email.lower(): one.id for one in connection.execute(query)}
