"""Who comes onto the roster has what work needs at once, where an owner opened that: tools are provided, not asked for.

Only plans of class `provisioned_tool` are given so: what counts as pay is promised by somebody, to somebody. A key is the
person's own to make (nobody else ever holds one), which takes them a minute on the page that connects their tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bursar.errors import BursarError
from bursar.office import openings
from bursar.office.database import reading, transaction
from bursar.office.granting import promises
from bursar.office.terms import plans
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk
    from bursar.plans.terms import Plan


def provide(desk: Desk, joined: Sequence[str]) -> dict[str, list[str]]:
    """Give people who joined (ids or handles) the tools that plans in force have for them; who was given which plans.

    Nothing of it stops anybody from joining: a plan that cannot be given stands in the audit log with its reason.
    """
    now = desk.now()
    with reading(desk.engine) as connection:
        if not joined or not openings.is_open(connection, openings.TOOLS_ON_JOINING):
            return {}
        holders = [people.named(connection, one) for one in joined]
        names = sorted({one.name for one in plans.versions(connection) if one.effective <= now})
        found = [plans.in_force(connection, name, now).plan for name in names]
    tools = [one for one in found if one.plan_class == "provisioned_tool"]
    return {holder["handle"]: _given(desk, holder, tools) for holder in holders}


def _given(desk: Desk, holder: Mapping[str, Any], tools: Sequence[Plan]) -> list[str]:
    given: list[str] = []
    refused: dict[str, str] = {}
    for plan in tools:
        if plan.tier_of(holder) is None:
            continue
        try:
            promises.give(desk, holder["id"], plan.name, note="on joining")
            given.append(plan.name)
        except BursarError as error:
            refused[plan.name] = error.sentence
    with transaction(desk.engine) as connection:
        desk.note(connection, "person.provide", holder["id"], {"given": given, "refused": refused})
    return given
