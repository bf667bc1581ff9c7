"""Asking for more: a request with a reason, a chain of approvers, a decision that releases a lot, all of it audited.

Peers cannot see a request, and how long decisions take is measured: the plan's fact sheet says it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from bursar.calendar import micros
from bursar.errors import Conflict, Forbidden, InvalidInput, NotFound
from bursar.grants.execution import lot_terms
from bursar.ledger import Release
from bursar.money import Amount, Unit, format_amount, parse_amount
from bursar.office.database import reading, transaction
from bursar.office.granting import grants
from bursar.office.tables import plan_grant, topup_request
from bursar.office.telling import notices
from bursar.office.workforce import people
from bursar.plans.schedule import FOREVER, LotPlan, periods_of
from bursar.plans.terms import Plan, Step

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_REASON = 2_000
MEASURED = 500
"""Of the decisions under a plan, how many of the last ones say how long one takes."""
MICROS_PER_DAY = 86_400_000_000
MICROS_PER_MINUTE = 60_000_000


def request(desk: Desk, person: str, amount: str, *, reason: str = "", grant_id: str = "") -> dict[str, Any]:
    """Ask for more under a grant whose plan allows to ask. The request is open until it is decided or its time is over."""
    now = desk.now()
    wanted = parse_amount(amount)
    if wanted.nanos <= 0:
        raise InvalidInput("amount", repr(amount), "more than nothing")
    if len(reason) > MAX_REASON:
        raise InvalidInput("reason", f"{len(reason)} characters", f"at most {MAX_REASON}")
    with transaction(desk.engine) as connection:
        holder = people.named(connection, person)
        grant, step = _asking(connection, holder, grant_id, str(wanted.unit), now)
        if step.reason_required and not reason.strip():
            raise InvalidInput("reason", "nothing", "a reason: the plan asks for one")
        if step.up_to is not None and wanted.nanos > step.up_to.nanos:
            raise InvalidInput(
                "amount", format_amount(wanted), f"at most {format_amount(step.up_to)}, as the plan says"
            )
        waiting = connection.execute(
            select(topup_request.c.id).where(
                topup_request.c.grant_id == grant.id, topup_request.c.state == "open", topup_request.c.expires > now
            )
        ).first()
        if waiting is not None:
            raise Conflict(f"request {waiting.id} is open already", "withdraw it first: bursar topup withdraw ID")
        row = {
            "id": desk.new_id("ask"),
            "person": holder["id"],
            "grant_id": grant.id,
            "amount_nanos": wanted.nanos,
            "unit": str(wanted.unit),
            "reason": reason,
            "approvers": json.dumps(_approvers(connection, holder, step)),
            "created": now,
            "expires": now + step.expires_days * MICROS_PER_DAY,
        }
        connection.execute(insert(topup_request).values(**row))
        desk.note(connection, "topup.request", str(row["id"]), {"person": holder["id"], "amount_nanos": wanted.nanos})
        _tell_next(connection, row_of(connection, str(row["id"])), holder["handle"], now)
        return _document(connection, row_of(connection, str(row["id"])), now)


def decide(
    desk: Desk, request_id: str, *, by: str, approve: bool, note: str = "", amount: str = "", login: str = ""
) -> dict[str, Any]:
    """Approve or deny as one of the approvers whose turn it is; `by` is a person, or empty for an account that is none,
    whose `login` stands in the books then. `amount` approves less than was asked for, and whoever decides next may only
    lower it. The last approval releases the lot."""
    now = desk.now()
    if len(note) > MAX_REASON:
        raise InvalidInput("note", f"{len(note)} characters", f"at most {MAX_REASON}")
    with transaction(desk.engine) as connection:
        row = row_of(connection, request_id, locked=True)
        decider = people.named(connection, by) if by else {"id": "", "handle": login}
        if not decider["handle"]:
            raise InvalidInput("by", "nobody", "the person or the account that decides")
        _may_be_decided(row, now)
        chain, said = json.loads(row.approvers), given(row.approved_by)
        if decider["id"] == row.person:
            raise Forbidden("nobody decides about their own request")
        turn = chain[len(said)]
        if turn["person"] not in ("", decider["id"]):
            raise Forbidden(f"it is {turn['name']}'s turn to decide about {request_id}")
        lowered = _lowered(row, amount) if approve and amount else None
        approvals = [*json.loads(row.approved_by), _approval(decider["handle"], lowered)]
        state = "denied" if not approve else "approved" if len(approvals) == len(chain) else "open"
        values: dict[str, Any] = {"state": state, "approved_by": json.dumps(approvals), "note": note}
        if state != "open":
            values |= {"decided": now, "decided_by": decider["handle"]}
        connection.execute(update(topup_request).where(topup_request.c.id == request_id).values(**values))
        decided = row_of(connection, request_id)
        action = "topup.approve" if approve else "topup.deny"
        detail = {"by": decider["id"] or login, "note": note, "state": state, "amount_nanos": granted(decided)}
        desk.note(connection, action, request_id, detail)
        grant = grants.named(connection, row.grant_id)
        document = _document(connection, decided, now)
        if state == "open":
            _tell_next(connection, decided, document["person"], now)
        else:
            sum_ = granted(decided) if state == "approved" else row.amount_nanos
            told = {"request": row.id, "decision": state, "amount_nanos": sum_, "unit": row.unit}
            more = {"by": decider["handle"], **({"note": note} if note else {})}
            notices.post(connection, f"topup:{row.id}:decided", "topup_decided", row.person, {**told, **more}, now)
    if state == "approved":
        lot, names = _lot(grant, decided, now), [one for one, _ in given(decided.approved_by)]
        desk.apply(
            Release(f"release:{lot.id}", row.person, lot_terms(lot, grant.id), f"approved by {', '.join(names)}")
        )
    return document


def given(approved_by: str) -> list[tuple[str, int | None]]:
    """Who has said yes or no, in order, and to which amount (nano-units) if it was lowered."""
    found: list[Any] = json.loads(approved_by)
    return [(one, None) if isinstance(one, str) else (one["by"], one["amount_nanos"]) for one in found]


def granted(row: Any) -> int:
    """What of a request stands as it was agreed so far, nano-units."""
    return int(min([row.amount_nanos, *(nanos for _, nanos in given(row.approved_by) if nanos is not None)]))


def _approval(handle: str, nanos: int | None) -> str | dict[str, Any]:
    return handle if nanos is None else {"by": handle, "amount_nanos": nanos}


def _lowered(row: Any, text: str) -> int | None:
    """The amount that is approved; None for what stands already."""
    wanted, most = parse_amount(text), granted(row)
    if str(wanted.unit) != row.unit or not 0 < wanted.nanos <= most:
        raise InvalidInput(
            "amount",
            repr(text[:40]),
            f"more than nothing, up to {format_amount(Amount(most, Unit(row.unit)))}",
            "more than was asked for is a grant of its own",
        )
    return None if wanted.nanos == most else wanted.nanos


def withdraw(desk: Desk, request_id: str) -> None:
    """Take a request back."""
    with transaction(desk.engine) as connection:
        row = row_of(connection, request_id, locked=True)
        _may_be_decided(row, desk.now())
        connection.execute(
            update(topup_request).where(topup_request.c.id == request_id).values(state="withdrawn", decided=desk.now())
        )
        desk.note(connection, "topup.withdraw", request_id, {})


def named(connection: Connection, request_id: str, now: int) -> dict[str, Any]:
    """The request with this id. Raises NotFound."""
    return _document(connection, row_of(connection, request_id), now)


def listed(desk: Desk, *, person: str = "", approver: str = "", state: str = "") -> list[dict[str, Any]]:
    """Requests, newest first: a person's own, or those that wait for an approver."""
    with reading(desk.engine) as connection:
        query = select(topup_request).order_by(topup_request.c.created.desc())
        if person:
            query = query.where(topup_request.c.person == people.named(connection, person)["id"])
        found = [_document(connection, row, desk.now()) for row in connection.execute(query)]
        decider = people.named(connection, approver)["handle"] if approver else ""
    if approver:
        found = [one for one in found if one["state"] == "open" and one["waits_for"] in (decider, "anybody")]
    return [one for one in found if not state or one["state"] == state]


def approval_minutes(connection: Connection, plan: str) -> tuple[int, int]:
    """How many of the last requests under a plan were decided, at most `MEASURED`, and their median time in minutes."""
    query = (
        select(topup_request.c.created, topup_request.c.decided)
        .join(plan_grant, plan_grant.c.id == topup_request.c.grant_id)
        .where(plan_grant.c.plan == plan, topup_request.c.state.in_(("approved", "denied")))
        .order_by(topup_request.c.decided.desc())
        .limit(MEASURED)
    )
    took = [(row.decided - row.created) // MICROS_PER_MINUTE for row in connection.execute(query)]
    return len(took), int(median(took)) if took else 0


def _tell_next(connection: Connection, row: Any, who: str, now: int) -> None:
    """Tell the approver whose turn it is; where anybody may decide, nobody in particular is told."""
    said = given(row.approved_by)
    turn = json.loads(row.approvers)[len(said)]
    if turn["person"]:
        fields = {
            "request": row.id,
            "who": who,
            "amount_nanos": row.amount_nanos,
            "unit": row.unit,
            "expires_at": row.expires,
            **({"reason": row.reason} if row.reason else {}),
        }
        key = f"topup:{row.id}:asked:{len(said)}"
        notices.post(connection, key, "topup_requested", turn["person"], fields, now)


def measured(connection: Connection, plan: Plan) -> Plan:
    """The plan with how long approvals really took, for its fact sheet; as it is where nothing was decided yet."""
    count, minutes = approval_minutes(connection, plan.name)
    if not count:
        return plan
    took = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
    said = plan.statements.get("approval_time", "").rstrip(". ")
    words = f"{said + '. ' if said else ''}Measured: half of {count} requests were decided within {took}"
    return replace(plan, statements={**plan.statements, "approval_time": words})


def _asking(
    connection: Connection, holder: dict[str, Any], grant_id: str, unit: str, now: int
) -> tuple[grants.Grant, Step]:
    """The grant to ask under: the named one, or the first that allows to ask in this unit."""
    running = [
        grant
        for grant in grants.listed(connection, person=holder["id"], active_at=now)
        if not grant_id or grant.id == grant_id
    ]
    for grant in running:
        plan = grant.history.segment_at(now).plan
        step = next((step for step in plan.at_limit if step.kind == "request"), None)
        if step is not None and plan.unit == unit:
            return grant, step
    raise Conflict(
        f"no plan of {holder['handle']} takes requests for more in {unit}",
        "what happens at the limit is part of the plan: `bursar plan show NAME --facts`",
    )


def _approvers(connection: Connection, holder: dict[str, Any], step: Step) -> list[dict[str, str]]:
    """Who decides, in order; a manager who is not on the roster leaves the decision to anybody with the right."""
    found = []
    for name in step.approvers:
        handle = holder["manager"] if name == "manager" else name
        try:
            approver = people.named(connection, handle)
            found.append({"person": approver["id"], "name": approver["handle"]})
        except NotFound:
            found.append({"person": "", "name": "anybody"})
    return found or [{"person": "", "name": "anybody"}]


def _lot(grant: grants.Grant, row: Any, now: int) -> LotPlan:
    """What an approval releases: until the end of the period in which it is given."""
    segment = grant.history.segment_at(now)
    plan = segment.plan
    period = next(periods_of(grant.history, segment, now, now + 1))
    expires = FOREVER if plan.allotment.every is None else min(micros(period.end), grant.history.stop)
    return LotPlan(f"lot_{row.id}", row.unit, granted(row), now, expires, plan.priority, plan.scope, "Top-up", None, "")


def _may_be_decided(row: Any, now: int) -> None:
    if row.state != "open":
        raise Conflict(f"request {row.id} is {row.state} already")
    if row.expires <= now:
        raise Conflict(f"request {row.id} has expired", "ask again")


def row_of(connection: Connection, request_id: str, *, locked: bool = False) -> Any:
    """A request as it is stored; `locked` keeps whoever decides at the same time waiting. Raises NotFound."""
    query = select(topup_request).where(topup_request.c.id == request_id)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise missing(request_id)
    return row


def missing(request_id: str) -> NotFound:
    """The one answer for a request that is not there and for one that the caller may not know of."""
    return NotFound(f"there is no request {request_id[:80]!r}", "`bursar topup list` shows which there are")


def _document(connection: Connection, row: Any, now: int) -> dict[str, Any]:
    chain, said = json.loads(row.approvers), given(row.approved_by)
    state = "expired" if row.state == "open" and row.expires <= now else row.state
    return {
        "id": row.id,
        "person_id": row.person,
        "person": people.named(connection, row.person)["handle"],
        "grant": row.grant_id,
        "amount_nanos": row.amount_nanos,
        "unit": row.unit,
        "amount": format_amount(Amount(row.amount_nanos, Unit(row.unit))),
        "reason": row.reason,
        "state": state,
        "waits_for": chain[len(said)]["name"] if state == "open" else "",
        "approved_by": [one for one, _ in said],
        "granted_nanos": granted(row) if state == "approved" else 0,
        "created_micros": row.created,
        "expires_micros": row.expires,
        "decided_micros": row.decided,
        "decided_by": row.decided_by,
        "note": row.note,
    }
