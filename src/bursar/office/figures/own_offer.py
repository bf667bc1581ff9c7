"""What somebody has, as an offer: the terms of their plans and tiers, at the use that the gateway measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from bursar.money import NANO
from bursar.offers.document import MAX_LINES
from bursar.offers.from_plan import document_of, line_of
from bursar.office.database import reading
from bursar.office.figures import usage_sums
from bursar.office.granting import grants
from bursar.office.tables import plan_grant, topup_request
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

DAYS_LOOKED_AT = 90
LEAST_DAYS = 7
"""Of use, before it is taken for a habit."""
DAYS_A_MONTH = 365.25 / 12
LEAST_DECISIONS = 5
"""Of requests under a plan, before their outcome is taken for a chance."""
MICROS_PER_DAY = 86_400_000_000


def own_offer(desk: Desk, person: str) -> dict[str, Any] | None:
    """A document `bursar: offer/1` of every grant that runs; None for whoever has none under a plan."""
    now = desk.now()
    lines: list[dict[str, Any]] = []
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        running = grants.listed(connection, person=holder["id"], active_at=now)
        for grant in running[:MAX_LINES]:
            segment = grant.history.segment_at(now)
            names = [one["name"] for one in lines]
            name = segment.plan.name if segment.plan.name not in names else f"{segment.plan.name}-{len(lines) + 1}"
            line = line_of(segment.plan, segment.amount, name)
            step = next((one for one in segment.plan.at_limit if one.kind == "request"), None)
            chance = _granted(connection, segment.plan.name) if step is not None else ""
            if step is not None and chance:
                line["approval"] = {"chance": chance, "reason": "required" if step.reason_required else "optional"}
            lines.append(line)
    if not lines:
        return None
    currency = running[0].history.segment_at(now).plan.currency
    return document_of(lines, _measured(desk, holder["id"], now), currency)


def _measured(desk: Desk, person_id: str, now: int) -> dict[str, str]:
    """Use in a month at list price, and how much of it is personal; nothing before a week of it."""
    today = now // MICROS_PER_DAY
    first = today - DAYS_LOOKED_AT
    by_day = desk.store.read(lambda session: usage_sums.usage_by(session, "day", first, today, person_id))
    begun = min((int(one.key) for one in by_day), default=today)
    list_nanos = sum(one.list_nanos for one in by_day)
    if today - begun < LEAST_DAYS or list_nanos <= 0:
        return {}
    by_purpose = desk.store.read(lambda session: usage_sums.usage_by(session, "purpose", first, today, person_id))
    personal = sum(one.list_nanos for one in by_purpose if one.key == "personal")
    month = list_nanos / NANO / (today - begun) * DAYS_A_MONTH
    return {"usage": f"${month:,.2f}", "personal": f"{100 * personal / list_nanos:.0f}%"}


def _granted(connection: Connection, plan: str) -> str:
    """The share of requests under a plan that were granted, empty before enough of them were decided."""
    request = topup_request.c
    query = (
        select(request.state, func.count())
        .join(plan_grant, plan_grant.c.id == request.grant_id)
        .where(plan_grant.c.plan == plan, request.state.in_(("approved", "denied")))
        .group_by(request.state)
    )
    found = {row[0]: int(row[1]) for row in connection.execute(query)}
    decided = sum(found.values())
    return f"{100 * found.get('approved', 0) / decided:.0f}%" if decided >= LEAST_DECISIONS else ""
