"""What compensation does with grants: give, amend, suspend, resume, revoke, end, and say what would happen.

Every change can be asked for without being made (`dry_run`): the answer lists the calendar's events that would appear,
change or vanish. A change that is made is one transaction with its line in the audit log; then the calendar runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from bursar.errors import Conflict, InvalidInput
from bursar.grants.execution import Done
from bursar.money import Amount, parse_amount
from bursar.office.database import transaction
from bursar.office.granting import almanac, grants, seats
from bursar.office.granting.grants import Amendment, Grant
from bursar.office.granting.outlook import describe, local_day
from bursar.office.granting.seats import Charged
from bursar.office.terms import plans
from bursar.office.terms.rollout import preview
from bursar.office.workforce import people
from bursar.office.workforce.roster import check_date
from bursar.plans.document import parts
from bursar.plans.factsheet import fact_sheet
from bursar.plans.schedule import EndKind, History, due
from bursar.plans.terms import PARTS, Plan

if TYPE_CHECKING:
    from bursar.office.desk import Desk

PREVIEW_MICROS = 366 * 86_400_000_000
"""How far ahead a preview looks."""


class _Undone(Exception):
    """Ends a transaction that was only tried."""


@contextmanager
def _trial(desk: Desk, dry_run: bool) -> Iterator[Connection]:
    """A transaction that is undone at its end if nothing but its answer is wanted."""
    with suppress(_Undone), transaction(desk.engine) as connection:
        yield connection
        if dry_run:
            raise _Undone


# Grants.


def give(
    desk: Desk,
    person: str,
    plan_name: str,
    *,
    starts: str = "",
    tier: str = "",
    amount: str = "",
    note: str = "",
    dry_run: bool = False,
) -> dict[str, Any]:
    """Bind a person to the version of a plan that is in force. A tier or amount that is not theirs needs a note."""
    now = desk.now()
    with _trial(desk, dry_run) as connection:
        holder = people.named(connection, person)
        version = plans.in_force(connection, plan_name, now)
        plan = version.plan
        start = desk.instant(starts, plan.zone.key, "starts") if starts else now
        if starts and start > now:
            version = plans.in_force(connection, plan_name, start)
        missing = fact_sheet(version.plan).missing
        if missing:
            raise Conflict(
                f"plan {plan_name} leaves {len(missing)} of the twelve answers open: {', '.join(missing)}",
                "nobody can be asked to agree to that: answer them in the plan's `statements`",
            )
        same = [one for one in grants.listed(connection, person=holder["id"], plan=plan_name) if _runs_at(one, start)]
        if same:
            raise Conflict(f"{holder['handle']} has grant {same[0].id} under plan {plan_name} already")
        chosen, granted = _amount_for(version.plan, holder, tier, amount, note)
        grant_id = desk.new_id("grt")
        first = Amendment(version, chosen, granted, start, note)
        grant = grants.create(connection, grant_id, holder, first, actor=desk.actor, note=note, now=now)
        horizon = max(now, start) + PREVIEW_MICROS
        planned = [describe(one, version.plan) for one in due(grant.history, start - 1, horizon)]
        answer = {
            "grant": grant_id,
            "person": holder["handle"],
            "plan": plan_name,
            "version": version.number,
            "tier": chosen,
            "amount_nanos": granted.nanos,
            "unit": str(granted.unit),
            "terms": grants.in_words(granted, version.plan),
            "starts": local_day(start, version.plan),
            "planned": planned,
            "dry_run": dry_run,
        }
        if not dry_run:
            detail = {"person": holder["id"], "plan": plan_name, "version": version.number, "tier": chosen}
            desk.note(connection, "grant.give", grant_id, {**detail, "amount_nanos": granted.nanos, "note": note})
    if not dry_run:
        run_calendar(desk)
    return answer


def _runs_at(grant: Grant, at: int) -> bool:
    return grant.history.ends is None or grant.history.ends > at


def _amount_for(plan: Plan, holder: dict[str, Any], tier: str, amount: str, note: str) -> tuple[str, Amount]:
    if tier:
        chosen = plan.tier_named(tier)
        if chosen is None:
            raise InvalidInput("tier", repr(tier[:80]), f"one of {', '.join(one.name for one in plan.tiers)}")
    else:
        chosen = grants.tier_for(plan, holder)
    exception = bool(amount) or (bool(tier) and chosen != plan.tier_of(holder))
    if exception and not note:
        raise InvalidInput("note", "nothing", "the reason of an exception: another tier or amount than the plan's")
    granted = parse_amount(amount) if amount else chosen.amount
    if str(granted.unit) != plan.unit or granted.nanos <= 0:
        raise InvalidInput("amount", repr(amount[:80]), f"an amount in {plan.unit}")
    return chosen.name, granted


def amend(
    desk: Desk,
    grant_id: str,
    *,
    effective: str = "",
    plan_name: str = "",
    tier: str = "",
    amount: str = "",
    reason: str = "",
    agreed: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Change a grant's terms from a day on; a change for the worse not before its notice, unless the person agreed."""
    now = desk.now()
    if not reason:
        raise InvalidInput("reason", "nothing", "why the terms change: the person reads it")
    with transaction(desk.engine) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        current = grant.history.segment_at(now)
        start = desk.instant(effective, current.plan.zone.key, "effective") if effective else now
        _still_running(grant, start)
        name = plan_name or current.plan.name
        number = grant.changes[-1]["version"]
        version = (
            plans.in_force(connection, name, max(start, now)) if plan_name else plans.numbered(connection, name, number)
        )
        chosen, granted = _amount_for(version.plan, holder, tier or ("" if plan_name else current.tier), amount, reason)
        kind, first = grants.first_day(grant, version.plan, granted, now)
        if start < now:
            raise Conflict(
                f"effective {effective} lies in the past",
                f"the first possible date is {local_day(first, current.plan)}",
            )
        if start < first and not agreed and effective:
            raise Conflict(
                f"effective {effective} is earlier than the notice that the terms promise ({kind})",
                f"the first possible date is {local_day(first, current.plan)}",
            )
        at = grants.aligned(grant, version.plan, start if agreed else max(start, first))
        change = Amendment(version, chosen, granted, at, reason)
        answer = _changed(desk, grant, holder, grants.amended(grant, change), dry_run, at)
        answer |= {"kind": kind, **preview(grant, change, holder)}
        if not dry_run:
            grants.amend(connection, grant, change, actor=desk.actor, now=now)
            desk.note(
                connection,
                "grant.amend",
                grant_id,
                {"start": at, "tier": chosen, "amount_nanos": granted.nanos, "reason": reason},
            )
    if not dry_run:
        run_calendar(desk)
    return answer


def suspend(
    desk: Desk, grant_id: str, *, start: str = "", until: str = "", reason: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """Stop releases, for parental leave say: what is released stays, what would have vested comes when it ends."""
    now = desk.now()
    with _trial(desk, dry_run) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        zone = grant.current.plan.zone.key
        begins = desk.instant(start, zone, "from") if start else now
        ends = desk.instant(until, zone, "until") if until else 0
        if begins < now:
            raise Conflict(f"from {start} lies in the past", "the past is never rewritten: name a day from now on")
        if ends and ends <= begins:
            raise InvalidInput("until", until, "a day after the pause begins")
        _still_running(grant, begins)
        changed = grants.pause(connection, grant, begins, ends, reason)
        answer = _changed(desk, grant, holder, changed.history, dry_run, begins)
        if not dry_run:
            desk.note(connection, "grant.suspend", grant_id, {"start": begins, "until": ends, "reason": reason})
    return answer


def resume(desk: Desk, grant_id: str, *, at: str = "", dry_run: bool = False) -> dict[str, Any]:
    """End a pause; the rest of a period that began in it is released by its share."""
    now = desk.now()
    with _trial(desk, dry_run) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        moment = desk.instant(at, grant.current.plan.zone.key, "at") if at else now
        if moment < now:
            raise Conflict(f"at {at} lies in the past", "the past is never rewritten: name a day from now on")
        changed = grants.resume(connection, grant, moment)
        answer = _changed(desk, grant, holder, changed.history, dry_run, moment)
        if not dry_run:
            desk.note(connection, "grant.resume", grant_id, {"at": moment})
    if not dry_run:
        run_calendar(desk)
    return answer


def end_grant(
    desk: Desk, grant_id: str, *, kind: EndKind, at: str = "", reason: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """End a grant: `ended` lets released lots run out, `revoked` takes them back after the notice, `left` goes by the
    terms for leaving."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        current = grant.history.segment_at(now)
        days = current.plan.notice.revoke if kind == "revoked" else 0
        first = grants.midnight_after(now, days, current.plan)
        moment = desk.instant(at, current.plan.zone.key, "at") if at else first
        if moment < now:
            raise Conflict(f"at {at} lies in the past", f"the first possible date is {local_day(first, current.plan)}")
        if moment < first:
            raise Conflict(
                f"at {at} is earlier than the notice of {days} days that the terms promise",
                f"the first possible date is {local_day(first, current.plan)}",
            )
        answer = _changed(
            desk, grant, holder, replace(grant.history, ends=moment, end_kind=kind, end_known=now), dry_run, moment
        )
        if not dry_run:
            grants.end(connection, grant, moment, kind, now)
            desk.note(connection, "grant.end", grant_id, {"at": moment, "kind": kind, "reason": reason})
    if not dry_run:
        run_calendar(desk)
    return answer


def record_vesting(
    desk: Desk, grant_id: str, *, event: str = "", share: str = "", reason: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """Record that the event a grant vests on has happened, or accelerate its vesting by a share of the rest (or all)."""
    now = desk.now()
    if not reason:
        raise InvalidInput("reason", "nothing", "why: the person reads it")
    with _trial(desk, dry_run) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        _still_running(grant, now)
        vesting = grant.history.segment_at(now).plan.vesting
        if event and (vesting is None or vesting.on_event != event):
            wanted = "no event" if vesting is None or not vesting.on_event else vesting.on_event
            raise InvalidInput("event", repr(event[:80]), f"the one that grant {grant_id} vests on: {wanted}")
        portion = 0 if not share else parts(share)
        if share and not 0 < portion <= PARTS:
            raise InvalidInput("share", repr(share[:80]), "a share above 0% and up to 100%")
        kind = "event" if event else "acceleration"
        changed = grants.record(
            connection, grant, kind, condition=event, share=portion, actor=desk.actor, reason=reason, now=now
        )
        answer = _changed(desk, grant, holder, changed.history, dry_run, now)
        if not dry_run:
            desk.note(connection, f"grant.{kind}", grant_id, {"event": event, "share_ppm": portion, "reason": reason})
    if not dry_run:
        run_calendar(desk)
    return answer


def leave(desk: Desk, person: str, last_day: str, *, dry_run: bool = False) -> dict[str, Any]:
    """A person's last day: every grant ends with it by its terms, every seat ends with it, and keys stop when nothing is
    left to use."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        holder = people.named(connection, person)
        check_date(last_day, "last_day")
        moment = people.last_instant(last_day, holder["zone"])
        running = [one for one in grants.listed(connection, person=holder["id"]) if _runs_at(one, moment)]
        ends = max(moment, now)
        answer = {
            "person": holder["handle"],
            "last_day": last_day,
            "grants": [
                _changed(desk, one, holder, replace(one.history, ends=ends, end_kind="left", end_known=now), dry_run)
                for one in running
            ],
            "dry_run": dry_run,
        }
        if not dry_run:
            people.leave(connection, holder["id"], last_day, now)
            for one in running:
                grants.end(connection, one, ends, "left", now)
            desk.note(connection, "person.leave", holder["id"], {"last_day": last_day, "grants": len(running)})
    answer["seats"] = seats.end_all(desk, holder["id"], last_day, dry_run=dry_run)
    if not dry_run:
        run_calendar(desk)
    return answer


def retier(
    connection: Connection, desk: Desk, before: dict[str, Any], holder: dict[str, Any], reason: str
) -> list[Amendment]:
    """After a change of level, team or role: bring a person's grants to the tier that is theirs now.

    A grant whose tier is an exception keeps it, unless the change moves the person to another tier of the plan.
    """
    now, made = desk.now(), []
    for grant in grants.listed(connection, person=holder["id"]):
        current = grant.history.segment_at(now)
        if not _runs_at(grant, now) or grant.current is not current:
            continue
        tier = current.plan.tier_of(holder)
        if tier is None or tier.name == current.tier or tier == current.plan.tier_of(before):
            continue
        version = plans.numbered(connection, current.plan.name, grant.changes[-1]["version"])
        _, first = grants.first_day(grant, version.plan, tier.amount, now)
        change = Amendment(version, tier.name, tier.amount, max(now, first), reason)
        grants.amend(connection, grant, change, actor=desk.actor, now=now)
        made.append(change)
    return made


def _still_running(grant: Grant, at: int) -> None:
    if not _runs_at(grant, at):
        raise Conflict(f"grant {grant.id} is over by then")


def _changed(
    desk: Desk, grant: Grant, holder: dict[str, Any], after: History, dry_run: bool, at: int = 0
) -> dict[str, Any]:
    """What a change that takes effect at an instant adds to the calendar of the year after it and takes from it."""
    now = at or desk.now()
    old = {(one.kind, one.key): one for one in due(grant.history, now - 1, now + PREVIEW_MICROS)}
    new = {(one.kind, one.key): one for one in due(after, now - 1, now + PREVIEW_MICROS)}
    plan = grant.current.plan
    return {
        "grant": grant.id,
        "person": holder["handle"],
        "gone": [describe(one, plan) for key, one in old.items() if new.get(key) != one],
        "coming": [describe(one, plan) for key, one in new.items() if old.get(key) != one],
        "dry_run": dry_run,
    }


# The calendar.


def run_calendar(desk: Desk, until: int | None = None, person: str = "") -> list[Done | Charged]:
    """Execute what is due by now, or by an instant of the future for those who rehearse."""
    moment = desk.now() if until is None else until
    return almanac.run(desk.engine, desk.store, moment, now=max(desk.now(), moment), node=desk.actor, person=person)
