"""A replay: the real usage of a past time, run again under a changed plan or price book, person by person.

Both sides are rehearsals on the ledger's own rules, with every real charge at its real instant, so that the difference is
the terms' and nothing else's. What a person could not have paid for under the new terms shows as unmet, not as less use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.grants.rehearsal import Rehearsal, Spending
from bursar.ledger import Release, Request
from bursar.ledger.session import Session
from bursar.ledger.values import LotTerms
from bursar.office.catalogue import pricing, providers
from bursar.office.database import reading
from bursar.office.granting import grants
from bursar.office.workforce import people
from bursar.plans.check import Checked
from bursar.plans.schedule import History, Segment
from bursar.prices import PriceBook
from bursar.prices.usage import Usage

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_CHARGES = 5_000_000
"""Charges in one replay."""


def replay(
    desk: Desk,
    *,
    start: str,
    end: str,
    plan: Checked | None = None,
    overlays: Sequence[dict[str, Any]] = (),
    person: str = "",
) -> dict[str, Any]:
    """Run a past time again. `plan` replaces the plan of that name; `overlays` are prices on top of those in force."""
    if plan is None and not overlays:
        raise InvalidInput("plan", "nothing", "a changed plan, changed prices, or both")
    zone = "UTC" if plan is None else plan.plan.zone.key
    since = desk.instant(start, zone, "from")
    until = desk.instant(end, zone, "to") if end else desk.now()
    if not since < until <= desk.now():
        raise InvalidInput("to", end or "now", "an instant after the start, not in the future")
    with reading(desk.engine) as connection:
        chosen = [people.named(connection, person)] if person else people.listed(connection)
        book = pricing.current_book(connection, more=overlays) if overlays else None
        kinds = {one.name: one.terms.kind for one in providers.listed(connection)}
        running = {one["id"]: grants.listed(connection, person=one["id"]) for one in chosen}
    rows = []
    for holder in chosen:
        found = _person(desk, holder, running[holder["id"]], since, until, plan, book, kinds)
        if found is not None:
            rows.append(found)
    names = list(rows[0]["before"]) if rows else []
    return {
        "from_micros": since,
        "to_micros": until,
        "people": rows,
        "before": {name: sum(row["before"][name] for row in rows) for name in names},
        "after": {name: sum(row["after"][name] for row in rows) for name in names},
    }


def _person(
    desk: Desk,
    holder: dict[str, Any],
    running: list[grants.Grant],
    since: int,
    until: int,
    plan: Checked | None,
    book: PriceBook | None,
    kinds: dict[str, str],
) -> dict[str, Any] | None:
    charges = desk.store.read(lambda session: _charges(session, holder["id"], since, until))
    histories = [grant.history for grant in running]
    changed = [_under(one, plan, holder, since) for one in histories]
    if not charges and not histories:
        return None
    planned = {grant.id for grant in running}
    by_hand = desk.store.read(
        lambda session: [lot.terms for lot in session.lots_of(holder["id"]) if lot.terms.grant not in planned]
    )
    spent = [Spending(at, amount, "USD", request) for at, amount, request, _ in charges]
    again = spent
    if book is not None:
        again = [
            replace(one, amount=_priced(book, kinds, one, tokens))
            for one, (_, _, _, tokens) in zip(spent, charges, strict=True)
        ]
    return {
        "person": holder["handle"],
        "before": _figures(histories, by_hand, spent, since, until),
        "after": _figures(changed, by_hand, again, since, until),
    }


def _charges(session: Session, person: str, since: int, until: int) -> list[tuple[int, int, Request, str]]:
    found = session.rows(
        "SELECT c.at, c.amount, c.provider, c.model, c.purpose, c.tokens FROM entry e JOIN charge c ON c.seq = e.seq "
        "WHERE e.person = ? AND c.unit = 'USD' AND c.at >= ? AND c.at < ? AND c.amount > 0 ORDER BY e.seq LIMIT ?",
        person,
        since,
        until,
        MAX_CHARGES,
    )
    return [(row[0], row[1], Request(row[2], row[3], row[4]), row[5]) for row in found]


def _under(history: History, plan: Checked | None, holder: dict[str, Any], since: int) -> History:
    """The history as if the changed plan had been in force from the start of the replay; other plans stay."""
    if plan is None or all(one.plan.name != plan.plan.name for one in history.segments):
        return history
    tier = plan.plan.tier_of(holder)
    if tier is None:
        return replace(history, ends=max(history.starts, since), end_kind="ended")
    start = max(since, history.starts)
    before = tuple(one for one in history.segments if one.start < start)
    return replace(history, segments=(*before, Segment(start, plan.plan, tier.name, tier.amount)))


def _figures(
    histories: Sequence[History], by_hand: Sequence[LotTerms], spent: Sequence[Spending], since: int, until: int
) -> dict[str, int]:
    """What a person was promised, used, lost and lacked between two instants; nano-USD."""
    rehearsal = Rehearsal([_from(one, since) for one in histories if one.stop > since], at=since - 1)
    for terms in by_hand:
        if terms.unit == "USD" and terms.effective < until and terms.expires > since and not terms.parent:
            rehearsal.apply([Release(f"release:{terms.id}", rehearsal.person, terms)], max(since, terms.effective))
    rehearsal.run(until - 1, spent)
    lots = [lot for lot in rehearsal.lots(rehearsal.person, until - 1) if lot.terms.unit == "USD"]
    unmet = sum(amount for _, amount in rehearsal.unmet)
    return {
        "released_nanos": sum(lot.terms.amount for lot in lots if not lot.terms.parent),
        "spent_nanos": sum(one.amount for one in spent) - unmet,
        "unmet_nanos": unmet,
        "expired_nanos": sum(lot.expired for lot in lots),
        "rolled_nanos": sum(lot.rolled for lot in lots),
        "left_nanos": sum(lot.available for lot in lots if lot.open),
    }


def _from(history: History, since: int) -> History:
    """The history seen from the start of the replay: what was released before is the past of both sides."""
    if history.starts >= since:
        return history
    current = [one for one in history.segments if one.start <= since][-1:]
    later = [one for one in history.segments if one.start > since]
    return replace(history, segments=(*(replace(one, start=since) for one in current), *later))


def _priced(book: PriceBook, kinds: dict[str, str], one: Spending, tokens: str) -> int:
    """A charge under other prices; as it was where its usage does not say enough."""
    counts = json.loads(tokens)
    kind = kinds.get(one.request.provider, one.request.provider)
    tariff = book.tariff(kind, one.request.model, one.at) if counts else None
    return one.amount if tariff is None else tariff.list_nanos(Usage(**counts))
