"""The words of the access table: roles, how far a right reaches, and what an action is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["person", "manager", "compensation", "finance", "payroll", "platform", "auditor", "owner"]
Scope = Literal["own", "named", "team", "organisation"]
"""Whom a right reaches: oneself; besides oneself, whoever's matter names the actor (an approver of the plan's chain);
direct and indirect reports by the roster, without oneself; everybody of the actor's organisation."""
About = Literal["person", "account", "organisation"]
"""What an action looks at or changes: one person's figures, one's own sign-in, or what belongs to all."""
Kind = Literal["read", "change"]

ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""From the narrowest to the widest."""
DERIVED: tuple[Role, ...] = ("person", "manager")
"""Roles that nobody gives: the roster says who is a person of it and who has reports."""
ASSIGNABLE: tuple[Role, ...] = tuple(role for role in ROLES if role not in DERIVED)


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """One row of the table. Two actions are equal only if they are the same row."""

    name: str
    """`area.verb`."""
    about: About
    kind: Kind
    what: str
    scopes: Mapping[Role, Scope]
    """Deny by default: a role that is not here may not."""
    why: str
    """Why these roles, and why not the others."""
    logged: bool = False
    """A look by somebody else is written down for the person to see."""
    others_only: bool = False
    """Nobody does it to themselves, whatever their roles: it would be a hand in one's own till."""
    by_token: bool = True
    """False: only whoever is signed in does it, no API token ever."""
    public: bool = False
    """The organisation may open it to visitors who are not signed in."""

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]
