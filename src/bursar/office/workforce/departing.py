"""If somebody left today: what they would keep, for how long, what they would lose at once, and what would never come.

A rehearsal on the rules of the ledger with the terms for leaving, so the answer is what would happen and not another sum.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros, parse_zone, to_local
from bursar.grants.rehearsal import Rehearsal
from bursar.ledger import NEVER
from bursar.ledger import reading as ledger
from bursar.office.database import reading
from bursar.office.granting import grants
from bursar.office.granting.grants import Grant
from bursar.office.workforce import people
from bursar.plans.schedule import due
from bursar.plans.terms import PARTS

if TYPE_CHECKING:
    from bursar.office.desk import Desk

YEAR_MICROS = 365 * 86_400_000_000
UNIT = "USD"


def if_leaving(desk: Desk, person: str) -> dict[str, Any]:
    """Everything for a last day of today in the person's zone; amounts in nano-USD, `keeps` and `loses` by lot."""
    now = desk.now()
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        running = [one for one in grants.listed(connection, person=holder["id"]) if not _over(one, now)]
    today = to_local(from_micros(now), parse_zone(holder["zone"])).date().isoformat()
    ends = max(people.last_instant(today, holder["zone"]), now + 1)
    lots = desk.store.read(lambda session: session.lots_of(holder["id"]))
    had = {lot.terms.id: lot.available + lot.held for lot in lots}
    histories = [replace(one.history, ends=ends, end_kind="left", end_known=now) for one in running]
    rehearsal = Rehearsal(histories, holder["id"], lots=lots, at=now)
    rehearsal.run(ends)
    after = rehearsal.lots(holder["id"], ends)
    tails = {one.id: _tail(one, ends) for one in running}
    rows = [_row(lot, had.get(lot.terms.id, 0), tails) for lot in after if lot.terms.unit == UNIT]
    return {
        "last_day": today,
        "ends_micros": ends,
        "has_nanos": sum(amount for lot, amount in _of_unit(lots, had)),
        "keeps_nanos": sum(one["keeps_nanos"] for one in rows),
        "loses_nanos": sum(one["loses_nanos"] for one in rows),
        "paid_out_nanos": sum(one["paid_out_nanos"] for one in _paid_out(rows, running)),
        "never_comes_nanos": sum(_never_comes(one, ends) for one in running),
        "lots": [one for one in rows if one["keeps_nanos"] or one["loses_nanos"]],
        "grants": [_grant(one, ends) for one in running],
    }


def _of_unit(lots: Any, had: dict[str, int]) -> list[tuple[Any, int]]:
    return [(lot, had[lot.terms.id]) for lot in lots if lot.terms.unit == UNIT]


def _row(lot: ledger.LotBalance, had: int, tails: dict[str, int]) -> dict[str, Any]:
    keeps = lot.available + lot.held
    until = min(lot.terms.expires, tails.get(lot.terms.grant, NEVER))
    return {
        "lot": lot.terms.id,
        "grant": lot.terms.grant,
        "label": lot.terms.label,
        "keeps_nanos": keeps,
        "loses_nanos": max(0, had - keeps),
        "until_micros": until,
    }


def _tail(grant: Grant, ends: int) -> int:
    """Until when what is kept under a grant can be used."""
    return next((one.at for one in due(_left(grant, ends), ends, ends + YEAR_MICROS) if one.kind == "tail"), NEVER)


def _left(grant: Grant, ends: int) -> Any:
    return replace(grant.history, ends=ends, end_kind="left", end_known=ends)


def _never_comes(grant: Grant, ends: int) -> int:
    """What the year after would have brought, had the person stayed."""
    coming = due(grant.history, ends - 1, ends + YEAR_MICROS)
    return sum(one.lot.amount for one in coming if one.lot is not None and one.lot.unit == UNIT)


def _paid_out(rows: list[dict[str, Any]], running: list[Grant]) -> list[dict[str, Any]]:
    """What the terms pay out in cash, of what is lost."""
    shares = {one.id: one.current.plan.leaving.pay_out for one in running}
    return [{"paid_out_nanos": row["loses_nanos"] * shares.get(row["grant"], 0) // PARTS} for row in rows]


def _grant(grant: Grant, ends: int) -> dict[str, Any]:
    leaving = grant.history.segment_at(ends).plan.leaving
    plan = grant.history.segment_at(ends).plan
    words = {
        "keep": f"what is unspent stays for {leaving.tail_days} days" if leaving.tail_days else "what is unspent stays",
        "forfeit": "what is unspent is forfeited",
    }[leaving.unspent]
    if leaving.pay_out:
        words += f"; {leaving.pay_out * 100 / PARTS:g}% of it is paid out in cash"
    return {
        "grant": grant.id,
        "title": plan.title,
        "vests": plan.vesting is not None,
        "terms": words,
        "never_comes_nanos": _never_comes(grant, ends),
    }


def _over(grant: Grant, at: int) -> bool:
    return grant.history.ends is not None and grant.history.ends <= at
