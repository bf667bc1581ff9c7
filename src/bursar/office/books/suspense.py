"""Use on a provider's bill that nobody is known to have made: visible until finance says whose it is, or that it is
nobody's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.exchange.provider_bills.matching import Finding, part_of
from bursar.exchange.provider_bills.values import plus, tokens, usage_of
from bursar.ledger import Applied, Rejected, apply_now
from bursar.ledger.lateness import charge_in_the_past
from bursar.office.books import bill_charges, bills
from bursar.office.books.bill_charges import OUTSIDE_ID
from bursar.office.books.closes import checked_note
from bursar.office.database import reading, transaction
from bursar.office.tables import ORGANISATION, bill_suspense
from bursar.office.workforce import people
from bursar.prices import Usage

if TYPE_CHECKING:
    from bursar.office.books.reconciling import Priced
    from bursar.office.desk import Desk

MAX_LISTED = 1_000


def follow(desk: Desk, provider: str, month: str, found: Sequence[Priced]) -> int:
    """Bring the open entries of a month to what a comparison has found; returns how many were opened or changed."""
    changed = 0
    wanted = {one.finding.place: one for one in found}
    row = bill_suspense.c
    here = (row.organisation == ORGANISATION) & (row.provider == provider) & row.day.startswith(month, autoescape=True)
    with transaction(desk.engine) as connection:
        known = {one.place: one for one in connection.execute(select(bill_suspense).where(here))}
        for place, one in wanted.items():
            counts = json.dumps(tokens(one.finding.usage), sort_keys=True)
            before = known.get(place)
            values = {"tokens": counts, "list_nanos": one.list_nanos or 0, "state": "open", "why": one.finding.why}
            if before is None:
                connection.execute(
                    insert(bill_suspense).values(
                        organisation=ORGANISATION,
                        place=place,
                        provider=provider,
                        day=one.finding.day,
                        model=one.finding.model,
                        key=one.finding.key,
                        opened=desk.now(),
                        **values,
                    )
                )
                changed += 1
            elif before.state != "open" or before.tokens != counts:
                connection.execute(update(bill_suspense).where(row.place == place).values(**values, resolved=0))
                changed += 1
        gone = [place for place, one in known.items() if one.state == "open" and place not in wanted]
        for place in gone:
            if known[place].dismissed in ("", "{}"):
                connection.execute(delete(bill_suspense).where(row.place == place))
            else:
                connection.execute(update(bill_suspense).where(row.place == place).values(state="dismissed"))
        if changed or gone:
            desk.note(connection, "suspense.follow", f"{provider}/{month}", {"open": len(wanted), "gone": len(gone)})
    return changed


def listed(connection: Connection, provider: str = "", month: str = "", state: str = "") -> list[dict[str, Any]]:
    """Entries, the largest open ones first."""
    row = bill_suspense.c
    query = select(bill_suspense).where(row.organisation == ORGANISATION)
    if provider:
        query = query.where(row.provider == provider)
    if month:
        query = query.where(row.day.startswith(month, autoescape=True))
    if state:
        query = query.where(row.state == state)
    rows = connection.execute(query.order_by(row.state != "open", row.list_nanos.desc(), row.place).limit(MAX_LISTED))
    names = {one["id"]: one["handle"] for one in people.listed(connection)}
    return [_document(one, names) for one in rows]


def dismissed(connection: Connection, provider: str, month: str) -> list[tuple[str, str, Usage]]:
    """Day, model and usage of what was said to be nobody's to pay."""
    row = bill_suspense.c
    query = select(bill_suspense).where(
        row.organisation == ORGANISATION, row.provider == provider, row.day.startswith(month, autoescape=True)
    )
    found = [(one.day, one.model, usage_of(json.loads(one.dismissed))) for one in connection.execute(query)]
    return [one for one in found if one[2] != Usage()]


def named(connection: Connection, place: str) -> dict[str, Any]:
    """One entry. Raises NotFound."""
    row = bill_suspense.c
    found = connection.execute(
        select(bill_suspense).where(row.organisation == ORGANISATION, row.place == place[:200])
    ).first()
    if found is None:
        raise NotFound(f"there is no suspense entry {place[:40]!r}", "the reconciliation page lists them")
    return _document(found, {one["id"]: one["handle"] for one in people.listed(connection)})


def attribute(desk: Desk, place: str, person: str, note: str = "", *, own_key: bool = False) -> dict[str, Any]:
    """Say whose use it was: it is charged to their lots of that day. With `own_key`, the key is theirs from now on."""
    from bursar.office.books import reconciling

    checked_note(note)
    with reading(desk.engine) as connection:
        entry = _open(connection, place)
        holder = people.named(connection, person)
        if holder["organisation"] != desk.settings.organisation:
            raise NotFound(f"there is nobody called {person[:80]!r} here")
    if own_key and not entry["key"]:
        raise InvalidInput("key", "none", "an entry whose key the provider tells")
    usage = usage_of(entry["tokens"])
    value = reconciling.value_of(desk, entry["provider"], entry["day"], entry["model"], usage)
    if value is None and entry["list_nanos"]:
        value = (entry["list_nanos"], entry["list_nanos"])
    if value is None:
        raise Conflict(
            f"there is no price of {entry['model']} of {entry['provider']}", "set one with `bursar price set` first"
        )
    finding = Finding(
        "outside",
        entry["day"],
        entry["model"],
        usage,
        key=entry["key"],
        person=holder["id"],
        place=part_of(place, holder["id"]),
        why=f"attributed by {desk.actor}",
    )
    desk.run_calendar(holder["id"])
    before = _charged(desk, entry, finding.place)
    if before is None:
        dated = reconciling.charge_of(entry["provider"], reconciling.Priced(finding, *value), desk.now())
        ((answer, _),) = desk.store.transact(lambda session: charge_in_the_past(session, [dated], desk.now()))
    else:
        # A part of it was theirs already: the bill has grown since.
        whole = replace(
            finding, charge=before.charged.id, before=before.charged.usage, usage=plus(before.charged.usage, usage)
        )
        sums = (before.usage.list_nanos + value[0], before.usage.cost_nanos + value[1])
        command = reconciling.correction(before, reconciling.Priced(whole, *sums), entry["provider"])
        (answer,) = apply_now(desk.store, [command], desk.now())
    if not isinstance(answer, Applied):
        raise Conflict(
            answer.sentence if isinstance(answer, Rejected) else answer.reason, "compare again, and try again"
        )
    with transaction(desk.engine) as connection:
        values = {"state": "attributed", "person": holder["id"], "note": note, "tokens": "{}", "list_nanos": 0}
        _resolve(desk, connection, place, values)
        if own_key:
            bills.put_owner(connection, entry["provider"], entry["key"], holder["id"], desk.now())
        detail = {"person": holder["id"], "list_nanos": value[0], "own_key": own_key, "note": note}
        desk.note(connection, "suspense.attribute", place, detail)
        return named(connection, place)


def _charged(desk: Desk, entry: dict[str, Any], part: str) -> bill_charges.Standing | None:
    """What was charged of somebody's part of a place before."""
    day = date.fromisoformat(entry["day"])
    found = desk.store.read(
        lambda session: bill_charges.charges(session, entry["provider"], day, day + timedelta(days=1))
    )
    return found.get(f"{OUTSIDE_ID}{part}")


def dismiss(desk: Desk, place: str, note: str) -> dict[str, Any]:
    """Say that it is nobody's to pay, and why; should the bill tell more of it, the rest is open again."""
    checked_note(note, needed=True)
    with transaction(desk.engine) as connection:
        entry = _open(connection, place)
        settled = plus(usage_of(entry["dismissed"]), usage_of(entry["tokens"]))
        values = {"state": "dismissed", "note": note, "dismissed": json.dumps(tokens(settled), sort_keys=True)}
        _resolve(desk, connection, place, values)
        desk.note(connection, "suspense.dismiss", place, {"list_nanos": entry["list_nanos"], "note": note})
        return named(connection, place)


def _open(connection: Connection, place: str) -> dict[str, Any]:
    entry = named(connection, place)
    if entry["state"] != "open":
        raise Conflict(f"this entry is {entry['state']} already", "compare again to see what is open")
    return entry


def _resolve(desk: Desk, connection: Connection, place: str, values: dict[str, Any]) -> None:
    row = bill_suspense.c
    here = (row.organisation == ORGANISATION) & (row.place == place) & (row.state == "open")
    done = connection.execute(update(bill_suspense).where(here).values(**values, resolved=desk.now(), actor=desk.actor))
    if done.rowcount != 1:
        raise Conflict("somebody else has resolved this entry meanwhile", "look at it again")


def _document(row: Any, handles: dict[str, str]) -> dict[str, Any]:
    return {
        "place": row.place,
        "provider": row.provider,
        "day": row.day,
        "model": row.model,
        "key": row.key,
        "why": row.why,
        "tokens": json.loads(row.tokens),
        "dismissed": json.loads(row.dismissed),
        "list_nanos": row.list_nanos,
        "state": row.state,
        "person": handles.get(row.person, row.person),
        "note": row.note,
        "opened": row.opened,
        "resolved": row.resolved,
        "actor": row.actor,
    }
