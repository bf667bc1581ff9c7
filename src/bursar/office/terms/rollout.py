"""Putting a plan into force: a new version, and the amendments that bring its grants under it after their notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.errors import Conflict
from bursar.office.database import reading, transaction
from bursar.office.granting import grants
from bursar.office.granting.grants import Amendment, Grant
from bursar.office.granting.outlook import local_day
from bursar.office.terms import plans
from bursar.office.workforce import people
from bursar.plans.check import Checked

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def apply_plan(
    desk: Desk,
    checked: Checked,
    *,
    effective: str = "",
    note: str = "",
    dry_run: bool = False,
    after: int | None = None,
) -> dict[str, Any]:
    """Put a version of a plan into force, and amend the grants that are under earlier ones after their notice.

    The same document twice changes nothing. `after` is the version that this one was written after (0: none), where
    somebody looked at the differences. Raises Conflict if another one came meanwhile, and, with the first possible date,
    where the notice that a grant's terms promise would be broken.
    """
    plan, now = checked.plan, desk.now()
    start = desk.instant(effective, plan.zone.key, "effective") if effective else now
    with (reading if dry_run else transaction)(desk.engine) as connection:
        newest = plans.latest(connection, plan.name)
        if after is not None and after != (newest.number if newest else 0):
            raise Conflict(
                f"{plan.name} has version {newest.number if newest else 0} by now, not {after}",
                "look at the differences again",
            )
        if newest is not None and newest.plan.digest == plan.digest:
            return {
                "plan": plan.name,
                "version": newest.number,
                "changed": False,
                "grants": [],
                "kept": [],
                "dry_run": dry_run,
            }
        if effective and start < now and newest is not None:
            raise Conflict(
                f"effective {effective} lies in the past", "the past is never rewritten: name a day from now on"
            )
        number = 1 if newest is None else newest.number + 1
        version = plans.Version(plan.name, number, start, now, desk.actor, note, plan, checked.text)
        holders = {one["id"]: one for one in people.listed(connection)}
        found = [
            (grant, _follow(grant, version, holders[grant.person], start, bool(effective), now))
            for grant in grants.listed(connection, plan=plan.name)
            if grant.history.ends is None or grant.history.ends > start
        ]
        amendments = [(grant, change) for grant, (_, change) in found if change is not None]
        previews = [
            {"kind": kind, **preview(grant, change, holders[grant.person])}
            for grant, (kind, change) in found
            if change is not None
        ]
        kept = [holders[grant.person]["handle"] for grant, (_, change) in found if change is None]
        if not dry_run:
            plans.store(connection, checked, start, desk.actor, note, now)
            for grant, change in amendments:
                grants.amend(connection, grant, change, actor=desk.actor, now=now)
            detail = {"version": number, "digest": plan.digest, "grants": len(amendments), "note": note}
            desk.note(connection, "plan.apply", plan.name, detail)
    if not dry_run:
        desk.run_calendar()
    return {
        "plan": plan.name,
        "version": number,
        "effective": local_day(start, plan),
        "changed": True,
        "grants": previews,
        "kept": kept,
        "dry_run": dry_run,
    }


def _follow(
    grant: Grant, version: plans.Version, holder: dict[str, Any], start: int, strict: bool, now: int
) -> tuple[str, Amendment | None]:
    """The amendment that brings a grant under a new version, not before its notice is over, and which notice that is;
    None if no tier is theirs any more: they keep what they were promised."""
    tier = version.plan.tier_of(holder)
    if tier is None:
        return "keep", None
    kind, first = grants.first_day(grant, version.plan, tier.amount, now)
    if strict and start < first:
        raise Conflict(
            f"effective {local_day(start, version.plan)} breaks the notice of grant {grant.id} of {holder['handle']}",
            f"the first possible date for this change ({kind}) is {local_day(first, grant.current.plan)}",
        )
    at = grants.aligned(grant, version.plan, max(start, first))
    return kind, Amendment(version, tier.name, tier.amount, at, f"plan {version.name}, version {version.number}")


def preview(grant: Grant, change: Amendment, holder: dict[str, Any]) -> dict[str, Any]:
    before = grant.history.segment_at(change.start)
    return {
        "grant": grant.id,
        "person": holder["handle"],
        "name": holder["name"],
        "from": local_day(change.start, change.version.plan),
        "before": grants.in_words(before.amount, before.plan),
        "after": grants.in_words(change.amount, change.version.plan),
        "before_nanos": before.amount.nanos,
        "after_nanos": change.amount.nanos,
        "unit": str(change.amount.unit),
        "tier": change.tier,
    }
