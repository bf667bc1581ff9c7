"""How a person can ask for more: under which grants, how much, who decides, and how long that has taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bursar.office.database import reading
from bursar.office.granting import grants, topups
from bursar.office.tables import person as person_table
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def ways_to_ask(desk: Desk, person: str) -> list[dict[str, Any]]:
    """Running grants whose plan takes requests; `minutes` is the median of `decided` decisions under that plan."""
    now, found = desk.now(), []
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        for grant in grants.listed(connection, person=holder["id"], active_at=now):
            plan = grant.history.segment_at(now).plan
            step = next((one for one in plan.at_limit if one.kind == "request"), None)
            if step is None:
                continue
            decided, minutes = topups.approval_minutes(connection, plan.name)
            approvers = [holder["manager"] if name == "manager" else name for name in step.approvers]
            found.append(
                {
                    "grant": grant.id,
                    "plan": plan.title,
                    "unit": plan.unit,
                    "up_to_nanos": None if step.up_to is None else step.up_to.nanos,
                    "reason_required": step.reason_required,
                    "approvers": [_name(connection, one) for one in approvers] or ["anybody with the right"],
                    "expires_days": step.expires_days,
                    "said": plan.statements.get("approval_time", ""),
                    "decided": decided,
                    "minutes": minutes,
                }
            )
    return found


def _name(connection: Any, handle: str) -> str:
    """Who decides, by name; whoever is not on the roster leaves it to anybody with the right."""
    if not handle:
        return "anybody with the right"
    name = connection.execute(select(person_table.c.name).where(person_table.c.handle == handle)).scalar()
    return str(name or "anybody with the right")
