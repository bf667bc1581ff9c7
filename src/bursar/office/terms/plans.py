"""Plans as they were agreed: numbered versions with the day from which they are in force, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select

from bursar.errors import NotFound
from bursar.office.tables import ORGANISATION, plan_version
from bursar.plans.check import Checked, load
from bursar.plans.terms import Plan


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a plan in the office's books; instants are microseconds UTC."""

    name: str
    number: int
    effective: int
    created: int
    actor: str
    note: str
    plan: Plan
    document: str


def store(connection: Connection, checked: Checked, effective: int, actor: str, note: str, now: int) -> Version | None:
    """Add a version, unless it says what the newest one says; None then. The caller writes the audit line."""
    newest = latest(connection, checked.plan.name)
    if newest is not None and newest.plan.digest == checked.plan.digest:
        return None
    number = 1 if newest is None else newest.number + 1
    values = {
        "organisation": ORGANISATION,
        "name": checked.plan.name,
        "number": number,
        "digest": checked.plan.digest,
        "effective": effective,
        "document": checked.text,
        "created": now,
        "actor": actor,
        "note": note,
    }
    connection.execute(insert(plan_version).values(**values))
    return Version(checked.plan.name, number, effective, now, actor, note, checked.plan, checked.text)


def versions(connection: Connection, name: str = "") -> list[Version]:
    """Every version, of all plans or of one, oldest first."""
    query = select(plan_version).order_by(plan_version.c.name, plan_version.c.number)
    if name:
        query = query.where(plan_version.c.name == name)
    return [_version(row) for row in connection.execute(query)]


def latest(connection: Connection, name: str) -> Version | None:
    """The newest version, whether it is in force already or announced."""
    found = versions(connection, name)
    return found[-1] if found else None


def in_force(connection: Connection, name: str, at: int) -> Version:
    """The version that a grant made at an instant is under. Raises NotFound."""
    found = [one for one in versions(connection, name) if one.effective <= at]
    if not found:
        known = sorted({one.name for one in versions(connection)})
        hint = f"plans in force: {', '.join(known)}" if known else "`bursar plan apply FILE` puts one into force"
        raise NotFound(f"there is no plan {name[:80]!r} in force then", hint)
    return found[-1]


def numbered(connection: Connection, name: str, number: int) -> Version:
    """A version by its number. Raises NotFound."""
    row = connection.execute(
        select(plan_version).where(plan_version.c.name == name, plan_version.c.number == number)
    ).first()
    if row is None:
        raise NotFound(
            f"there is no version {number} of plan {name[:80]!r}", "`bursar plan list` shows which there are"
        )
    return _version(row)


def _version(row: Any) -> Version:
    plan = _compiled(row.document)
    return Version(row.name, row.number, row.effective, row.created, row.actor, row.note, plan, row.document)


@lru_cache(maxsize=512)
def _compiled(document: str) -> Plan:
    return load(document).plan
