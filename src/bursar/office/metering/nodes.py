"""Nodes: what gateways report of themselves every few seconds, and what they turned away, by the hour.

A row for each node's name with its last beat, and counts by hour, kind, reason and provider that all nodes add to. Both
are small whatever the traffic: counts of more than 90 days ago are removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar import __version__
from bursar.gateway.tally import Counts
from bursar.office.database import key_of
from bursar.office.tables import gateway_count, gateway_node

BEAT_SECONDS = 10.0
"""How often a gateway reports."""
SILENT_MICROS = 45_000_000
"""A node that has not reported for so long is not there any more."""
MICROS_PER_HOUR = 3_600_000_000
KEEP_HOURS = 90 * 24
MAX_REASON_CHARS = 80

State = Literal["running", "stopped", "silent"]


@dataclass(frozen=True, slots=True)
class Node:
    """A gateway process; instants in microseconds UTC."""

    name: str
    version: str
    started: int
    beat: int
    stopped: int
    in_flight: int
    requests: int
    """Since it started."""

    def state(self, now: int) -> State:
        if self.stopped >= self.started:
            return "stopped"
        return "running" if now - self.beat <= SILENT_MICROS else "silent"


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something was turned away or went wrong."""

    kind: str
    reason: str
    provider: str
    number: int
    last_hour: int
    """The newest hour in which it happened, counted since 1970."""


def report(
    connection: Connection, name: str, *, started: int, in_flight: int, requests: int, counts: Counts, now: int
) -> None:
    """Write a beat of a node and add what it counted."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    values = {
        "version": __version__,
        "started": started,
        "beat": now,
        "stopped": 0,
        "in_flight": in_flight,
        "requests": requests,
    }
    beat = insert(gateway_node).values(name=name, **values)
    connection.execute(beat.on_conflict_do_update(index_elements=key_of(connection, "name"), set_=values))
    hour = now // MICROS_PER_HOUR
    # In the order of their keys, so that two nodes never wait for each other.
    for (kind, reason, provider), number in sorted(counts.items()):
        one = insert(gateway_count).values(
            hour=hour, kind=kind, reason=reason[:MAX_REASON_CHARS], provider=provider, number=number
        )
        connection.execute(
            one.on_conflict_do_update(
                index_elements=key_of(connection, "hour", "kind", "reason", "provider"),
                set_={"number": gateway_count.c.number + one.excluded.number},
            )
        )
    connection.execute(delete(gateway_count).where(gateway_count.c.hour < hour - KEEP_HOURS))


def stop(connection: Connection, name: str, now: int) -> None:
    """A node ended as it should."""
    connection.execute(update(gateway_node).where(gateway_node.c.name == name).values(stopped=now, in_flight=0))


def listed(connection: Connection) -> list[Node]:
    """Every node that ever reported, the latest beat first."""
    rows = connection.execute(select(gateway_node).order_by(gateway_node.c.beat.desc(), gateway_node.c.name))
    return [Node(**{name: getattr(row, name) for name in Node.__slots__}) for row in rows]


def counted(connection: Connection, since: int) -> list[Counted]:
    """What was turned away or went wrong since an instant (whole hours), most often first."""
    row = gateway_count.c
    query = (
        select(
            row.kind, row.reason, row.provider, func.sum(row.number).label("number"), func.max(row.hour).label("last")
        )
        .where(row.hour >= since // MICROS_PER_HOUR)
        .group_by(row.kind, row.reason, row.provider)
    )
    found = [
        Counted(one.kind, one.reason, one.provider, int(one.number), int(one.last)) for one in connection.execute(query)
    ]
    return sorted(found, key=lambda one: (one.kind, -one.number, one.reason, one.provider))


def by_hour(connection: Connection, since: int, until: int) -> dict[str, list[int]]:
    """Refusals and errors by hour, oldest first, the hour of `until` included."""
    row = gateway_count.c
    first, last = since // MICROS_PER_HOUR, until // MICROS_PER_HOUR
    found: dict[str, list[int]] = {kind: [0] * (last - first + 1) for kind in ("refusal", "error")}
    query = select(row.kind, row.hour, func.sum(row.number).label("number")).where(row.hour >= first, row.hour <= last)
    one: Any
    for one in connection.execute(query.group_by(row.kind, row.hour)):
        found[one.kind][one.hour - first] = int(one.number)
    return found
