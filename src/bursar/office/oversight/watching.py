"""What others may see of a person: the access table, told to whoever it is about."""

from __future__ import annotations

from dataclasses import dataclass

from bursar.office.access import ROLES, TABLE, Action, Role


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that somebody else may see, and why it is theirs to see."""

    action: Action
    reach: str
    """`team` or `organisation`; `named` where one's own request names them."""


def seen_by_role() -> dict[Role, list[Sight]]:
    """For each role but the person's own, what it may see of a person, in the table's order."""
    found: dict[Role, list[Sight]] = {}
    for role in ROLES:
        sights = [Sight(one, one.scopes[role]) for one in _personal() if one.scopes.get(role, "own") != "own"]
        if role != "person" and sights:
            found[role] = sights
    return found


def seen_by_auditors_alone() -> list[Action]:
    """What of a person nobody sees but themselves and an auditor."""
    return [one for one in _personal() if set(one.scopes) <= {"person", "auditor"}]


def _personal() -> list[Action]:
    return [one for one in TABLE if one.about == "person" and one.kind == "read"]
