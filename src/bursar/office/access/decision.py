"""The decision: may this actor do this to this subject? Pure; the table is the only thing that it knows.

Rights of several roles add up: a role that is added never takes anything away. A token narrows: what its account may do
and its scopes name, and nothing else. What one may not know about is said not to be there.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from bursar.errors import Forbidden, InvalidInput, NotFound
from bursar.office.access.common import COMMON
from bursar.office.access.personal import PERSONAL
from bursar.office.access.vocabulary import ROLES, SCOPES, About, Action, Role, Scope

MAX_SHOWN_CHARS = 200

TABLE: tuple[Action, ...] = (*PERSONAL, *COMMON)
"""Every action there is, in the order of the reference."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an account with the roles that are in force now."""

    account: str
    person: str
    """Id of the person of the roster; empty for somebody who is none."""
    organisation: str
    roles: frozenset[Role]
    via: str = "session"
    """How they came in, with its id: `session:ses_1`, `token:tok_1`."""
    narrowed: frozenset[str] | None = None
    """Names of the actions that a token is limited to; None: whatever the roles allow."""

    @property
    def label(self) -> str:
        """How the audit log names this actor."""
        return f"{self.account} by {self.via}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what it is about; without a person, everybody and everything of the organisation."""

    organisation: str
    person: str = ""
    managers: tuple[str, ...] = ()
    """Ids of the managers above the person, the direct one first."""
    named: frozenset[str] = frozenset()
    """Ids of people whom the matter names: those who are to decide about a request."""
    account: str = ""
    """Set where it is about an account's own sign-in."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with the narrowest role that carries it, or why not."""

    allowed: bool
    role: Role | None = None
    scope: Scope | None = None
    seen: bool = True
    """False: not even that the subject exists may be told."""
    sentence: str = ""


def action(name: str) -> Action:
    """The row of this name. To be called where a module is loaded: a name that is not in the table stops it there."""
    found = _BY_NAME.get(name)
    if found is None:
        near = difflib.get_close_matches(name, _BY_NAME, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else ""
        raise InvalidInput("action", repr(name[:MAX_SHOWN_CHARS]), "an action of the access table", hint)
    return found


def allow(actor: Actor, act: Action, subject: Subject) -> Decision:
    """Decide. Raises nothing; see `require` for whoever wants an error."""
    if not actor.organisation or subject.organisation != actor.organisation:
        return Decision(False, seen=False, sentence="it belongs to another organisation")
    if actor.narrowed is not None and not act.by_token:
        told = f"no API token may do {act.name}: sign in for it"
        return Decision(False, seen=_is_seen(actor, subject), sentence=told)
    if actor.narrowed is not None and act.name not in actor.narrowed:
        return Decision(False, seen=_is_seen(actor, subject), sentence=f"this token's scopes do not hold {act.name}")
    found = _reaching(actor, act, subject)
    if found is None:
        return Decision(False, seen=_is_seen(actor, subject), sentence=_wanted(act))
    if act.others_only and _is_self(actor, act, subject):
        return Decision(False, sentence=f"nobody does {act.name} to themselves")
    return Decision(True, *found)


def require(actor: Actor, act: Action, subject: Subject, *, named: str = "") -> Decision:
    """Decide, or raise: Forbidden where existence is no secret, else the very NotFound of something that is not there.

    `named` is what the caller called the subject.
    """
    decision = allow(actor, act, subject)
    if decision.allowed:
        return decision
    if not decision.seen:
        raise missing(named)
    raise Forbidden(decision.sentence, "an owner of this installation gives roles")


def missing(named: str) -> NotFound:
    """The one answer for somebody who does not exist and for somebody whom the caller may not know of."""
    return NotFound(f"there is no person {named[:MAX_SHOWN_CHARS]!r}" if named else "there is nothing of that name")


def reach(actor: Actor, act: Action) -> frozenset[Scope]:
    """How far an actor's rights to an action go at all; empty: it need not be in their menu."""
    if actor.narrowed is not None and (act.name not in actor.narrowed or not act.by_token):
        return frozenset()
    return frozenset(act.scopes[role] for role in actor.roles if role in act.scopes)


def visitors_may(act: Action, opened: bool) -> bool:
    """Whether somebody who is not signed in may, if the organisation `opened` what may be opened."""
    return act.public and opened


def _reaching(actor: Actor, act: Action, subject: Subject) -> tuple[Role, Scope] | None:
    """The narrowest right that reaches the subject, with its role; of equals, the role that the table names first."""
    held = [(act.scopes[role], role) for role in ROLES if role in actor.roles and role in act.scopes]
    for scope in SCOPES:
        for given, role in held:
            if given == scope and _covers(scope, actor, act, subject):
                return role, scope
    return None


def _covers(scope: Scope, actor: Actor, act: Action, subject: Subject) -> bool:
    match scope:
        case "own":
            return _is_self(actor, act, subject)
        case "named":
            return _is_self(actor, act, subject) or bool(actor.person and actor.person in subject.named)
        case "team":
            return bool(actor.person and actor.person in subject.managers and actor.person != subject.person)
        case "organisation":
            return True


def _is_self(actor: Actor, act: Action, subject: Subject) -> bool:
    if act.about == "account":
        return bool(subject.account) and subject.account == actor.account
    return bool(subject.person) and subject.person == actor.person


def _is_seen(actor: Actor, subject: Subject) -> bool:
    """Existence is no secret to oneself, and to whoever may read anything about the subject."""
    if subject.person in ("", actor.person) and subject.account in ("", actor.account):
        return True
    return bool(subject.person) and any(
        _reaching(actor, one, subject) is not None
        for one in _PERSONAL_READS
        if actor.narrowed is None or one.name in actor.narrowed
    )


def _wanted(act: Action) -> str:
    roles = [role for role in ROLES if role in act.scopes]
    others = [role for role in roles if act.scopes[role] not in ("own", "named")]
    if not others:
        return f"only the person themselves may do {act.name}"
    told = ", ".join(f"{role} of their team" if act.scopes[role] == "team" else role for role in others)
    return f"{act.name} takes a role that reaches this: {told}"


def _indexed(table: tuple[Action, ...]) -> dict[str, Action]:
    """By name; refuses a row that cannot be meant."""
    fitting: dict[About, set[Scope]] = {"person": set(SCOPES), "account": {"own"}, "organisation": {"organisation"}}
    found: dict[str, Action] = {}
    for row in table:
        if row.name in found or not row.what or not row.why:
            raise ValueError(f"access table: {row.name} is there twice, or nobody says why it is")
        if not row.scopes.keys() <= set(ROLES) or not set(row.scopes.values()) <= fitting[row.about]:
            raise ValueError(f"access table: {row.name} names a role or a scope that cannot be meant")
        found[row.name] = row
    return found


_BY_NAME = _indexed(TABLE)
_PERSONAL_READS = tuple(row for row in TABLE if row.about == "person" and row.kind == "read")
