"""Keys: access keys of people, whose secret is shown once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection

from bursar.api import pages
from bursar.api.calls import Call, Called, person_thing
from bursar.api.limits import MAX_LIST_ITEMS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import (
    Amount,
    Document,
    Instant,
    Line,
    Page,
    Sent,
    When,
    amount_of,
    instant,
    instant_or_none,
    said,
)
from bursar.office.database import reading
from bursar.office.keyring import keys
from bursar.office.keyring.rates import MAX_PER_MINUTE
from bursar.office.tables import access_key

KEYS = Resource("Keys", "Access keys of people: who spends, for what, up to which cap. A secret is shown once.")
KEY = person_thing("key", access_key.c.person, access_key.c.id)


class Key(Document):
    """An access key, without its secret."""

    id: str = said("Its id, which rotation does not change.", "key_5f0e6a1c2b3d")
    person: str = said("Handle of whoever pays with it.", "ada")
    hint: str = said("To recognise it by.", "bur_live_Xk2d...9fQa")
    label: str = said("What it is for.", "laptop")
    purpose: str = said("work, learning or personal; production for a service.", "work")
    project: str = said("Project of every charge; may be empty.", "search")
    models: list[str] = Field(description="Shell patterns of models; empty: every model.", examples=[["claude-*"]])
    cap: Amount | None = Field(description="Most that may ever be spent through it, null for no cap.")
    parent: str = said("The key that it stands under, and ends with; empty for none.", "")
    requests_per_minute: int = said("Most requests in a minute, 0 for no limit.", 60)
    tokens_per_minute: int = said("Most tokens in a minute, 0 for no limit.", 200_000)
    created: Instant = said("When it was issued.", "2026-11-01T09:00:00Z")
    expires: Instant | None = said("When it stops, null for never.", "2027-11-01T00:00:00Z")
    state: str = said("live, paused, expired or revoked.", "live")


class IssuedKey(Key):
    """A key at the only moment that its secret is known."""

    secret: str = said("The secret; it is never shown again.", "bur_live_...")


class NewKey(Sent):
    """A key to issue."""

    label: Line = said("What it is for.", "laptop", "")
    purpose: Line = said("work, learning or personal; production for a service.", "work", "work")
    project: Line = said("Project of every charge.", "search", "")
    models: list[Line] = Field(
        default_factory=list,
        description="Shell patterns of models; none: every model.",
        examples=[["claude-*"]],
        max_length=MAX_LIST_ITEMS,
    )
    cap: Line = said("Most that may ever be spent through it, as people write it.", "$20", "")
    expires: When = said("When it stops.", "2027-11-01", "")
    requests_per_minute: int = said("Most requests in a minute; 0: no limit.", 60, 0, ge=0, le=MAX_PER_MINUTE)
    tokens_per_minute: int = said("Most tokens in a minute; 0: no limit.", 200_000, 0, ge=0, le=MAX_PER_MINUTE)
    under: Line = said("Id of a key of one's own: it takes a part of that one's cap, and ends with it.", "", "")


class Rotation(Sent):
    """How a key is exchanged."""

    overlap_seconds: int = said("How long the old secret goes on working.", 3600, 0, ge=0, le=keys.MAX_OVERLAP_SECONDS)


@KEYS.get("/people/{person}/keys", "listKeys", "Somebody's keys", action="key.read", whose="person")
def list_keys(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Key]:
    """Oldest first, without secrets."""
    with reading(call.desks.engine) as connection:
        return _page(keys.listed(connection, call.person), call, after, limit)


@KEYS.get("/keys", "listAllKeys", "Everybody's keys", action="key.read", whose="house")
def list_all_keys(
    call: Called,
    state: Annotated[str, Query(description="Only in this state.", pattern="^(live|paused|expired|revoked)?$")] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Key]:
    """Oldest first: for whoever has to find the key that a log or a leak names."""
    with reading(call.desks.engine) as connection:
        ours = call.colleagues(connection)
        found = [one for one in keys.listed(connection) if one.person_id in ours and state in ("", one.state(call.now))]
    return _page(found, call, after, limit)


@KEYS.post(
    "/people/{person}/keys", "issueKey", "Issue a key", action="key.issue", whose="person", status=201, located=True
)
def issue_key(call: Called, body: NewKey) -> IssuedKey:
    """For oneself alone. The secret is shown once; a repeated request with the same Idempotency-Key shows the same again."""
    with call.desk() as desk:
        issued = desk.issue_key(
            call.person,
            label=body.label,
            purpose=body.purpose,
            project=body.project,
            models=tuple(body.models),
            cap=body.cap,
            expires=body.expires,
            parent=body.under,
            requests_per_minute=body.requests_per_minute,
            tokens_per_minute=body.tokens_per_minute,
        )
        call.location = f"/keys/{issued['id']}"
        with reading(desk.engine) as connection:
            return IssuedKey(**_fields(keys.named(connection, issued["id"]), call.now), secret=issued["token"])


@KEYS.get("/keys/{key}", "getKey", "A key", action="key.read", whose="thing", thing=KEY)
def get_key(call: Called) -> Key:
    """Without its secret."""
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def current(call: Call, connection: Connection) -> Key:
    return key_of(keys.named(connection, call.named), call.now)


@KEYS.post(
    "/keys/{key}/rotate",
    "rotateKey",
    "Give a key a new secret",
    action="key.issue",
    whose="thing",
    thing=KEY,
    current=current,
)
def rotate_key(call: Called, body: Rotation) -> IssuedKey:
    """Its id, its cap and what was spent through it stay. The new secret is shown once."""
    with call.desk() as desk:
        rotated = desk.rotate_key(call.named, overlap_seconds=body.overlap_seconds)
        with reading(desk.engine) as connection:
            return IssuedKey(**_fields(keys.named(connection, call.named), call.now), secret=rotated["token"])


@KEYS.post(
    "/keys/{key}/pause",
    "pauseKey",
    "Stop a key for a while",
    action="key.revoke",
    whose="thing",
    thing=KEY,
    current=current,
)
def pause_key(call: Called) -> Key:
    """Nothing passes with it within a second, until it is resumed."""
    with call.desk() as desk:
        desk.pause_key(call.named)
        return _now(call)


@KEYS.post(
    "/keys/{key}/resume",
    "resumeKey",
    "Let a paused key work again",
    action="key.revoke",
    whose="thing",
    thing=KEY,
    current=current,
)
def resume_key(call: Called) -> Key:
    """As it was before it was paused."""
    with call.desk() as desk:
        desk.resume_key(call.named)
        return _now(call)


@KEYS.post(
    "/keys/{key}/revoke",
    "revokeKey",
    "End a key for ever",
    action="key.revoke",
    whose="thing",
    thing=KEY,
    current=current,
)
def revoke_key(call: Called) -> Key:
    """Nothing passes with it within a second, and never again."""
    with call.desk() as desk:
        desk.revoke_key(call.named)
        return _now(call)


def key_of(one: keys.AccessKey, now: int) -> Key:
    return Key(**_fields(one, now))


def _now(call: Call) -> Key:
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def _page(found: list[keys.AccessKey], call: Call, after: str, limit: int) -> Page[Key]:
    page, following = pages.after(found, after, limit, lambda one: (one.created, one.id))
    return Page[Key](items=[key_of(one, call.now) for one in page], next=following)


def _fields(one: keys.AccessKey, now: int) -> dict[str, Any]:
    terms = one.terms
    return {
        "id": one.id,
        "person": one.person,
        "hint": one.hint,
        "label": terms.label,
        "purpose": terms.purpose,
        "project": terms.project,
        "models": list(terms.models),
        "cap": amount_of(terms.cap_nanos, terms.cap_unit) if terms.cap_nanos else None,
        "parent": terms.parent,
        "requests_per_minute": terms.requests_per_minute,
        "tokens_per_minute": terms.tokens_per_minute,
        "created": instant(one.created),
        "expires": instant_or_none(terms.expires),
        "state": one.state(now),
    }
