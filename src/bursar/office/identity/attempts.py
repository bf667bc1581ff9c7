"""What is remembered of failed attempts to sign in, per account and per address, kept in the database.

Neither logins nor addresses are stored, only keyed hashes of them: people type passwords into the login's field, and an
address is nobody's business. Logins that do not exist are remembered like those that do, so waiting tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.office.identity.lockout import (
    MICROS,
    NEVER,
    OF_AN_ACCOUNT,
    OF_AN_ADDRESS,
    Failures,
    Limits,
    counted,
    forgiven,
)
from bursar.office.identity.lockout import wait_seconds as wait_of
from bursar.office.keyring.tokens import fingerprint
from bursar.office.tables import sign_in_failure
from bursar.office.vault import Vault

PURPOSE = "sign-in failures"
IPV6_PREFIX = 64
"""A home or a server has this much of IPv6 to itself: its addresses count as one."""
_LIMITS: dict[str, Limits] = {"account": OF_AN_ACCOUNT, "address": OF_AN_ADDRESS}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that has begun: the marks that it counts against."""

    account: str
    address: str
    """Empty: it came from no network."""


def marked(vault: Vault, organisation: str, login: str, address: str) -> Attempt:
    """The marks of a login and an address."""
    pepper = vault.derive(PURPOSE)
    place = _place(address)
    account = _mark(f"account\n{organisation}\n{login.strip().lower()}", pepper)
    return Attempt(account, _mark(f"address\n{place}", pepper) if place else "")


def begin(connection: Connection, attempt: Attempt, now: int) -> int:
    """Count an attempt before anything is compared; returns 0, or the seconds to wait, and then nothing was counted."""
    found = {kind: _known(connection, kind, mark) for kind, mark in _marks(attempt)}
    wait = max(wait_of(failures, now) for failures in found.values())
    if wait:
        return wait
    for kind, mark in _marks(attempt):
        _put(connection, kind, mark, counted(found[kind], now, _LIMITS[kind]))
    return 0


def succeeded(connection: Connection, attempt: Attempt) -> None:
    """Forget the account's failures, and that this attempt counted against its address."""
    clear(connection, attempt.account)
    half_succeeded(connection, attempt)


def half_succeeded(connection: Connection, attempt: Attempt) -> None:
    """A first step was right and a second one follows: the address is forgiven, the account is not yet.

    So a known password buys no more guesses at codes than an unknown one.
    """
    if attempt.address:
        left = forgiven(_known(connection, "address", attempt.address))
        if left.count:
            _put(connection, "address", attempt.address, left)
        else:
            _forget(connection, "address", attempt.address)


def clear(connection: Connection, account_mark: str) -> None:
    """Forget an account's failures, also if it was closed."""
    _forget(connection, "account", account_mark)


def sweep(connection: Connection, now: int) -> int:
    """Remove what is forgotten by now; returns how many. A closed account stays closed."""
    removed = 0
    for kind, limits in _LIMITS.items():
        row = sign_in_failure.c
        old = (row.kind == kind) & (row.last < now - limits.forget_seconds * MICROS) & (row.until < NEVER)
        removed += connection.execute(delete(sign_in_failure).where(old)).rowcount
    return removed


def _marks(attempt: Attempt) -> list[tuple[str, str]]:
    # Always in this order: two attempts never lock each other's rows crosswise.
    return [("account", attempt.account), *([("address", attempt.address)] if attempt.address else [])]


def _known(connection: Connection, kind: str, mark: str) -> Failures:
    """What is remembered, locked until the transaction ends; a row is made first, so that there is one to lock."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    empty = insert(sign_in_failure).values(kind=kind, mark=mark, failures=0, last=0, until=0)
    connection.execute(empty.on_conflict_do_nothing())
    here = (sign_in_failure.c.kind == kind) & (sign_in_failure.c.mark == mark)
    row = connection.execute(select(sign_in_failure).where(here).with_for_update()).one()
    return Failures(row.failures, row.last, row.until)


def _put(connection: Connection, kind: str, mark: str, failures: Failures) -> None:
    here = (sign_in_failure.c.kind == kind) & (sign_in_failure.c.mark == mark)
    values = {"failures": failures.count, "last": failures.last, "until": failures.until}
    connection.execute(update(sign_in_failure).where(here).values(**values))


def _forget(connection: Connection, kind: str, mark: str) -> None:
    here = (sign_in_failure.c.kind == kind) & (sign_in_failure.c.mark == mark)
    connection.execute(delete(sign_in_failure).where(here))


def _mark(text: str, pepper: bytes) -> str:
    return fingerprint(text.encode(errors="replace").decode(), pepper)


def _place(address: str) -> str:
    """An IPv4 address, or the network of an IPv6 one; what is no address counts as it is written."""
    try:
        found = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return address.strip()
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)
