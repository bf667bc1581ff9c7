"""Top-ups: asking for more, and deciding about it; pools, consents and seats, which the same lots pay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.requests import Request

from bursar.api import pages
from bursar.api.calls import Call, Called, Owner, Thing
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import (
    Amount,
    Document,
    Instant,
    Line,
    Money,
    Page,
    Prose,
    Sent,
    amount_of,
    instant,
    instant_or_none,
    said,
)
from bursar.errors import Forbidden
from bursar.office.access import reach
from bursar.office.database import reading
from bursar.office.granting import asking, topups
from bursar.office.oversight.reads import look
from bursar.office.oversight.subjects import everybody, subject_of
from bursar.office.tables import topup_request

TOPUPS = Resource("Top-ups", "Asking for more, and deciding about it. Peers never see that somebody asked.")


class TopUp(Document):
    """A request for more."""

    id: str = said("Its id.", "ask_5f0e6a1c2b3d")
    person: str = said("Handle of whoever asks.", "ada")
    grant: str = said("Id of the grant that it is under.", "grt_5f0e6a1c2b3d")
    amount: Amount = Field(description="What is asked for.")
    reason: str = said("Why.", "migration of the billing service")
    state: str = said("open, approved, denied, withdrawn or expired.", "open")
    waits_for: str | None = said("Whose turn it is; `anybody` with the right.", "mia")
    approved_by: list[str] = Field(description="Who approved so far.", examples=[["mia"]])
    created: Instant = said("When it was asked.", "2026-11-20T09:00:00Z")
    expires: Instant = said("When it lapses.", "2026-11-27T09:00:00Z")
    decided: Instant | None = said("When it was decided.", None)
    decided_by: str | None = said("By whom.", None)
    note: str = said("A word to the person.", "")


class Way(Document):
    """A grant under which somebody may ask for more."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    plan: str = said("Title of its plan.", "AI stipend")
    unit: str = said("What may be asked for.", "USD")
    most: Amount | None = Field(description="At most so much in one request; null for no limit.")
    reason_required: bool = said("Whether it takes a reason.", True)
    approvers: list[str] = Field(description="Who decides, in order.", examples=[["Mia"]])
    expires_days: int = said("A request lapses after so many days.", 7)
    plan_says: str = said("What the plan says of how long it takes.", "half of them within an hour")
    decided: int = said("Requests that were decided under the plan.", 12)
    median_minutes: int = said("How long half of them took at most.", 50)


class Ways(Document):
    """How somebody can ask for more."""

    items: list[Way] = Field(description="One for each grant that allows it.")


class NewTopUp(Sent):
    """A request for more."""

    amount: Money = said("How much more.", "$100")
    reason: Prose = said("Why; some plans ask for it.", "migration of the billing service", "")
    grant: Line = said("Under which grant, if there are several.", None, "")


class Decision(Sent):
    """A word to whoever asked."""

    note: Prose = said("A word to the person.", "go ahead", "")


def _owner(_: Request, connection: Connection, name: str) -> Owner | None:
    row = connection.execute(select(topup_request).where(topup_request.c.id == name)).first()
    if row is None:
        return None
    return Owner(row.person, frozenset(one["person"] for one in json.loads(row.approvers) if one["person"]))


TOPUP = Thing("topup", _owner)


@TOPUPS.get("/topups", "listTopUps", "Requests that I may see", action="topup.read", whose="reached")
def list_topups(
    call: Called,
    state: Annotated[
        str, Query(description="Only in this state.", pattern="^(open|approved|denied|withdrawn|expired)?$")
    ] = "",
    waiting_for_me: Annotated[bool, Query(description="Only those whose decision is my turn.")] = False,
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[TopUp]:
    """The newest first: one's own, those that one decides, one's team's for a manager, everybody's for who answers for
    people or money."""
    with reading(call.desks.engine) as connection:
        reached = {one["id"] for one in call.reached(connection)}
    with call.desk() as desk:
        mine = topups.listed(desk, approver=call.by.person, state=state) if call.by.person else []
        found = [] if waiting_for_me else topups.listed(desk, state=state)
    # Where anybody with the right may decide, it is the turn of those whom the right reaches.
    turns = {one["id"] for one in mine if one["waits_for"] != "anybody" or one["person_id"] in reached}
    rows = {one["id"]: one for one in (*mine, *found) if one["id"] in turns or one["person_id"] in reached}
    chosen = [one for name, one in rows.items() if name in turns or not waiting_for_me]
    page, following = pages.before(sorted(chosen, key=_key, reverse=True), after, limit, _key)
    _look(call, page, turns)
    return Page[TopUp](items=[topup_of(one) for one in page], next=following)


@TOPUPS.get(
    "/people/{person}/topups/ways", "listWaysToAsk", "How somebody can ask for more", action="topup.ask", whose="person"
)
def list_ways_to_ask(call: Called) -> Ways:
    """Grants whose plan takes requests, who decides, and how long that has taken."""
    with call.desk() as desk:
        found = asking.ways_to_ask(desk, call.person)
    return Ways(
        items=[
            Way(
                grant=one["grant"],
                plan=one["plan"],
                unit=one["unit"],
                most=None if one["up_to_nanos"] is None else amount_of(one["up_to_nanos"], one["unit"]),
                reason_required=one["reason_required"],
                approvers=one["approvers"],
                expires_days=one["expires_days"],
                plan_says=one["said"],
                decided=one["decided"],
                median_minutes=one["minutes"],
            )
            for one in found
        ]
    )


@TOPUPS.post(
    "/people/{person}/topups",
    "askForMore",
    "Ask for more",
    action="topup.ask",
    whose="person",
    status=201,
    located=True,
)
def ask_for_more(call: Called, body: NewTopUp) -> TopUp:
    """For oneself, under a grant whose plan allows to ask. It is open until it is decided or its time is over."""
    with call.desk() as desk:
        made = topups.request(desk, call.person, body.amount, reason=body.reason, grant_id=body.grant)
    call.location = f"/topups/{made['id']}"
    return topup_of(made)


@TOPUPS.get("/topups/{topup}", "getTopUp", "A request for more", action="topup.read", whose="thing", thing=TOPUP)
def get_topup(call: Called) -> TopUp:
    """And what was decided."""
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def current(call: Call, connection: Connection) -> TopUp:
    return topup_of(topups.named(connection, call.named, call.now))


@TOPUPS.post(
    "/topups/{topup}/approve",
    "approveTopUp",
    "Approve a request",
    action="topup.decide",
    whose="thing",
    thing=TOPUP,
    current=current,
)
def approve_topup(call: Called, body: Decision) -> TopUp:
    """As the approver whose turn it is; the last approval releases the amount. Never about oneself."""
    return _decide(call, body, approve=True)


@TOPUPS.post(
    "/topups/{topup}/deny",
    "denyTopUp",
    "Deny a request",
    action="topup.decide",
    whose="thing",
    thing=TOPUP,
    current=current,
)
def deny_topup(call: Called, body: Decision) -> TopUp:
    """As the approver whose turn it is; the person reads the note."""
    return _decide(call, body, approve=False)


@TOPUPS.post(
    "/topups/{topup}/withdraw",
    "withdrawTopUp",
    "Take a request back",
    action="topup.ask",
    whose="thing",
    thing=TOPUP,
    current=current,
)
def withdraw_topup(call: Called) -> TopUp:
    """One's own, while it is open."""
    with call.desk() as desk:
        topups.withdraw(desk, call.named)
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def topup_of(found: dict[str, Any]) -> TopUp:
    return TopUp(
        id=found["id"],
        person=found["person"],
        grant=found["grant"],
        amount=amount_of(found["amount_nanos"], found["unit"]),
        reason=found["reason"],
        state=found["state"],
        waits_for=found["waits_for"] or None,
        approved_by=found["approved_by"],
        created=instant(found["created_micros"]),
        expires=instant(found["expires_micros"]),
        decided=instant_or_none(found["decided_micros"]),
        decided_by=found["decided_by"] or None,
        note=found["note"],
    )


def _decide(call: Call, body: Decision, *, approve: bool) -> TopUp:
    if not call.by.person:
        raise Forbidden("only somebody of the roster decides", "an owner links accounts to people")
    with call.desk() as desk:
        return topup_of(topups.decide(desk, call.named, by=call.by.person, approve=approve, note=body.note))


def _look(call: Call, page: Sequence[dict[str, Any]], turns: set[str]) -> None:
    """Require the right about whoever asked, and write down the look."""
    action = call.gate.action
    assert action is not None
    with reading(call.desks.engine) as connection:
        if "organisation" in reach(call.by, action):
            found = [everybody(call.by)]
        else:
            named = {one["person_id"]: one["id"] in turns for one in page}
            found = [
                subject_of(connection, person, named=frozenset({call.by.person}) if turn else frozenset())
                for person, turn in named.items()
            ]
    look(call.desks.engine, call.by, action, found, call.gate.what, call.now)


def _key(one: dict[str, Any]) -> tuple[int, str]:
    return one["created_micros"], one["id"]
