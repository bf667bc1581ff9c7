"""Cursor: the members of a team, and what each request of theirs used and cost.

    GET /teams/members -> {"teamMembers": [{"name": ..., "email": ..., "role": "member", "isRemoved": false}]}
    POST /teams/filtered-usage-events {"startDate": ms, "endDate": ms, "page": 1, "pageSize": 1000}
    {"totalUsageEventsCount": 2, "pagination": {"numPages": 1, "currentPage": 1, "hasNextPage": false, ...},
     "usageEvents": [{"timestamp": "1750979225854", "model": "claude-4.5-sonnet", "kind": ..., "isTokenBasedCall": true,
        "tokenUsage": {"inputTokens": ..., "outputTokens": ..., "cacheWriteTokens": ..., "cacheReadTokens": ...,
                       "totalCents": 20.18}, "userEmail": "ada@acme.example"}]}

(Admin API, 2026; basic authentication with the key as the name; at most 30 days at once.) Events have no name of their
own, so equal ones of the same millisecond are told apart by their number.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import fields
from bursar.exchange.provider_bills.values import Ask, Line, Page, Seat
from bursar.prices import Usage

EVENTS_OF_A_PAGE = 1000
DAYS_AT_ONCE = 30
PRODUCT = "cursor"
_CENTS = 7
_DAY = 86_400


def headers(secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{secret}:'.encode()).decode()}"}


def asks(since: int, until: int) -> tuple[Ask, ...]:
    """The members, and the events of [since, until), seconds since 1970."""
    stretches = [(start, min(until, start + DAYS_AT_ONCE * _DAY)) for start in range(since, until, DAYS_AT_ONCE * _DAY)]
    return (
        Ask("/teams/members", what="members"),
        *(
            Ask(
                "/teams/filtered-usage-events",
                body={
                    "startDate": start * 1000,
                    "endDate": end * 1000 - 1,
                    "page": 1,
                    "pageSize": EVENTS_OF_A_PAGE,
                },
                what="usage events",
            )
            for start, end in stretches
        ),
    )


def read(ask: Ask, document: Any, number: int) -> Page:
    """One page. Raises InvalidInput with its place."""
    where = f"{ask.what}, page {number}"
    page = fields.table(document, where)
    if ask.what == "members":
        found = fields.rows(page.get("teamMembers"), f"{where}: teamMembers")
        members = (_member(raw, f"{where}: teamMembers[{nth}]") for nth, raw in enumerate(found))
        return Page(seats=tuple(one for one in members if one is not None))
    assert ask.body is not None
    events = fields.rows(page.get("usageEvents"), f"{where}: usageEvents")
    turning = fields.table(page.get("pagination"), f"{where}: pagination")
    more = fields.flag(turning.get("hasNextPage"), f"{where}: pagination.hasNextPage")
    if more and not events:
        raise InvalidInput(f"{where}: usageEvents", "an empty page", "events, since there are more")
    days = range(ask.body["startDate"] // 1000, ask.body["endDate"] // 1000, _DAY)
    return Page(
        lines=_lines(events, where),
        # The first page speaks for all of them.
        days=tuple(datetime.fromtimestamp(one, UTC).date().isoformat() for one in days if ask.body["page"] == 1),
        follow=replace(ask, body={**ask.body, "page": ask.body["page"] + 1}) if more else None,
    )


def _member(raw: Any, where: str) -> Seat | None:
    member = fields.table(raw, where)
    if member.get("isRemoved") is True:
        return None
    email = fields.name(member.get("email"), f"{where}.email").lower()
    if not email:
        raise InvalidInput(f"{where}.email", "nothing", "whose seat it is")
    return Seat(PRODUCT, login=email, email=email)


def _lines(events: list[Any], where: str) -> tuple[Line, ...]:
    """Events of a page; those of one instant are counted, so that the same page again tells the same."""
    found: list[Line] = []
    times: dict[tuple[str, ...], int] = {}
    for nth, raw in enumerate(events):
        line = _line(raw, f"{where}: usageEvents[{nth}]")
        times[line.identity] = times.get(line.identity, 0) + 1
        found.append(replace(line, detail=f"{line.detail}/{times[line.identity]}"))
    return tuple(found)


def _line(raw: Any, where: str) -> Line:
    event = fields.table(raw, where)
    stamp = event.get("timestamp")
    if not isinstance(stamp, str | int) or not str(stamp).isdigit() or len(str(stamp)) > 13:
        raise InvalidInput(f"{where}.timestamp", fields.kind(stamp), "milliseconds since 1970")
    used: Mapping[str, Any] = fields.table(event.get("tokenUsage") or {}, f"{where}.tokenUsage")

    def counted(field: str) -> int:
        return fields.count(used.get(field), f"{where}.tokenUsage.{field}")

    cents = used.get("totalCents")
    return Line(
        day=datetime.fromtimestamp(int(stamp) // 1000, UTC).date().isoformat(),
        model=fields.name(event.get("model"), f"{where}.model"),
        usage=Usage(
            input=counted("inputTokens"),
            cache_read=counted("cacheReadTokens"),
            cache_write_5m=counted("cacheWriteTokens"),
            output=counted("outputTokens"),
        ),
        user=fields.name(event.get("userEmail"), f"{where}.userEmail").lower(),
        detail=str(stamp),
        requests=1,
        cost_nanos=None if cents is None else fields.nanos(cents, f"{where}.tokenUsage.totalCents", _CENTS),
    )
