"""GitHub Copilot: who has a seat of an organisation, and when it was used last.

    GET /orgs/{org}/copilot/billing/seats?per_page=100&page=2
    {"total_seats": 2, "seats": [{"created_at": ..., "last_activity_at": ..., "pending_cancellation_date": null,
      "plan_type": "business", "assignee": {"login": "octocat", "id": 1, "email": null, ...}}]}

(GitHub REST API 2022-11-28, Copilot user management.) Pages are numbered; the last one is known by the total.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import fields
from bursar.exchange.provider_bills.values import MAX_PAGES, Ask, Page, Seat

SEATS_OF_A_PAGE = 100
PRODUCT = "copilot"
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?")


def headers(secret: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {secret}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def asks(organisation: str) -> tuple[Ask, ...]:
    """What to ask for the seats of an organisation by its login. Raises InvalidInput."""
    if not _ORGANISATION.fullmatch(organisation):
        raise InvalidInput("account", repr(organisation[:40]), "the login of a GitHub organisation")
    path = f"/orgs/{organisation}/copilot/billing/seats"
    return (Ask(path, (("per_page", str(SEATS_OF_A_PAGE)), ("page", "1")), what="seats"),)


def read(ask: Ask, document: Any, number: int) -> Page:
    """One page. Raises InvalidInput; whether all seats came is seen at the end, by `total`."""
    where = f"{ask.what}, page {number}"
    page = fields.table(document, where)
    if page.get("total_seats") is None:
        raise InvalidInput(f"{where}: total_seats", "nothing", "a count")
    total = fields.count(page["total_seats"], f"{where}: total_seats")
    found = fields.rows(page.get("seats"), f"{where}: seats")
    # Somebody with access by two teams has two seats in the list and one in the total.
    seats = tuple(_seat(raw, f"{where}: seats[{nth}]") for nth, raw in enumerate(found))
    asked = int(dict(ask.query)["page"])
    if not found and (asked - 1) * SEATS_OF_A_PAGE < total:
        raise InvalidInput(f"{where}: seats", "an empty page", f"the rest of {total} seats: the list was cut")
    more = len(found) == SEATS_OF_A_PAGE and asked * SEATS_OF_A_PAGE < total and asked < MAX_PAGES
    if not more and (asked - 1) * SEATS_OF_A_PAGE + len(found) < total:
        raise InvalidInput(f"{where}: seats", f"{len(found)} seats", f"{total} in all: the page was cut")
    follow = replace(ask, query=(("per_page", str(SEATS_OF_A_PAGE)), ("page", str(asked + 1)))) if more else None
    return Page(seats=seats, follow=follow)


def _seat(raw: Any, where: str) -> Seat:
    seat = fields.table(raw, where)
    assignee = fields.table(seat.get("assignee"), f"{where}.assignee")
    login = fields.name(assignee.get("login"), f"{where}.assignee.login")
    if not login:
        raise InvalidInput(f"{where}.assignee.login", "nothing", "whose seat it is")

    def day(field: str) -> str:
        return fields.day_of_text(seat[field], f"{where}.{field}") if seat.get(field) else ""

    return Seat(
        product=PRODUCT,
        login=login,
        email=fields.name(assignee.get("email"), f"{where}.assignee.email").lower(),
        since=day("created_at"),
        last_used=day("last_activity_at"),
        ends=day("pending_cancellation_date"),
    )
