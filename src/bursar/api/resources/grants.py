"""Grants: what was promised to whom, and every change of it; what falls due."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.requests import Request

from bursar.api import pages
from bursar.api.calls import Call, Called, Owner, Thing
from bursar.api.limits import MAX_DATE_CHARS, MAX_TEXT_CHARS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.resources.calendar_events import Event, event_of
from bursar.api.resources.plans import Fact
from bursar.api.routes import Resource
from bursar.api.shapes import (
    Amount,
    Day,
    Document,
    Instant,
    Page,
    amount_of,
    instant,
    instant_or_none,
    said,
)
from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.figures import reports
from bursar.office.granting import grants, outlook
from bursar.office.tables import plan_grant
from bursar.office.terms import own_terms
from bursar.office.workforce import people
from bursar.web.callers import desks_of

GRANTS = Resource("Grants", "What was promised to whom, every change of it, and what falls due.")


class GrantChange(Document):
    """Terms of a grant from an instant on."""

    starts: Instant = said("From when they hold.", "2026-12-01T00:00:00Z")
    plan: str = said("Name of the plan.", "stipend")
    version: int = said("Its version.", 3)
    tier: str = said("Its tier.", "senior")
    amount: Amount = Field(description="The amount of a period.")
    terms: str = said("In words.", "$500 every month")
    announced: Instant = said("When it was said.", "2026-11-20T09:00:00Z")
    by: str = said("By whom.", "acc_5f0e6a1c2b3d by session:ses_5f0e6a1c2b3d")
    reason: str = said("Why.", "promotion")


class Pause(Document):
    """A time in which nothing is released."""

    starts: Instant = said("From when.", "2027-03-01T00:00:00Z")
    ends: Instant | None = said("Until when, null until it is resumed.", None)


class Grant(Document):
    """A promise to a person."""

    id: str = said("Its id.", "grt_5f0e6a1c2b3d")
    person: str = said("Handle.", "ada")
    kind: str = said("plan: under the terms of a plan; given: one lot, by hand.", "plan")
    title: str = said("The plan's name; of a lot, its label.", "stipend")
    amount: Amount = Field(description="Of a period, in force now; of a lot, what was given.")
    terms: str = said("In words.", "$500 every month")
    state: str = said("ahead, running, paused or over.", "running")
    starts: Instant = said("From when.", "2026-11-01T00:00:00Z")
    ends: Instant | None = said("Until when, null while no end is known.", None)
    end_kind: str | None = said("left, revoked or ended; of a lot, expiry.", None)
    note: str = said("A word on it.", "")
    changes: list[GrantChange] = Field(description="Its terms, the first ones first.")
    pauses: list[Pause] = Field(description="Times in which nothing is released.")


class Term(Document):
    """The terms that hold for somebody under one grant, in plain words."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    plan: str = said("Name of the plan.", "stipend")
    title: str = said("What people read.", "AI stipend")
    version: int = said("Its version.", 3)
    tier: str = said("Its tier.", "senior")
    amount: str = said("In words.", "$500 every month")
    since: Day = said("Since when these terms hold.", "2026-12-01")
    standing: str = said("Is it pay or a tool?", "This is a tool that work needs; not part of your pay.")
    answers: list[Fact] = Field(description="The twelve answers.")
    missing: list[str] = Field(description="Questions that are not answered.", examples=[["tax"]])


class Terms(Document):
    """Everything that holds for somebody."""

    items: list[Term] = Field(description="One for each grant that runs.")


def _owner(request: Request, connection: Connection, name: str) -> Owner | None:
    found = connection.execute(select(plan_grant.c.person).where(plan_grant.c.id == name)).scalar_one_or_none()
    if found is None:
        with desks_of(request).lend("gate") as desk:
            rows = desk.store.read(
                lambda session: session.rows("SELECT person FROM lot WHERE grant_id = ? LIMIT 1", name)
            )
        found = rows[0][0] if rows else None
    # A pool's lots are nobody's: the account of a pool is no person.
    return None if found is None or ":" in found else Owner(str(found))


GRANT = Thing("grant", _owner)


@GRANTS.get("/grants", "listGrants", "Grants under plans", action="grant.read", whose="reached")
def list_grants(
    call: Called,
    plan: Annotated[str, Query(description="Only under this plan.", max_length=MAX_TEXT_CHARS)] = "",
    state: Annotated[str, Query(description="Only in this state.", pattern="^(ahead|running|paused|over)?$")] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Grant]:
    """Everybody's for who answers for pay or books, else one's own, by start and id. What was given by hand is a lot."""
    with reading(call.desks.engine) as connection:
        names = {one["id"]: one["handle"] for one in call.reached(connection)}
        found = [one for one in grants.listed(connection, plan=plan) if one.person in names]
        chosen = [one for one in found if state in ("", _state(one, call.now))]
        page, following = pages.after(chosen, after, limit, lambda one: (one.history.starts, one.id))
        call.look_at(connection, [one.person for one in page])
    return Page[Grant](items=[_grant(one, names[one.person], call.now) for one in page], next=following)


@GRANTS.get("/people/{person}/grants", "listGrantsOf", "Somebody's grants", action="grant.read", whose="person")
def list_grants_of(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Grant]:
    """Under plans and by hand, by start and id."""
    with call.desk() as desk:
        rows = _all_of(desk, call)
    page, following = pages.after(rows, after, limit, lambda one: (one[0], one[1].id))
    return Page[Grant](items=[one for _, one in page], next=following)


@GRANTS.get(
    "/people/{person}/terms", "getTerms", "The terms that hold for somebody", action="terms.read", whose="person"
)
def get_terms(call: Called) -> Terms:
    """In plain words: the twelve answers of the fact sheet for each grant, as it is for this person."""
    with call.desk() as desk:
        found = own_terms.terms(desk, call.person)
    names = ("grant", "plan", "title", "version", "tier", "amount", "since", "standing", "missing")
    return Terms(
        items=[
            Term(**{name: one[name] for name in names}, answers=[Fact(**answer) for answer in one["answers"]])
            for one in found
        ]
    )


@GRANTS.get("/grants/{grant}", "getGrant", "A grant", action="grant.read", whose="thing", thing=GRANT)
def get_grant(call: Called) -> Grant:
    """With every change of its terms."""
    with reading(call.desks.engine) as connection:
        if grants.listed(connection, ids=[call.named]):
            return current(call, connection)
    with call.desk() as desk:
        return next(one for _, one in _all_of(desk, call) if one.id == call.named)


def current(call: Call, connection: Connection) -> Grant:
    """A grant under a plan; what was given by hand has no changes that could be missed."""
    found = grants.listed(connection, ids=[call.named])
    if not found:
        raise no_tag()
    handle = people.named(connection, found[0].person)["handle"]
    return _grant(found[0], handle, call.now)


@GRANTS.get("/calendar", "listDue", "What falls due", action="terms.read", whose="house")
def list_due(
    call: Called,
    until: Annotated[str, Query(description="By then; without it, now.", max_length=MAX_DATE_CHARS)] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Event]:
    """Everybody's events that are due by an instant and not done yet, in order. A running gateway does them by itself."""
    with reading(call.desks.engine) as connection:
        ours = set(call.colleagues(connection).values())
    with call.desk() as desk:
        return _due([one for one in outlook.due_events(desk, until) if one["person"] in ours], after, limit)


@GRANTS.get(
    "/people/{person}/calendar", "listDueOf", "What falls due for somebody", action="terms.read", whose="person"
)
def list_due_of(
    call: Called,
    until: Annotated[str, Query(description="By then; without it, now.", max_length=MAX_DATE_CHARS)] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Event]:
    """Events that are due by an instant and not done yet, in order."""
    with call.desk() as desk:
        return _due(outlook.due_events(desk, until, call.person), after, limit)


def no_tag() -> InvalidInput:
    return InvalidInput("If-Match", "a tag", "none: this grant was given by hand, and nothing of it changes unseen")


def _due(found: list[dict[str, Any]], after: str, limit: int) -> Page[Event]:
    def key(one: dict[str, Any]) -> tuple[int, str, str, str]:
        return one["at_micros"], one["grant"] or one.get("seat", ""), one["event"], one["period"]

    page, following = pages.after(sorted(found, key=key), after, limit, key)
    return Page[Event](items=[event_of(one) for one in page], next=following)


def _all_of(desk: Desk, call: Call) -> list[tuple[int, Grant]]:
    """Everything that was promised to the person, with its start."""
    with reading(desk.engine) as connection:
        handle = people.named(connection, call.person)["handle"]
        planned = grants.listed(connection, person=call.person)
    found = [(one.history.starts, _grant(one, handle, call.now)) for one in planned]
    known = {one.id for one in planned}
    by_hand: dict[str, list[dict[str, Any]]] = {}
    for lot in reports.grants(desk, call.person):
        if lot["grant"].startswith("grt_") and lot["grant"] not in known:
            by_hand.setdefault(lot["grant"], []).append(lot)
    found += [(lots[0]["effective_micros"], _by_hand(name, lots, call.now)) for name, lots in by_hand.items()]
    return sorted(found, key=lambda one: (one[0], one[1].id))


def _by_hand(name: str, lots: list[dict[str, Any]], now: int) -> Grant:
    first, unit = lots[0], lots[0]["unit"]
    amount = amount_of(sum(one["amount_nanos"] for one in lots), unit)
    ends = max(one["expires_micros"] for one in lots)
    state = "ahead" if first["effective_micros"] > now else "running" if any(one["open"] for one in lots) else "over"
    return Grant(
        id=name,
        person=first["person"],
        kind="given",
        title=first["label"],
        amount=amount,
        terms=f"{amount.amount} {unit} once",
        state=state,
        starts=instant(first["effective_micros"]),
        ends=instant_or_none(ends),
        end_kind="expiry" if instant_or_none(ends) else None,
        note="",
        changes=[],
        pauses=[],
    )


def _state(grant: grants.Grant, now: int) -> str:
    history = grant.history
    if history.ends is not None and history.ends <= now:
        return "over"
    if history.starts > now:
        return "ahead"
    paused = any(one.start <= now and (one.until is None or now < one.until) for one in history.pauses)
    return "paused" if paused else "running"


def _grant(grant: grants.Grant, handle: str, now: int) -> Grant:
    history = grant.history
    segment = history.segment_at(max(now, history.starts))
    return Grant(
        id=grant.id,
        person=handle,
        kind="plan",
        title=grant.plan,
        amount=amount_of(segment.amount.nanos, str(segment.amount.unit)),
        terms=grants.in_words(segment.amount, segment.plan),
        state=_state(grant, now),
        starts=instant(history.starts),
        ends=instant_or_none(history.ends),
        end_kind=history.end_kind if history.ends is not None else None,
        note=grant.note,
        changes=[
            GrantChange(
                starts=instant(one.start),
                plan=one.plan.name,
                version=change["version"],
                tier=one.tier,
                amount=amount_of(one.amount.nanos, str(one.amount.unit)),
                terms=grants.in_words(one.amount, one.plan),
                announced=instant(change["announced"]),
                by=change["actor"],
                reason=change["reason"],
            )
            for one, change in zip(history.segments, grant.changes, strict=True)
        ],
        pauses=[Pause(starts=instant(one.start), ends=instant_or_none(one.until)) for one in history.pauses],
    )
