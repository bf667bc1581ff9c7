"""Sessions of the console: a random cookie, stored as a keyed hash, that ends by itself.

A session begins anew whenever somebody signs in, so a cookie that was planted before is worth nothing. It ends after
twelve hours, after two hours without a request, when it is ended, and when its account is suspended.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, insert, select, update

from bursar.errors import NotFound
from bursar.office import audit
from bursar.office.access import Actor
from bursar.office.database import reading, transaction
from bursar.office.identity import accounts
from bursar.office.keyring.tokens import RANDOM_BYTES, fingerprint
from bursar.office.tables import user_account, web_session
from bursar.office.vault import Secret, Vault, check_master

COOKIE_CHARS = 43
"""256 bits in base64 for addresses, without padding."""
ABSOLUTE_SECONDS = 12 * 3600
IDLE_SECONDS = 2 * 3600
CODE_SECONDS = 300
"""Between the password and the second factor."""
TOUCH_SECONDS = 60
"""Requests are remembered no finer than this, so most write nothing."""
KEEP_SECONDS = 90 * 86_400
"""How long an ended session is kept to look back at."""
MAX_ADDRESS_CHARS = 64
MAX_AGENT_CHARS = 200
MICROS = 1_000_000
_IDS, _CSRF = "sessions", "session forms"

Stage = Literal["code", "full"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that somebody may look at: no cookie, no hash."""

    id: str
    account: str
    organisation: str
    stage: Stage
    """`code`: the password was right and the second factor is still to come; it may do nothing else."""
    created: int
    seen: int
    expires: int
    address: str
    """Signed in from."""
    agent: str
    """With what, as the browser says."""
    issuer: str
    """The identity provider that vouched; empty for a password."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session at the only moment that its cookie is known."""

    session: Session
    cookie: Secret = field(repr=False)


def start(
    connection: Connection,
    vault: Vault,
    account_id: str,
    *,
    session_id: str,
    entropy: bytes,
    now: int,
    stage: Stage = "full",
    address: str = "",
    agent: str = "",
    issuer: str = "",
    instead_of: str = "",
) -> Opened:
    """Begin a session with a cookie that nobody has seen; the one that the browser came with (`instead_of`) ends."""
    if len(entropy) != RANDOM_BYTES:
        raise ValueError(f"a session takes {RANDOM_BYTES} random bytes")
    check_master(connection, vault)
    account = accounts.by_id(connection, account_id)
    if instead_of:
        connection.execute(update(web_session).where(_is(vault, instead_of), _LIVE).values(ended=now))
    cookie = base64.urlsafe_b64encode(entropy).decode().rstrip("=")
    session = Session(
        id=session_id,
        account=account_id,
        organisation=account.organisation,
        stage=stage,
        created=now,
        seen=now,
        expires=now + (CODE_SECONDS if stage == "code" else ABSOLUTE_SECONDS) * MICROS,
        address=_shown(address, MAX_ADDRESS_CHARS),
        agent=_shown(agent, MAX_AGENT_CHARS),
        issuer=issuer,
    )
    values = {name: getattr(session, name) for name in Session.__slots__}
    connection.execute(insert(web_session).values(mark=fingerprint(cookie, vault.derive(_IDS)), **values))
    return Opened(session, Secret(cookie))


def resume(engine: Engine, vault: Vault, cookie: str, now: int, stage: Stage = "full") -> Session | None:
    """The live session of a cookie, None for any other; that it was seen is written at most once a minute."""
    with reading(engine) as connection:
        session = find(connection, vault, cookie, now, stage)
    if session is not None and now - session.seen >= TOUCH_SECONDS * MICROS:
        with transaction(engine) as connection:
            older = (web_session.c.id == session.id) & (web_session.c.seen < now) & _LIVE
            connection.execute(update(web_session).where(older).values(seen=now))
    return session


def find(connection: Connection, vault: Vault, cookie: str, now: int, stage: Stage = "full") -> Session | None:
    """The live session of a cookie at this stage, without touching it."""
    # The look-up is by a keyed hash, so its timing says nothing about the cookie.
    row = connection.execute(_rows().where(_is(vault, cookie), web_session.c.stage == stage)).first()
    return None if row is None or not _lives(row, now) else _read(row)


def actor_of(engine: Engine, session: Session, now: int) -> Actor | None:
    """Who a session is for the access table, by the roles in force at this instant."""
    with reading(engine) as connection:
        return accounts.actor_of(connection, session.account, f"session:{session.id}", now)


def csrf_token(vault: Vault, cookie: str) -> str:
    """What every form of a session carries: derived from its cookie, so nothing is stored and no other session's fits."""
    return fingerprint(cookie if _can_be(cookie) else "", vault.derive(_CSRF))


def csrf_fits(vault: Vault, cookie: str, given: str) -> bool:
    """Compare a form's token in constant time."""
    fits = hmac.compare_digest(csrf_token(vault, cookie).encode(), given.encode(errors="replace"))
    return fits and _can_be(cookie)


def listed(connection: Connection, account_id: str, now: int) -> list[Session]:
    """Live sessions of an account, the newest first."""
    query = _rows().where(web_session.c.account == account_id, web_session.c.stage == "full")
    found = connection.execute(query.order_by(web_session.c.created.desc(), web_session.c.id))
    return [_read(row) for row in found if _lives(row, now)]


def end(connection: Connection, account_id: str, session_id: str, *, by: str, now: int) -> None:
    """End a session of this account. Raises NotFound for any other, live or not."""
    here = (web_session.c.id == session_id) & (web_session.c.account == account_id)
    if connection.execute(update(web_session).where(here, _LIVE).values(ended=now)).rowcount == 0:
        raise NotFound("there is no such session", "it may have ended already")
    audit.record(connection, now, by, "session.end", session_id, {"account": account_id})


def end_others(connection: Connection, account_id: str, kept: str, now: int) -> int:
    """End every session of an account but one (empty: every one); returns how many. The caller writes the audit line."""
    here = (web_session.c.account == account_id) & (web_session.c.id != kept) & _LIVE
    return connection.execute(update(web_session).where(here).values(ended=now)).rowcount


def sign_out(engine: Engine, vault: Vault, cookie: str, now: int) -> Session | None:
    """End the session of a cookie, whatever its stage; returns it, for the identity provider's sign-out."""
    with transaction(engine) as connection:
        row = connection.execute(_rows().where(_is(vault, cookie), _LIVE)).first()
        connection.execute(update(web_session).where(_is(vault, cookie), _LIVE).values(ended=now))
    return None if row is None else _read(row)


def sweep(connection: Connection, now: int) -> int:
    """Remove sessions that ended long ago; returns how many."""
    old = web_session.c.expires < now - KEEP_SECONDS * MICROS
    return connection.execute(delete(web_session).where(old)).rowcount


_LIVE = web_session.c.ended == 0


def _is(vault: Vault, cookie: str) -> Any:
    return web_session.c.mark == (fingerprint(cookie, vault.derive(_IDS)) if _can_be(cookie) else "")


def _can_be(cookie: str) -> bool:
    return len(cookie) == COOKIE_CHARS and cookie.isascii()


def _rows() -> Any:
    """Sessions of accounts that are not suspended."""
    return (
        select(web_session)
        .join(user_account, user_account.c.id == web_session.c.account)
        .where(user_account.c.status == "active")
    )


def _lives(row: Any, now: int) -> bool:
    return not row.ended and now < row.expires and now - row.seen < IDLE_SECONDS * MICROS


def _read(row: Any) -> Session:
    return Session(**{name: getattr(row, name) for name in Session.__slots__})


def _shown(text: str, most: int) -> str:
    """What a client says of itself, fit to be shown: one line, cut off."""
    return "".join(one if one.isprintable() else " " for one in text[:most]).strip()
