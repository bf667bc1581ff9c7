"""The tour: somebody of each role who can sign in to the console, with a few requests for more to decide about.

For the demo only: everybody has the same password, and the terminal prints it.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass

from bursar.demo.company import Employee
from bursar.errors import Conflict
from bursar.office import openings
from bursar.office.access import ASSIGNABLE
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk
from bursar.office.figures import leaderboard
from bursar.office.granting import topups
from bursar.office.identity import accounts, invitations, sign_in
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.vault import Secret

PASSWORD = "tokens are the fourth pillar"
PSEUDONYMS = (
    "quiet otter",
    "amber heron",
    "",
    "late finch",
    "patient lynx",
    "northern vole",
    "",
    "bright wren",
    "early ibex",
)
"""Of those who stand on the leaderboard; empty: under their name."""
LABELS = {
    "compensation": "Compensation",
    "finance": "Finance",
    "payroll": "Payroll",
    "platform": "Platform",
    "auditor": "Auditor",
    "owner": "Owner",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour: as whom to sign in, and whose eyes that is."""

    login: str
    role: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for more that somebody made in the past: hours before the end, and hours until it was decided."""

    person: str
    approver: str
    amount: str
    reason: str
    hours_ago: int
    hours_taken: int
    approved: bool = True


def engineer_of(staff: list[tuple[str, Employee]]) -> Employee:
    """Whose pages the tour begins with: somebody of the swarm who leads nobody."""
    leads = {one.manager for _, one in staff}
    return next((one for _, one in staff[1:8] if one.handle not in leads and one.manager), staff[-1][1])


def open_house(desk: Desk, staff: list[tuple[str, Employee]]) -> None:
    """Offers for visitors and a leaderboard with some who chose to stand on it, as an owner may open them."""
    with transaction(desk.engine) as connection:
        for opening in (openings.VISITORS, openings.LEADERBOARD):
            openings.change(connection, opening.name, to=True, by=desk.actor, now=desk.now())
    engineer = engineer_of(staff)
    others = [one for _, one in staff if one is not engineer]
    for one, pseudonym in zip(others[:: max(1, len(others) // len(PSEUDONYMS))], PSEUDONYMS, strict=False):
        leaderboard.join(desk, desk.person(one.handle), pseudonym, by_name=not pseudonym)


def past_asks(staff: list[tuple[str, Employee]]) -> list[Ask]:
    """Requests of the past months, the oldest first."""
    one = engineer_of(staff)
    return [
        Ask(one.handle, one.manager, "$120", "The migration of the billing service", 30 * 24, 2),
        Ask(one.handle, one.manager, "$400", "A weekend of experiments", 19 * 24, 20, approved=False),
        Ask(one.handle, one.manager, "$80", "Load tests before the launch", 9 * 24, 4),
    ]


def prepare(desk: Desk, staff: list[tuple[str, Employee]]) -> list[Stop]:
    """Add the accounts where they are missing; returns who can sign in, the engineer first."""
    engineer = engineer_of(staff)
    manager = next((one for _, one in staff if one.handle == engineer.manager), staff[0][1])
    stops = [Stop(engineer.handle, "engineer"), Stop(manager.handle, f"manager of {engineer.team}")]
    with reading(desk.engine) as connection:
        known = {one.login for one in accounts.listed(connection)}
    for one in (engineer, manager):
        if one.handle not in known:
            _add(desk, one.handle, one.name, desk.person(one.handle)["id"], ())
    for role in ASSIGNABLE:
        if role not in known:
            _add(desk, role, LABELS.get(role, role.capitalize()), "", (role,))
        stops.append(Stop(role, role))
    peer = next((one for _, one in staff if one.manager == manager.handle and one != engineer), None)
    if peer is not None:
        with suppress(Conflict):  # asked in an earlier run
            topups.request(desk, peer.handle, "$60", reason="Evaluating two models for the search rewrite")
    return stops


def _add(desk: Desk, login: str, name: str, person_id: str, roles: tuple[str, ...]) -> None:
    now = desk.now()
    with transaction(desk.engine) as connection:
        made = accounts.add(
            connection,
            login,
            account_id=desk.new_id("acc"),
            by=desk.actor,
            now=now,
            name=name,
            person_id=person_id,
            roles=roles,
        )
        link = invitations.invite(
            connection, desk.vault, made.id, entropy=secrets.token_bytes(RANDOM_BYTES), by=desk.actor, now=now
        )
    sign_in.by_invitation(
        desk.engine, desk.vault, link.token.reveal(), Secret(PASSWORD), randomness=secrets.token_bytes, now=now
    )
