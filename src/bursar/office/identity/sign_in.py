"""Signing in with a password, then with the second factor where there is one; changing a password.

Every attempt counts before anything is compared (`attempts`), the hash is computed outside of any transaction, and one
sentence answers for a login that does not exist, a wrong password, an account without one and a suspended account, after
the same work. A refusal is a value: faces show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Forbidden
from bursar.office import audit
from bursar.office.database import key_of, reading, transaction
from bursar.office.identity import accounts, attempts, invitations, passwords, second_factor, sessions
from bursar.office.identity.accounts import Account
from bursar.office.identity.lockout import MICROS, NEVER
from bursar.office.identity.passwords import HASHING, SALT_BYTES, Hashing
from bursar.office.identity.sessions import Opened, Session
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.tables import account_password, user_account
from bursar.office.vault import Secret, Vault

WRONG = "the login or the password is wrong"
WRONG_CODE = "the code is wrong, or was used"
WAIT = "too many attempts"
CLOSED = "too many attempts in a row: only a new link from an owner opens this again"

Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in from, as the connection and the browser say; shown in the list of one's sessions."""

    address: str = ""
    agent: str = ""
    cookie: str = ""
    """The session cookie that the browser came with: it ends."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No: a sentence that tells nothing about who exists, and the seconds to wait before the next attempt."""

    sentence: str
    wait_seconds: int = 0


def with_password(
    engine: Engine,
    vault: Vault,
    login: str,
    password: Secret,
    origin: Origin,
    *,
    session_id: str,
    randomness: Randomness,
    now: int,
    organisation: str = "",
    hashing: Hashing = HASHING,
) -> Opened | Refused:
    """Begin a session; with a second factor it is at stage `code` and `with_code` comes next."""
    organisation = organisation or vault.organisation
    attempt = attempts.marked(vault, organisation, login, origin.address)
    with transaction(engine) as connection:
        wait = attempts.begin(connection, attempt, now)
        account_id, stored = _known(connection, login, organisation)
    if wait:
        return _waits(wait)
    if not passwords.verify(password, stored, hashing):
        return Refused(WRONG)
    _renew(engine, account_id, password, stored, randomness, hashing)
    _sweep(engine, now)
    with transaction(engine) as connection:
        staged = second_factor.holds(connection, account_id)
        (attempts.half_succeeded if staged else attempts.succeeded)(connection, attempt)
        return sessions.start(
            connection,
            vault,
            account_id,
            session_id=session_id,
            entropy=randomness(RANDOM_BYTES),
            now=now,
            stage="code" if staged else "full",
            address=origin.address,
            agent=origin.agent,
            instead_of=origin.cookie,
        )


def with_code(
    engine: Engine,
    vault: Vault,
    session: Session,
    code: str,
    origin: Origin,
    *,
    session_id: str,
    randomness: Randomness,
    now: int,
) -> Opened | Refused:
    """The second step of a session at stage `code` (`sessions.resume(..., "code")`): a code or a recovery code."""
    with transaction(engine) as connection:
        account = accounts.by_id(connection, session.account)
        attempt = attempts.marked(vault, account.organisation, account.login, origin.address)
        wait = attempts.begin(connection, attempt, now)
    if wait:
        return _waits(wait)
    with transaction(engine) as connection:
        by = f"{account.id} by session:{session.id}"
        if account.status != "active" or not second_factor.accepts(connection, vault, account.id, code, by=by, now=now):
            return Refused(WRONG_CODE)
        attempts.succeeded(connection, attempt)
        return sessions.start(
            connection,
            vault,
            account.id,
            session_id=session_id,
            entropy=randomness(RANDOM_BYTES),
            now=now,
            address=origin.address,
            agent=origin.agent,
            instead_of=origin.cookie,
        )


def prove(
    engine: Engine,
    vault: Vault,
    session: Session,
    password: Secret,
    *,
    address: str,
    now: int,
    hashing: Hashing = HASHING,
) -> Refused | None:
    """Ask for the password once more before something grave; guessing it is slowed down like signing in. None: right."""
    with reading(engine) as connection:
        account = accounts.by_id(connection, session.account)
    attempt = attempts.marked(vault, account.organisation, account.login, address)
    with transaction(engine) as connection:
        wait = attempts.begin(connection, attempt, now)
        _, stored = _known(connection, account.login, account.organisation)
    if wait:
        return _waits(wait)
    if not passwords.verify(password, stored, hashing):
        return Refused(WRONG)
    with transaction(engine) as connection:
        attempts.succeeded(connection, attempt)
    return None


def change_password(
    engine: Engine,
    vault: Vault,
    session: Session,
    old: Secret,
    new: Secret,
    *,
    address: str,
    randomness: Randomness,
    now: int,
    hashing: Hashing = HASHING,
) -> Refused | None:
    """Change one's own password, knowing the old one; every other session and every open link ends.

    Raises InvalidInput for a new one that is refused. Guessing the old one is slowed down like signing in.
    """
    with reading(engine) as connection:
        account = accounts.by_id(connection, session.account)
    passwords.check(new, _about(account))
    refused = prove(engine, vault, session, old, address=address, now=now, hashing=hashing)
    if refused is not None:
        return refused
    made = passwords.hashed(new, randomness(SALT_BYTES), hashing)
    with transaction(engine) as connection:
        _set(connection, account, made, session.id, f"{account.id} by session:{session.id}", now)
    return None


def by_invitation(
    engine: Engine,
    vault: Vault,
    token: str,
    new: Secret,
    *,
    randomness: Randomness,
    now: int,
    hashing: Hashing = HASHING,
) -> Account:
    """Set a password by a link, which is used up with that; every session ends, and a closed account opens again.

    Raises Forbidden for a link that is worth nothing, InvalidInput for a password that is refused (the link stays good).
    """
    with reading(engine) as connection:
        account = invitations.holder(connection, vault, token, now)
    passwords.check(new, _about(account))
    made = passwords.hashed(new, randomness(SALT_BYTES), hashing)
    with transaction(engine) as connection:
        again = invitations.holder(connection, vault, token, now)
        if again.id != account.id:
            raise Forbidden("this link is used")
        attempts.clear(connection, attempts.marked(vault, account.organisation, account.login, "").account)
        _set(connection, account, made, "", f"{account.id} by invitation", now)
        return accounts.by_id(connection, account.id)


def _set(connection: Connection, account: Account, made: str, kept: str, by: str, now: int) -> None:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    values = {"hash": made, "since": now}
    statement = insert(account_password).values(account=account.id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=key_of(connection, "account"), set_=values))
    ended = sessions.end_others(connection, account.id, kept, now)
    invitations.withdraw(connection, account.id, now)
    audit.record(connection, now, by, "account.password", account.id, {"sessions_ended": ended})


def _known(connection: Connection, login: str, organisation: str) -> tuple[str, str]:
    """Id and stored hash of an active account; empty texts where there is none, found by one query in either case."""
    given = login.strip().lower()
    row = connection.execute(
        select(user_account.c.id, account_password.c.hash)
        .join(account_password, account_password.c.account == user_account.c.id)
        .where(
            user_account.c.organisation == organisation,
            user_account.c.login == (given if given.isprintable() else ""),
            user_account.c.status == "active",
        )
    ).first()
    return (row.id, row.hash) if row is not None else ("", "")


def _renew(
    engine: Engine, account_id: str, password: Secret, stored: str, randomness: Randomness, hashing: Hashing
) -> None:
    """Hash a password anew that was hashed with less than what is in force."""
    if passwords.is_outdated(stored, hashing):
        renewed = passwords.hashed(password, randomness(SALT_BYTES), hashing)
        same = (account_password.c.account == account_id) & (account_password.c.hash == stored)
        with transaction(engine) as connection:
            connection.execute(update(account_password).where(same).values(hash=renewed))


def _sweep(engine: Engine, now: int) -> None:
    """Signing in is rare enough to clear away what is forgotten, and nobody has to remember to do it."""
    with transaction(engine) as connection:
        attempts.sweep(connection, now)
        sessions.sweep(connection, now)


def _about(account: Account) -> tuple[str, ...]:
    return (account.login, account.name, account.person)


def _waits(seconds: int) -> Refused:
    return Refused(CLOSED) if seconds * MICROS >= NEVER // 2 else Refused(WAIT, seconds)
