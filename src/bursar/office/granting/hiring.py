"""Hiring: whoever comes onto the roster is given what tool plans have for them, where the organisation has opened that.

A plan of the class `provisioned_tool` is what work needs: nobody negotiates it, so nobody has to ask for it. Pay and
benefits are promised by a person, and so is every exception. Keys are made by whoever they belong to, at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bursar.errors import BursarError
from bursar.office import openings
from bursar.office.database import reading, transaction
from bursar.office.granting import promises
from bursar.office.terms import plans
from bursar.office.workforce import people
from bursar.plans.terms import ATTRIBUTES, Plan

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_AT_ONCE = 500
"""People of one import; more are no hires but a whole house that moves in, and are given their grants by a person."""
CLASS = "provisioned_tool"
NOTE = "on hire"


def hired(desk: Desk, person_ids: Sequence[str]) -> int:
    """Give these people what is theirs, from their first day on; how many grants that were.

    What cannot be given (terms that leave a question open) stops nobody from being hired: the audit log says why.
    """
    with reading(desk.engine) as connection:
        if not person_ids or len(person_ids) > MAX_AT_ONCE or not openings.is_open(connection, openings.HIRING):
            return 0
        holders = [people.named(connection, one) for one in person_ids]
        current = {one.plan.name: one.plan for one in plans.versions(connection) if one.effective <= desk.now()}
    tools = [plan for _, plan in sorted(current.items()) if plan.plan_class == CLASS]
    return sum(_given(desk, holder, tools) for holder in holders)


def _given(desk: Desk, holder: dict[str, Any], tools: Sequence[Plan]) -> int:
    given, refused = [], {}
    record = {name: holder[name] for name in ATTRIBUTES}
    today = people.day_of(desk.now(), holder["zone"])
    starts = holder["hire_date"] if holder["hire_date"] > today else ""
    for plan in tools:
        if plan.tier_of(record) is None:
            continue
        try:
            given.append(promises.give(desk, holder["id"], plan.name, starts=starts, note=NOTE)["grant"])
        except BursarError as error:
            refused[plan.name] = error.sentence
    if refused:
        with transaction(desk.engine) as connection:
            desk.note(connection, "person.hire", holder["id"], {"given": given, "refused": refused})
    return len(given)
