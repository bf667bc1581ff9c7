"""The second factor: an authenticator's secret, sealed in the vault, and ten recovery codes, kept as keyed hashes.

It holds from the first code that was typed correctly, not from the moment that the secret was shown. A code is used
once, a recovery code as well.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, select, update

from bursar.errors import Conflict, InvalidInput
from bursar.office import audit
from bursar.office.identity import accounts, totp
from bursar.office.keyring.tokens import fingerprint
from bursar.office.tables import account_recovery_code, account_second_factor
from bursar.office.vault import SECOND_FACTOR, Secret, Vault, adopt_master, peppers

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits each: nobody guesses one behind a lock-out."""
MAX_CODE_CHARS = 64
ISSUER = "Bursar"
MICROS = 1_000_000

Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the account's owner puts into an authenticator, seen once."""

    key: Secret = field(repr=False)
    """As it is typed, base32."""
    uri: Secret = field(repr=False)
    """As it is read from a picture."""


def enrol(
    connection: Connection, vault: Vault, account_id: str, *, randomness: Randomness, by: str, now: int
) -> Enrolment:
    """Make a secret that waits for its first code; one that waited before is replaced. Raises Conflict if one holds."""
    adopt_master(connection, vault)
    account = accounts.by_id(connection, account_id)
    if account.has_second_factor:
        raise Conflict(f"{account.login} has a second factor already", "remove it first")
    secret = randomness(totp.SECRET_BYTES)
    sealed = vault.seal(base64.b64encode(secret).decode(), _row(account_id))
    connection.execute(delete(account_second_factor).where(account_second_factor.c.account == account_id))
    connection.execute(insert(account_second_factor).values(account=account_id, secret=sealed))
    audit.record(connection, now, by, "account.second_factor.begin", account_id, {})
    return Enrolment(Secret(totp.base32(secret)), Secret(totp.key_uri(secret, account.login, ISSUER)))


def confirm(
    connection: Connection, vault: Vault, account_id: str, code: str, *, randomness: Randomness, by: str, now: int
) -> list[Secret]:
    """Let the factor hold from now on, if the first code is right; returns the recovery codes, seen once."""
    row = connection.execute(
        select(account_second_factor).where(account_second_factor.c.account == account_id).with_for_update()
    ).first()
    if row is None or row.since:
        raise Conflict("no second factor waits for its first code", "begin again")
    step = totp.step_of(_secret(vault, row), code[:MAX_CODE_CHARS], now // MICROS, row.last_step)
    if step is None:
        raise InvalidInput("code", "one that does not fit", "the six digits that the authenticator shows now")
    here = account_second_factor.c.account == account_id
    connection.execute(update(account_second_factor).where(here).values(since=now, last_step=step))
    codes = _new_codes(connection, vault, account_id, randomness)
    audit.record(connection, now, by, "account.second_factor.add", account_id, {})
    return codes


def renew_codes(
    connection: Connection, vault: Vault, account_id: str, *, randomness: Randomness, by: str, now: int
) -> list[Secret]:
    """Recovery codes anew; the old ones are worth nothing. Raises Conflict without a second factor."""
    if not holds(connection, account_id):
        raise Conflict("there is no second factor", "add one first")
    codes = _new_codes(connection, vault, account_id, randomness)
    audit.record(connection, now, by, "account.recovery_codes", account_id, {})
    return codes


def remove(connection: Connection, account_id: str, *, by: str, now: int) -> None:
    """Take the second factor away, with its recovery codes. Raises Conflict if there is none."""
    here = account_second_factor.c.account == account_id
    if connection.execute(delete(account_second_factor).where(here)).rowcount == 0:
        raise Conflict("there is no second factor")
    connection.execute(delete(account_recovery_code).where(account_recovery_code.c.account == account_id))
    audit.record(connection, now, by, "account.second_factor.remove", account_id, {})


def holds(connection: Connection, account_id: str) -> bool:
    """Whether this account has to show a second factor."""
    row = account_second_factor.c
    return connection.execute(select(row.account).where(row.account == account_id, row.since > 0)).first() is not None


def accepts(connection: Connection, vault: Vault, account_id: str, code: str, *, by: str, now: int) -> bool:
    """Whether a code, or a recovery code, is right; it is spent with that. The lock-out is the caller's."""
    row = connection.execute(
        select(account_second_factor).where(account_second_factor.c.account == account_id).with_for_update()
    ).first()
    if row is None or not row.since or len(code) > MAX_CODE_CHARS:
        return False
    step = totp.step_of(_secret(vault, row), code, now // MICROS, row.last_step)
    if step is not None:
        here = account_second_factor.c.account == account_id
        connection.execute(update(account_second_factor).where(here).values(last_step=step))
        return True
    return _spend(connection, vault, account_id, code, by, now)


def codes_left(connection: Connection, account_id: str) -> int:
    """Recovery codes that were not used."""
    row = account_recovery_code.c
    left = select(func.count()).select_from(account_recovery_code).where(row.account == account_id, row.used == 0)
    return int(connection.execute(left).scalar_one())


def _spend(connection: Connection, vault: Vault, account_id: str, code: str, by: str, now: int) -> bool:
    marks = [_mark(account_id, code, pepper) for pepper in peppers(connection, vault)]
    row = account_recovery_code.c
    unused = row.mark.in_(marks) & (row.account == account_id) & (row.used == 0)
    if connection.execute(update(account_recovery_code).where(unused).values(used=now)).rowcount == 0:
        return False
    left = codes_left(connection, account_id)
    audit.record(connection, now, by, "account.recovery_code", account_id, {"left": left})
    return True


def _new_codes(connection: Connection, vault: Vault, account_id: str, randomness: Randomness) -> list[Secret]:
    connection.execute(delete(account_recovery_code).where(account_recovery_code.c.account == account_id))
    pepper = peppers(connection, vault)[0]
    codes = [_written(randomness(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    rows = [{"mark": _mark(account_id, code, pepper), "account": account_id} for code in codes]
    connection.execute(insert(account_recovery_code), rows)
    return [Secret(code) for code in codes]


def _written(random: bytes) -> str:
    """Four groups of four letters and digits."""
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _mark(account_id: str, code: str, pepper: bytes) -> str:
    plain = "".join(one for one in code.lower() if one.isalnum())
    return fingerprint(f"recovery\n{account_id}\n{plain}", pepper)


def _secret(vault: Vault, row: object) -> bytes:
    account, sealed = row.account, row.secret  # type: ignore[attr-defined]
    return base64.b64decode(vault.open(sealed, _row(account)).reveal())


def _row(account_id: str) -> str:
    return f"{SECOND_FACTOR}/{account_id}"
