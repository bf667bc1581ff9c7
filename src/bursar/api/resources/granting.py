"""Granting: giving a promise, and changing, pausing, ending, revoking it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bursar.api.calls import Called
from bursar.api.limits import MAX_LIST_ITEMS
from bursar.api.resources.calendar_events import ChangeOfCalendar, Event, change_of, event_of
from bursar.api.resources.grants import GRANT, GRANTS, current, no_tag
from bursar.api.shapes import (
    Amount,
    Document,
    Line,
    Prose,
    Sent,
    When,
    amount_of,
    said,
)
from bursar.errors import InvalidInput
from bursar.office.granting import promises

DryRun = said("Only say what would happen.", False, False)


class Given(Document):
    """What giving a grant does."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    person: str = said("Handle.", "ada")
    plan: str | None = said("Name of the plan, null for a lot by hand.", "stipend")
    version: int | None = said("Its version.", 3)
    tier: str | None = said("Its tier.", "senior")
    amount: Amount = Field(description="Of a period, or of the lot.")
    terms: str = said("In words.", "$500 every month")
    planned: list[Event] = Field(description="What will happen in the year ahead.")
    note: str = said("What to know about it.", "")
    dry_run: bool = said("Whether it was only worked out.", False)


class Released(Document):
    """What was taken back of a lot that was given by hand, or what ending a grant does to the calendar."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    revoked: Amount | None = Field(description="Taken back at once, of a lot by hand.")
    change: ChangeOfCalendar | None = Field(description="Of a grant under a plan.")


class NewGrant(Sent):
    """A promise: under a plan, or one lot by hand."""

    plan: Line = said("Under this plan; without it, one lot by hand.", "stipend", "")
    tier: Line = said("Another tier than the person's; needs a note.", None, "")
    amount: Line = said("Another amount than the plan's, which needs a note; of a lot, how much.", "$500", "")
    starts: When = said("First day under the plan; of a lot, when it opens. Without it, now.", "2026-12-01", "")
    expires: When = said("Of a lot: until when; without it, for ever.", None, "")
    priority: int = said("Of a lot: low numbers burn first.", 50, 50, ge=0, le=100)
    providers: list[Line] = Field(
        default_factory=list, max_length=MAX_LIST_ITEMS, description="Of a lot: only at these."
    )
    models: list[Line] = Field(
        default_factory=list, max_length=MAX_LIST_ITEMS, description="Of a lot: only these models, shell patterns."
    )
    purposes: list[Line] = Field(default_factory=list, max_length=3, description="Of a lot: work, learning, personal.")
    label: Line = said("Of a lot: what people read.", None, "")
    note: Prose = said("Why.", "joined the search team", "")
    dry_run: bool = DryRun


class Amendment(Sent):
    """Other terms of a grant."""

    reason: Prose = said("Why; the person reads it.", "new budget", min_length=1)
    effective: When = said("From then on; without it, as soon as the notice allows.", "2027-01-01", "")
    plan: Line = said("Another plan.", None, "")
    tier: Line = said("Another tier.", None, "")
    amount: Line = said("Another amount.", "$300", "")
    agreed: bool = said("The person agreed: no notice is needed.", False, False)
    dry_run: bool = DryRun


class Suspension(Sent):
    """A pause of a grant."""

    starts: When = said("From then on; without it, now.", "2027-03-01", "")
    until: When = said("Until then; without it, until it is resumed.", "2027-09-01", "")
    reason: Prose = said("Why.", "parental leave", "")
    dry_run: bool = DryRun


class Resumption(Sent):
    """The end of a pause."""

    at: When = said("From then on; without it, now.", "2027-08-01", "")
    dry_run: bool = DryRun


class Ending(Sent):
    """The end of a grant."""

    at: When = said("From then on; without it, as soon as the notice allows.", "2027-01-01", "")
    reason: Prose = said("Why.", "the project is over", "")
    dry_run: bool = DryRun


class VestingFact(Sent):
    """Something that lets a grant vest."""

    event: Line = said("The event that it vests on; without it, vesting is accelerated.", "launch", "")
    share: Line = said("Of an acceleration: how much of the rest; without it, all.", "50%", "")
    reason: Prose = said("Why; the person reads it.", "shipped", min_length=1)
    dry_run: bool = DryRun


@GRANTS.post(
    "/people/{person}/grants", "giveGrant", "Promise something to somebody", action="grant.give", whose="person"
)
def give_grant(call: Called, body: NewGrant) -> Given:
    """Under the version of a plan that is in force, or one lot by hand. Nobody gives to themselves. With `dry_run` a grant
    under a plan is told and not made."""
    with call.desk() as desk:
        if body.plan:
            return _given(
                promises.give(
                    desk,
                    call.person,
                    body.plan,
                    starts=body.starts,
                    tier=body.tier,
                    amount=body.amount,
                    note=body.note,
                    dry_run=body.dry_run,
                )
            )
        if body.dry_run:
            raise InvalidInput("dry_run", "true", "false for a lot by hand: there is nothing to work out")
        if body.tier:
            raise InvalidInput("tier", repr(body.tier), "a plan with it")
        found = desk.give(
            call.person,
            body.amount,
            expires=body.expires,
            opens=body.starts,
            priority=body.priority,
            providers=tuple(body.providers),
            models=tuple(body.models),
            purposes=tuple(body.purposes),
            label=body.label,
            note=body.note,
        )
    amount = amount_of(found["amount_nanos"], found["unit"])
    return Given(
        grant=found["grant"],
        person=found["person"],
        plan=None,
        version=None,
        tier=None,
        amount=amount,
        terms=f"{amount.amount} {amount.unit} once",
        planned=[],
        note=found["note"],
        dry_run=False,
    )


@GRANTS.post(
    "/grants/{grant}/amend",
    "amendGrant",
    "Change a grant's terms",
    action="grant.give",
    whose="thing",
    thing=GRANT,
    current=current,
)
def amend_grant(call: Called, body: Amendment) -> ChangeOfCalendar:
    """From a day on; a change for the worse not before the notice that the terms promise, unless the person agreed."""
    with call.desk() as desk:
        return change_of(
            promises.amend(
                desk,
                call.named,
                effective=body.effective,
                plan_name=body.plan,
                tier=body.tier,
                amount=body.amount,
                reason=body.reason,
                agreed=body.agreed,
                dry_run=body.dry_run,
            )
        )


@GRANTS.post(
    "/grants/{grant}/suspend",
    "suspendGrant",
    "Pause a grant",
    action="grant.give",
    whose="thing",
    thing=GRANT,
    current=current,
)
def suspend_grant(call: Called, body: Suspension) -> ChangeOfCalendar:
    """Nothing is released; what is released stays, what would have vested comes when it ends."""
    with call.desk() as desk:
        return change_of(
            promises.suspend(
                desk, call.named, start=body.starts, until=body.until, reason=body.reason, dry_run=body.dry_run
            )
        )


@GRANTS.post(
    "/grants/{grant}/resume",
    "resumeGrant",
    "End a pause",
    action="grant.give",
    whose="thing",
    thing=GRANT,
    current=current,
)
def resume_grant(call: Called, body: Resumption) -> ChangeOfCalendar:
    """The rest of a period that began in the pause is released by its share."""
    with call.desk() as desk:
        return change_of(promises.resume(desk, call.named, at=body.at, dry_run=body.dry_run))


@GRANTS.post(
    "/grants/{grant}/end", "endGrant", "End a grant", action="grant.give", whose="thing", thing=GRANT, current=current
)
def end_grant(call: Called, body: Ending) -> ChangeOfCalendar:
    """Nothing more is released; lots that are there run out by their own terms."""
    with call.desk() as desk:
        return change_of(
            promises.end_grant(desk, call.named, kind="ended", at=body.at, reason=body.reason, dry_run=body.dry_run)
        )


@GRANTS.post(
    "/grants/{grant}/revoke",
    "revokeGrant",
    "Take back a grant",
    action="grant.give",
    whose="thing",
    thing=GRANT,
    current=current,
)
def revoke_grant(call: Called, body: Ending) -> Released:
    """What is unspent is taken back, after the notice of its plan; of a lot by hand, at once."""
    with call.desk() as desk:
        if desk.is_planned(call.named):
            change = change_of(
                promises.end_grant(
                    desk, call.named, kind="revoked", at=body.at, reason=body.reason, dry_run=body.dry_run
                )
            )
            return Released(grant=call.named, revoked=None, change=change)
        if call.request.headers.get("if-match"):
            raise no_tag()
        if body.at:
            raise InvalidInput("at", repr(body.at), "nothing: a lot by hand is taken back at once")
        if body.dry_run:
            left = desk.grant_remainder(call.named)
            return Released(grant=call.named, revoked=amount_of(left.nanos, str(left.unit)), change=None)
        taken = desk.revoke_grant(call.named, note=body.reason)
    return Released(grant=call.named, revoked=amount_of(taken["revoked_nanos"], taken["unit"]), change=None)


@GRANTS.post(
    "/grants/{grant}/vest",
    "recordVesting",
    "Record what lets a grant vest",
    action="grant.give",
    whose="thing",
    thing=GRANT,
    current=current,
)
def record_vesting(call: Called, body: VestingFact) -> ChangeOfCalendar:
    """That the event happened which it vests on, or that vesting is accelerated."""
    with call.desk() as desk:
        return change_of(
            promises.record_vesting(
                desk, call.named, event=body.event, share=body.share, reason=body.reason, dry_run=body.dry_run
            )
        )


def _given(found: dict[str, Any]) -> Given:
    return Given(
        grant=found["grant"],
        person=found["person"],
        plan=found["plan"],
        version=found["version"],
        tier=found["tier"],
        amount=amount_of(found["amount_nanos"], found["unit"]),
        terms=found["terms"],
        planned=[event_of(one) for one in found["planned"]],
        note="",
        dry_run=found["dry_run"],
    )
