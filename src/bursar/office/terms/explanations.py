"""What will happen to a person's grants, in sentences: the same calendar and the same rules, run ahead in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bursar.calendar import Interval, boundary, from_micros, micros, parse_zone, to_local
from bursar.errors import InvalidInput
from bursar.grants.rehearsal import Rehearsal, Spending
from bursar.ledger.values import FUNDING, Entry, LotTerms
from bursar.money import Amount, Unit, format_amount, parse_amount
from bursar.office.database import reading
from bursar.office.granting import grants
from bursar.office.workforce import people
from bursar.plans.check import Checked
from bursar.plans.schedule import History, Segment

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_MONTHS = 240
DAYS = 86_400_000_000


def explain_person(desk: Desk, person: str, months: int, use: str = "") -> dict[str, Any]:
    """What a person's grants will release, roll, expire and vest from now on; `use` is spent every month, evenly."""
    now = desk.now()
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        running = grants.listed(connection, person=holder["id"])
    lots = desk.store.read(lambda session: session.lots_of(holder["id"]))
    zone = running[0].current.plan.zone if running else parse_zone(holder["zone"])
    rehearsal = Rehearsal([one.history for one in running], holder["id"], lots=lots, at=now)
    return {"person": holder["handle"], **_told(rehearsal, now, months, use, zone, now)}


def explain_plan(
    checked: Checked, person: dict[str, str], months: int, *, starts: str = "", hired: str = "", use: str = "", now: int
) -> dict[str, Any]:
    """What a plan would do for somebody with these attributes who starts on a day."""
    plan = checked.plan
    tier = plan.tier_of(person)
    if tier is None:
        return {"person": "", "timeline": [], "sentences": ["This plan is not for such a person."], "balances": []}
    start = micros(datetime.fromisoformat(starts).replace(tzinfo=plan.zone)) if starts else now
    hire = datetime.fromisoformat(hired).date() if hired else None
    history = History("grt_plan", start, (Segment(start, plan, tier.name, tier.amount),), hire)
    return {"person": "", "tier": tier.name, **_told(Rehearsal([history]), start, months, use, plan.zone, start - 1)}


def _told(rehearsal: Rehearsal, start: int, months: int, use: str, zone: ZoneInfo, after: int) -> dict[str, Any]:
    if not 1 <= months <= MAX_MONTHS:
        raise InvalidInput("months", str(months), f"1 to {MAX_MONTHS}")
    first = to_local(from_micros(start), zone).date()
    ends = [micros(boundary(first, Interval(1, "month"), n + 1, zone)) for n in range(months)]
    rehearsal.run(ends[-1], _even(use, start, ends[-1]))
    lines = [_line(entry, zone) for entry in rehearsal.journal if entry.effective > after]
    return {
        "timeline": [line for line in lines if line],
        "sentences": [line["sentence"] for line in lines if line],
        "unmet_nanos": sum(amount for _, amount in rehearsal.unmet),
    }


def _even(use: str, start: int, end: int) -> Sequence[Spending]:
    if not use:
        return ()
    monthly = parse_amount(use, field="use")
    daily = monthly.nanos * 12 // 365
    return [Spending(at, daily, str(monthly.unit)) for at in range(start + DAYS // 2, end, DAYS)]


def _line(entry: Entry, zone: ZoneInfo) -> dict[str, Any] | None:
    if entry.kind not in ("release", "roll", "expire", "trim", "revoke", "reduce"):
        return None
    day = to_local(from_micros(entry.effective), zone).date().isoformat()
    funded = sum(posting.amount for posting in entry.postings if posting.source == FUNDING)
    lost = sum(posting.amount for posting in entry.postings if posting.destination in (4, 5))
    amount = format_amount(Amount(funded or lost, Unit(entry.unit)))
    until = ""
    if isinstance(entry.terms, LotTerms) and entry.terms.expires < grants.NOTHING_DUE:
        until = f", to be used by {to_local(from_micros(entry.terms.expires - 1), zone).date().isoformat()}"
    sentence = {
        "release": f"{day}: {amount} is released{until}",
        "roll": f"{day}: {amount} rolls over{until}",
        "expire": f"{day}: {amount} expires",
        "trim": f"{day}: {amount} of what rolled over earlier is above the cap and expires",
        "revoke": f"{day}: {amount} is taken back",
        "reduce": f"{day}: {amount} is taken back",
    }[entry.kind]
    if entry.kind == "roll" and lost:
        sentence += f"; {format_amount(Amount(lost, Unit(entry.unit)))} expires"
    return {
        "day": day,
        "at_micros": entry.effective,
        "event": entry.kind,
        "amount_nanos": funded or lost,
        "expired_nanos": lost if entry.kind == "roll" else 0,
        "unit": entry.unit,
        "label": entry.terms.label if isinstance(entry.terms, LotTerms) else "",
        "sentence": sentence,
        "note": entry.note,
    }
