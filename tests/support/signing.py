"""What tests of signing in share: quick hashing, a vault, numbered randomness, an account with a password."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Engine

from bursar.office.database import transaction
from bursar.office.identity import accounts, invitations, sign_in
from bursar.office.identity.passwords import Hashing
from bursar.office.identity.sessions import Opened
from bursar.office.identity.sign_in import Origin, Refused
from bursar.office.vault import Secret, Vault

QUICK = Hashing(memory_kib=64, passes=1, lanes=1)
VAULT = Vault(bytes(range(32)))
NOW = 1_700_000_000_000_000
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
PASSWORD = "seven green herons walk"
HOME = Origin("203.0.113.7", "Firefox on Linux")


class Dice:
    """Randomness that a test can repeat and that never repeats itself."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, size: int) -> bytes:
        return b"".join(sha256(f"{next(self._numbers)}".encode()).digest() for _ in range(1 + size // 32))[:size]

    def id(self, prefix: str) -> str:
        return f"{prefix}_{self(6).hex()}"


def add_account(engine: Engine, login: str, password: str = PASSWORD, **fields: object) -> str:
    """An account that set its password by its invitation; with an empty one, an account without."""
    account_id = f"acc_{login.partition('@')[0]}"
    with transaction(engine) as connection:
        accounts.add(connection, login, account_id=account_id, by="test", now=NOW - DAY, **fields)  # type: ignore[arg-type]
        link = invitations.invite(
            connection, VAULT, account_id, entropy=sha256(login.encode()).digest(), by="test", now=NOW - DAY
        )
    if password:
        sign_in.by_invitation(
            engine, VAULT, link.token.reveal(), Secret(password), randomness=Dice(), now=NOW - DAY, hashing=QUICK
        )
    return account_id


def trying(engine: Engine, dice: Dice) -> Callable[..., Opened | Refused]:
    """`try_it(login, password, now)`: one attempt to sign in."""

    def try_it(login: str, password: str = PASSWORD, now: int = NOW, origin: Origin = HOME) -> Opened | Refused:
        return sign_in.with_password(
            engine,
            VAULT,
            login,
            Secret(password),
            origin,
            session_id=dice.id("ses"),
            randomness=dice,
            now=now,
            hashing=QUICK,
        )

    return try_it
