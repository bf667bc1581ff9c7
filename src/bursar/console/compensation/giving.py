"""Giving: under a plan, or one lot by hand. Told on a page of its own before it is done, and never to oneself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Form, Query
from starlette.responses import Response

from bursar.console.compensation.area import AREA
from bursar.console.compensation.grants import GIVE, GrantId
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, InvalidInput, NotFound
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.granting import promises, register
from bursar.office.oversight import subjects
from bursar.office.terms import plans

READ = action("grant.read")
MAX = 200
MAX_NOTE = 1_000
SHOWN_EVENTS = 12

Text = Annotated[str, Form(max_length=MAX)]
Note = Annotated[str, Form(max_length=MAX_NOTE)]


def _under_plan(
    person: Text = "", plan: Text = "", tier: Text = "", amount: Text = "", starts: Text = "", note: Note = ""
) -> dict[str, str]:
    return _stripped(person=person, plan=plan, tier=tier, amount=amount, starts=starts, note=note)


def _with_own_hands(
    person: Text = "", amount: Text = "", expires: Text = "", opens: Text = "", label: Text = "",
    providers: Text = "", models: Text = "", purpose: Text = "", note: Note = "",
) -> dict[str, str]:  # fmt: skip
    return _stripped(
        person=person, amount=amount, expires=expires, opens=opens, label=label, providers=providers, models=models,
        purpose=purpose, note=note,
    )  # fmt: skip


UnderPlan = Annotated[dict[str, str], Depends(_under_plan)]
ByHand = Annotated[dict[str, str], Depends(_with_own_hands)]
"""What was typed, the same where it is told and where it is done."""


@AREA.page(
    "/grants/-/give", name="Give a grant", question="Who gets what, under which plan?",
    action="grant.give", whose="house", in_menu=False,
)  # fmt: skip
def ask(
    visit: Visit,
    person: Annotated[str, Query(max_length=MAX)] = "",
    plan: Annotated[str, Query(max_length=MAX)] = "",
) -> Response:
    visit.require(GIVE)
    return _form(visit, {"person": person, "plan": plan})


@AREA.form(
    "/grants/-/give/confirm", action="grant.give", whose="house",
    name="Give a grant", question="What exactly will happen?",
)  # fmt: skip
def confirm(visit: Visit, typed: UnderPlan) -> Response:
    try:
        outcome = _give(visit, typed, dry_run=True)
    except BursarError as error:
        return _form(visit, typed, error)
    return visit.show("compensation/give_confirm.html", typed=typed, outcome=outcome, shown=SHOWN_EVENTS)


@AREA.form(
    "/grants/-/give", action="grant.give", whose="house",
    name="Give a grant", question="Who gets what, under which plan?",
)  # fmt: skip
def give(visit: Visit, typed: UnderPlan) -> Response:
    try:
        outcome = _give(visit, typed, dry_run=False)
    except BursarError as error:
        return _form(visit, typed, error)
    return visit.done(f"/grants/{outcome['grant']}", "given")


@AREA.page(
    "/grants/-/give-by-hand", name="Give by hand", question="Who gets what, outside of any plan?",
    action="grant.give", whose="house", in_menu=False,
)  # fmt: skip
def ask_by_hand(visit: Visit) -> Response:
    visit.require(GIVE)
    return _hand_form(visit, {})


@AREA.form(
    "/grants/-/give-by-hand/confirm", action="grant.give", whose="house",
    name="Give by hand", question="What exactly will happen?",
)  # fmt: skip
def confirm_by_hand(visit: Visit, typed: ByHand) -> Response:
    try:
        outcome = _by_hand(visit, typed, dry_run=True)
    except BursarError as error:
        return _hand_form(visit, typed, error)
    return visit.show("compensation/give_by_hand_confirm.html", typed=typed, outcome=outcome)


@AREA.form(
    "/grants/-/give-by-hand", action="grant.give", whose="house",
    name="Give by hand", question="Who gets what, outside of any plan?",
)  # fmt: skip
def give_by_hand(visit: Visit, typed: ByHand) -> Response:
    try:
        _by_hand(visit, typed, dry_run=False)
    except BursarError as error:
        return _hand_form(visit, typed, error)
    return visit.done("/grants/-/by-hand", "given")


@AREA.page(
    "/grants/-/by-hand/{grant_id}/revoke", name="Revoke what was given by hand", question="What is taken back?",
    action="grant.give", whose="house", in_menu=False,
)  # fmt: skip
def ask_revoke(visit: Visit, grant_id: GrantId) -> Response:
    lots = _lots(visit, grant_id)
    return visit.show("compensation/by_hand_revoke.html", lots=lots, grant_id=grant_id)


@AREA.form(
    "/grants/-/by-hand/{grant_id}/revoke", action="grant.give", whose="house",
    name="Revoke what was given by hand", question="What is taken back?",
)  # fmt: skip
def revoke(visit: Visit, grant_id: GrantId, note: Note = "") -> Response:
    """Take back what is unspent of it; the person reads why on the statement."""
    lots = _lots(visit, grant_id)
    try:
        if not note.strip():
            raise InvalidInput("note", "nothing", "why: the person reads it on the statement")
        with visit.desk() as desk:
            desk.revoke_grant(grant_id, note=note.strip())
    except BursarError as error:
        return visit.show_faults("compensation/by_hand_revoke.html", error, lots=lots, grant_id=grant_id)
    return visit.done("/grants/-/by-hand", "revoked")


def _stripped(**typed: str) -> dict[str, str]:
    return {name: value.strip() for name, value in typed.items()}


def _whom(visit: Visitor, name: str) -> str:
    """Id of the person that was typed, if the caller may give to them. Raises InvalidInput, Forbidden."""
    with reading(visit.caller.desks.engine) as connection:
        try:
            about, _ = subjects.required(connection, visit.actor, GIVE, name)
        except NotFound:
            found = repr(name[:80]) if name else "nothing"
            raise InvalidInput("person", found, "the handle or e-mail address of somebody on the roster") from None
    return about.person


def _give(visit: Visitor, typed: dict[str, str], *, dry_run: bool) -> dict[str, Any]:
    person = _whom(visit, typed["person"])
    if not typed["plan"]:
        raise InvalidInput("plan", "nothing", "one of the plans in force")
    with visit.desk() as desk:
        return promises.give(
            desk, person, typed["plan"], starts=typed["starts"], tier=typed["tier"], amount=typed["amount"],
            note=typed["note"], dry_run=dry_run,
        )  # fmt: skip


def _by_hand(visit: Visitor, typed: dict[str, str], *, dry_run: bool) -> dict[str, Any]:
    person = _whom(visit, typed["person"])
    with visit.desk() as desk:
        return desk.give(
            person,
            typed["amount"],
            expires=typed["expires"],
            opens=typed["opens"],
            providers=_listed(typed["providers"]),
            models=_listed(typed["models"]),
            purposes=_listed(typed["purpose"]),
            label=typed["label"],
            note=typed["note"],
            dry_run=dry_run,
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _lots(visit: Visitor, grant_id: str) -> list[register.ByHand]:
    """The lot that a grant by hand is, once the caller may take it back. Raises NotFound."""
    with visit.desk() as desk:
        found = register.by_hand(desk.store, grant_id=grant_id)
    if not found:
        raise NotFound(f"there is no grant {grant_id[:80]!r} that was given by hand")
    with reading(visit.caller.desks.engine) as connection:
        visit.require(GIVE, subjects.subject_of(connection, found[0].person))
    return found


def _form(visit: Visitor, typed: dict[str, str], error: BursarError | None = None) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        known = {one.name: one for one in plans.versions(connection)}
    values: dict[str, Any] = {
        "typed": {name: typed.get(name, "") for name in ("person", "plan", "tier", "amount", "starts", "note")},
        "plans": [(name, one.plan.title) for name, one in known.items()],
        "tiers": sorted({tier.name for one in known.values() for tier in one.plan.tiers}),
    }
    return _shown(visit, "compensation/give.html", values, error)


def _hand_form(visit: Visitor, typed: dict[str, str], error: BursarError | None = None) -> Response:
    names = ("person", "amount", "expires", "opens", "label", "providers", "models", "purpose", "note")
    return _shown(
        visit, "compensation/give_by_hand.html", {"typed": {name: typed.get(name, "") for name in names}}, error
    )


def _shown(visit: Visitor, template: str, values: dict[str, Any], error: BursarError | None) -> Response:
    return visit.show(template, **values) if error is None else visit.show_faults(template, error, **values)
