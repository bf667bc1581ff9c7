"""Changing a grant: asked for on a form, told on a page of its own with what goes and what comes, and only then done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from bursar.console.compensation.area import AREA
from bursar.console.compensation.grants import ACTS, GIVE, GrantId, subject
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, InvalidInput, NotFound
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.granting import dossier, promises
from bursar.office.terms import plans

MAX_CHARS = {"reason": 1_000}
MAX_FIELD_CHARS = 200
SHOWN_EVENTS = 12

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an act's form."""

    name: str
    label: str
    type: str = "text"
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done to a grant: what it asks, and the office's own way to do it or to say what would be."""

    name: str
    question: str
    fields: tuple[Field, ...]
    do: Callable[[Desk, str, Typed, bool], dict[str, Any]]
    """Of the desk, the grant, what was typed, and whether it is only tried."""
    verb: str
    done: str
    grave: bool = False


_REASON = Field("reason", "Why", "area", "The person reads it, and it stands in the audit log.", required=True)
_NOTE = Field("reason", "Why", "area", "It stands in the audit log.")
_AT = Field("at", "From", "date", "Empty: as soon as the terms allow.")
_BY_NAME = {
    one.name: one
    for one in (
        Act(
            "amend",
            "What shall hold instead, and from when?",
            (
                Field("amount", "Another amount", hint="Such as $300; empty: the tier's."),
                Field("tier", "Another tier", "tier"),
                Field("plan", "Another plan", "plan"),
                Field("effective", "From", "date", "Empty: as soon as the notice of the terms allows."),
                _REASON,
                Field("agreed", "The person has agreed: no notice is needed", "choice"),
            ),
            lambda desk, grant, typed, dry: promises.amend(
                desk,
                grant,
                effective=typed["effective"],
                plan_name=typed["plan"],
                tier=typed["tier"],
                amount=typed["amount"],
                reason=typed["reason"],
                agreed=bool(typed["agreed"]),
                dry_run=dry,
            ),
            "Amend it",
            "amended",
        ),
        Act(
            "suspend",
            "From when shall nothing be released, and until when?",
            (
                Field("from", "From", "date", "Empty: now."),
                Field("until", "Until", "date", "Empty: until it is resumed."),
                _NOTE,
            ),
            lambda desk, grant, typed, dry: promises.suspend(
                desk, grant, start=typed["from"], until=typed["until"], reason=typed["reason"], dry_run=dry
            ),
            "Suspend it",
            "suspended",
        ),
        Act(
            "resume",
            "From when shall it go on?",
            (Field("at", "From", "date", "Empty: now. The rest of the period comes by its share."),),
            lambda desk, grant, typed, dry: promises.resume(desk, grant, at=typed["at"], dry_run=dry),
            "Resume it",
            "resumed",
        ),
        Act(
            "vest",
            "What happened, or what shall vest ahead of its time?",
            (
                Field("event", "The event that happened", "event", "Only where the plan vests on one."),
                Field("share", "Or a share of what has not vested yet", hint="Such as 50%; empty: all of it."),
                _REASON,
            ),
            lambda desk, grant, typed, dry: promises.record_vesting(
                desk, grant, event=typed["event"], share=typed["share"], reason=typed["reason"], dry_run=dry
            ),
            "Record it",
            "recorded",
        ),
        Act(
            "end",
            "When shall it end, with what is released running out by itself?",
            (_AT, _NOTE),
            lambda desk, grant, typed, dry: promises.end_grant(
                desk, grant, kind="ended", at=typed["at"], reason=typed["reason"], dry_run=dry
            ),
            "End it",
            "ended",
            grave=True,
        ),
        Act(
            "revoke",
            "When shall it end, with what is unspent taken back?",
            (_AT, _REASON),
            lambda desk, grant, typed, dry: promises.end_grant(
                desk, grant, kind="revoked", at=typed["at"], reason=typed["reason"], dry_run=dry
            ),
            "Revoke it",
            "revoked",
            grave=True,
        ),
    )
}

ActName = Annotated[str, Path(max_length=20)]


async def _typed(request: Request) -> dict[str, str]:
    """What was typed, by field; fields of other acts are not there."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


Form = Annotated[dict[str, str], Depends(_typed)]


@AREA.page(
    "/grants/{grant_id}/change/{act}", name="Change a grant", question="What shall change?",
    action="grant.give", whose="house", in_menu=False,
)  # fmt: skip
def ask(visit: Visit, grant_id: GrantId, act: ActName) -> Response:
    """The form of an act."""
    wanted = _act(act)
    visit.require(GIVE, subject(visit, grant_id))
    return _form(visit, grant_id, wanted, {})


@AREA.form(
    "/grants/{grant_id}/change/{act}/confirm", action="grant.give", whose="house",
    name="Change a grant", question="What exactly will happen?",
)  # fmt: skip
def confirm(visit: Visit, grant_id: GrantId, act: ActName, form: Form) -> Response:
    """What it would do, before it is done."""
    wanted = _act(act)
    visit.require(GIVE, subject(visit, grant_id))
    typed = _of(wanted, form)
    try:
        _check(wanted, typed)
        with visit.desk() as desk:
            outcome = wanted.do(desk, grant_id, typed, True)
    except BursarError as error:
        return _form(visit, grant_id, wanted, typed, error)
    return visit.show(
        "compensation/change_confirm.html",
        grant_id=grant_id,
        act=wanted,
        title=ACTS[wanted.name],
        typed=typed,
        outcome=outcome,
        shown=SHOWN_EVENTS,
    )


@AREA.form(
    "/grants/{grant_id}/change/{act}", action="grant.give", whose="house",
    name="Change a grant", question="What shall change?",
)  # fmt: skip
def do(visit: Visit, grant_id: GrantId, act: ActName, form: Form) -> Response:
    """Do it."""
    wanted = _act(act)
    visit.require(GIVE, subject(visit, grant_id))
    typed = _of(wanted, form)
    try:
        _check(wanted, typed)
        with visit.desk() as desk:
            wanted.do(desk, grant_id, typed, False)
    except BursarError as error:
        return _form(visit, grant_id, wanted, typed, error)
    return visit.done(f"/grants/{grant_id}", wanted.done)


def _act(name: str) -> Act:
    found = _BY_NAME.get(name)
    if found is None:
        raise NotFound("there is nothing of that name to do to a grant", f"There is {', '.join(_BY_NAME)}.")
    return found


def _of(act: Act, form: Typed) -> dict[str, str]:
    return {one.name: form.get(one.name, "") for one in act.fields}


def _check(act: Act, typed: Typed) -> None:
    for one in act.fields:
        value, most = typed[one.name], MAX_CHARS.get(one.name, MAX_FIELD_CHARS)
        if len(value) > most:
            raise InvalidInput(one.name, f"{len(value)} characters", f"at most {most}")
        if one.required and not value:
            raise InvalidInput(one.name, "nothing", "a word or two: " + one.hint.lower().rstrip("."))


def _form(visit: Visitor, grant_id: str, act: Act, typed: Typed, error: BursarError | None = None) -> Response:
    with visit.desk() as desk:
        found = dossier.dossier(desk, grant_id)
    with reading(visit.caller.desks.engine) as connection:
        names = sorted({one.name for one in plans.versions(connection) if one.effective <= visit.now})
    vesting = found["plan"].vesting
    values: dict[str, Any] = {
        "found": found,
        "act": act,
        "title": ACTS[act.name],
        "typed": {one.name: typed.get(one.name, "") for one in act.fields},
        "tiers": [one.name for one in found["plan"].tiers],
        "plans": [one for one in names if one != found["plan"].name],
        "pairs": lambda names: [(one, one) for one in names],
        "event": vesting.on_event if vesting is not None else "",
    }
    if error is not None:
        return visit.show_faults("compensation/change.html", error, **values)
    return visit.show("compensation/change.html", **values)
