"""Notices: what people were told; webhooks that get the same; who looked at whose figures."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.limits import MAX_LIST_ITEMS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Line, Page, Sent, instant, instant_or_none, said
from bursar.errors import Conflict, InvalidInput
from bursar.exchange.notify import KINDS
from bursar.office.database import reading
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.oversight import audit_pages, reads
from bursar.office.telling import notices, webhooks
from bursar.office.telling.channels import channels

NOTICES = Resource("Notices", "What people were told, webhooks that get the same, and who looked at whose figures.")


class Delivery(Document):
    """A notice on its way over one channel."""

    channel: str = said("Which channel.", "mail")
    state: str = said("waiting, delivered or failed.", "delivered")
    attempts: int = said("How often it was tried.", 1)
    delivered: Instant | None = said("When it arrived.", "2026-11-20T09:00:02Z")
    reason: str = said("Why it did not.", "")


class Notice(Document):
    """Something that somebody was told."""

    id: str = said("Names the occasion.", "warn:grt_5f0e6a1c2b3d:2026-11:750000")
    kind: str = said("What kind of notice it is.", "warning")
    person: str = said("Handle.", "ada")
    subject: str = said("The words that others may see.", "Three quarters of your allotment are used")
    fields: dict[str, str] = Field(
        description="The exact fields: nano-units and microseconds UTC as strings of integers.",
        examples=[{"used_ppm": "750000"}],
    )
    created: Instant = said("When.", "2026-11-20T09:00:00Z")
    deliveries: list[Delivery] = Field(description="What became of it on each channel.")


class WebhookDocument(Document):
    """An address that notices are posted to."""

    id: str = said("Its id; `settings` for the one of the settings.", "hook_5f0e6a1c2b3d")
    label: str = said("What it is for.", "chat bot")
    host: str = said("Host of the address; the rest may hold a token and is not shown.", "hooks.example.com")
    kinds: list[str] = Field(description="Kinds of notices that it takes; empty: all.", examples=[["warning"]])
    created: Instant | None = said("When it was made; null for the one of the settings.", "2026-11-20T09:00:00Z")


class MadeWebhook(WebhookDocument):
    """A webhook at the only moment that its signing secret is shown."""

    secret: str = said("Signs as Standard Webhooks has it; it is never shown again.", "whsec_...")


class NewWebhook(Sent):
    """An address to post notices to."""

    url: Annotated[str, Field(max_length=webhooks.MAX_URL_CHARS)] = said(
        "https address; http only for this machine.", "https://hooks.example.com/bursar"
    )
    kinds: list[Line] = Field(
        default_factory=list,
        description=f"Only these kinds; none: all. {', '.join(KINDS)}.",
        examples=[["topup_requested"]],
        max_length=MAX_LIST_ITEMS,
    )
    label: Line = said("What it is for.", "chat bot", "")


class Attempt(Document):
    """What happened to a test on one channel."""

    channel: str = said("Which channel.", "webhook:hook_5f0e6a1c2b3d")
    delivered: bool = said("Whether it arrived.", True)
    happened: str = said("In words.", "delivered")


class Attempts(Document):
    """What happened to a test."""

    items: list[Attempt] = Field(description="One for each channel.")


class Look(Document):
    """Somebody looked at a person's figures."""

    at: Instant = said("When first in that hour.", "2026-11-20T09:00:00Z")
    who: str = said("Login of the account.", "fin@example.com")
    name: str = said("Its name.", "Fin")
    role: str = said("In which role.", "finance")
    action: str = said("What the access table calls it.", "statement.read")
    what: str = said("The page or report.", "Everything that moved the account (API)")
    everybody: bool = said("It was at everybody, not at this person in particular.", False)


@NOTICES.get("/people/{person}/notices", "listNotices", "What somebody was told", action="notice.read", whose="person")
def list_notices(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Notice]:
    """The newest first, with what became of each."""
    with call.desk() as desk:
        return _page(notices.listed(desk, call.person, limit + 1, _place(after)), limit)


@NOTICES.get("/notices", "listAllNotices", "What everybody was told", action="notice.read", whose="house")
def list_all_notices(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Notice]:
    """The newest first."""
    with call.desk() as desk:
        return _page(notices.listed(desk, "", limit + 1, _place(after), call.by.organisation), limit)


@NOTICES.get(
    "/people/{person}/reads", "listReads", "Who looked at somebody's figures", action="reads.read", whose="person"
)
def list_reads(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Look]:
    """The newest first: who, in which role, at what."""
    before = pages.read(after)[0] if after else 0
    if not isinstance(before, int):
        raise InvalidInput("after", "a cursor that is none", "`next` of the page before")
    with reading(call.desks.engine) as connection:
        found = reads.reads_of(connection, call.person, before=before, limit=limit + 1)
    page, more = found[:limit], len(found) > limit
    # A cursor is an instant: looks of the same instant stay together.
    while more and len(page) > 1 and page[-1].at == found[len(page)].at:
        page = page[:-1]
    return Page[Look](
        items=[
            Look(
                at=instant(one.at),
                who=one.who,
                name=one.name,
                role=one.role,
                action=one.action,
                what=one.what,
                everybody=one.everybody,
            )
            for one in page
        ],
        next=pages.written(page[-1].at) if more else None,
    )


@NOTICES.get("/webhooks", "listWebhooks", "Where notices are posted to", action="webhook.manage", whose="house")
def list_webhooks(call: Called) -> Page[WebhookDocument]:
    """Subscriptions, and the address of the settings; hosts only."""
    with reading(call.desks.engine) as connection:
        found = [_webhook(one) for one in webhooks.listed(connection)]
    if any(one.name == "webhook" for one in channels(call.desks.settings.notify)):
        label = "set in the settings"
        found.insert(0, WebhookDocument(id="settings", label=label, host="", kinds=[], created=None))
    return Page[WebhookDocument](items=found)


@NOTICES.post("/webhooks", "addWebhook", "Subscribe an address", action="webhook.manage", whose="house", status=201)
def add_webhook(call: Called, body: NewWebhook) -> MadeWebhook:
    """Notices are posted as JSON, signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`,
    `webhook-signature`), and retried until they arrive, for about a day. The signing secret is shown once."""
    with call.desk() as desk:
        made = webhooks.add(
            desk, body.url, kinds=body.kinds, label=body.label, entropy=secrets.token_bytes(RANDOM_BYTES)
        )
    return MadeWebhook(**_webhook(made.subscription).model_dump(), secret=made.secret.reveal())


@NOTICES.delete("/webhooks/{webhook}", "removeWebhook", "End a subscription", action="webhook.manage", whose="house")
def remove_webhook(
    call: Called, webhook: Annotated[str, Path(description="Id of the webhook.", max_length=100)]
) -> None:
    """What was not delivered yet never will be."""
    if webhook == "settings":
        raise Conflict("this webhook is set in the settings", "whoever runs the installation takes it out there")
    with call.desk() as desk:
        webhooks.remove(desk, webhook if webhook.isprintable() else "")


@NOTICES.post("/webhooks/test", "testChannels", "Send myself a test", action="webhook.manage", whose="house")
def test_channels(call: Called) -> Attempts:
    """Over every channel at once, past the outbox; says of each what happened."""
    if not call.by.person:
        raise Conflict("your account is no person of the roster", "a notice is told to a person")
    with call.desk() as desk:
        found = notices.test(desk, call.by.person)
    return Attempts(
        items=[Attempt(channel=one["channel"], delivered=one["delivered"], happened=one["happened"]) for one in found]
    )


def _webhook(one: webhooks.Subscription) -> WebhookDocument:
    return WebhookDocument(
        id=one.id, label=one.label, host=one.host, kinds=list(one.kinds), created=instant(one.created)
    )


def _place(cursor: str) -> tuple[int, str] | None:
    if not cursor:
        return None
    match pages.read(cursor):
        case [int(at), str(key)]:
            return at, key
    raise InvalidInput("after", "a cursor that is none", "`next` of the page before")


def _page(found: list[dict[str, Any]], limit: int) -> Page[Notice]:
    page = found[:limit]
    following = pages.written((page[-1]["created_micros"], page[-1]["id"])) if len(found) > limit else None
    return Page[Notice](items=[_notice(one) for one in page], next=following)


def _notice(found: dict[str, Any]) -> Notice:
    return Notice(
        id=found["id"],
        kind=found["kind"],
        person=found["person"],
        subject=found["subject"],
        fields={name: str(value) for name, value in found["fields"].items()},
        created=instant(found["created_micros"]),
        deliveries=[
            Delivery(
                channel=one["channel"],
                state=one["state"],
                attempts=one["attempts"],
                delivered=instant_or_none(one["delivered_micros"]),
                reason=one["reason"],
            )
            for one in found["deliveries"]
        ],
    )


class HouseLook(Look):
    """Somebody looked at somebody's figures."""

    whom: str = said("Handle; empty for everybody at once.", "ada")


@NOTICES.get("/reads", "listAllReads", "Who looked at whom", action="reads.read", whose="house")
def list_all_reads(
    call: Called,
    who: Annotated[str, Query(description="A part of a login or name.", max_length=audit_pages.MAX_SEARCH_CHARS)] = "",
    whom: Annotated[
        str, Query(description="A part of a handle or name.", max_length=audit_pages.MAX_SEARCH_CHARS)
    ] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[HouseLook]:
    """Every look at figures of people, the newest first."""
    if not (who + whom).isprintable():
        return Page[HouseLook](items=[])
    place = _look_place(pages.read(after)) if after else None
    with reading(call.desks.engine) as connection:
        found = audit_pages.looks(connection, call.by.organisation, who=who, whom=whom, after=place, rows=limit)
    items = [
        HouseLook(
            at=instant(one.at),
            who=one.who,
            name=one.name,
            role=one.role,
            action=one.action,
            what=one.what,
            everybody=not one.whom,
            whom=one.whom,
        )
        for one in found.looks
    ]
    return Page[HouseLook](items=items, next=pages.written(found.next) if found.next else None)


def _look_place(key: list[Any]) -> tuple[int, str, str, str, str]:
    if [type(one) for one in key] != [int, str, str, str, str] or not 0 <= key[0] < 2**62:
        raise InvalidInput("after", "a cursor that is none", "`next` of the page before")
    return (key[0], key[1], key[2], key[3], key[4])
