"""API tokens: `bur_api_...`, shown once, stored as an HMAC, limited to scopes and to a time.

A token acts as its account with no more than both allow: the roles that the account has at this instant, and the scopes
that the token was made with. Bundles are written out when it is made, so a Bursar with more actions widens no old token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office import audit
from bursar.office.access import TABLE, Actor, action
from bursar.office.database import key_of, reading, transaction
from bursar.office.identity import accounts
from bursar.office.keyring.tokens import API_PREFIX, fingerprint, hint, is_well_formed, make_token
from bursar.office.tables import api_token, api_token_use, user_account
from bursar.office.vault import ACCESS_KEYS, Secret, Vault, adopt_master, peppers

DEFAULT_DAYS = 90
MAX_DAYS = 366
MAX_PER_ACCOUNT = 50
MAX_LABEL_CHARS = 100
MICROS_PER_DAY = 86_400_000_000
EVERY_AREA = "*"
READ, WRITE = ":read", ":write"

State = Literal["live", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is listed: everything but the secret."""

    id: str
    account: str
    login: str
    hint: str
    label: str
    scopes: tuple[str, ...]
    """Names of actions, in the table's order."""
    created: int
    expires: int
    revoked: int
    last_used: str
    """The day, in UTC; empty: never."""

    def state(self, now: int) -> State:
        if self.revoked:
            return "revoked"
        return "live" if now < self.expires else "expired"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token at the only moment that its secret is known."""

    token: ApiToken
    secret: Secret = field(repr=False)


def scopes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The actions that scopes stand for: `wallet.read`, or a bundle: `wallet:read`, `topup:write` (reads and changes of an
    area), `*:read`. Raises InvalidInput for a name that stands for nothing, or for what no token may."""
    found: set[str] = set()
    for name in names:
        if name.endswith((READ, WRITE)):
            area, _, kind = name.rpartition(":")
            bundle = {row.name for row in TABLE if area in (EVERY_AREA, row.area) and row.by_token}
            if kind == "read":
                bundle = {one for one in bundle if action(one).kind == "read"}
            if not bundle:
                raise InvalidInput("scope", repr(name[:MAX_LABEL_CHARS]), "an area with something of that kind")
            found |= bundle
        elif not action(name).by_token:
            raise InvalidInput("scope", repr(name), "something that a token may do", "sign in for it")
        else:
            found.add(name)
    if not found:
        raise InvalidInput("scope", "none", "at least one", "`bursar account roles` shows the actions")
    return tuple(row.name for row in TABLE if row.name in found)


def issue(
    connection: Connection,
    vault: Vault,
    account_id: str,
    scopes: Iterable[str],
    *,
    token_id: str,
    entropy: bytes,
    by: str,
    now: int,
    label: str = "",
    days: int = DEFAULT_DAYS,
) -> IssuedToken:
    """Make a token of an account. `entropy` is RANDOM_BYTES of randomness."""
    adopt_master(connection, vault)
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput("days", str(days), f"1 to {MAX_DAYS}")
    if len(label) > MAX_LABEL_CHARS or not label.isprintable():
        raise InvalidInput("label", f"{len(label)} characters", f"printable text of at most {MAX_LABEL_CHARS}")
    named = scopes_of(scopes)
    connection.execute(select(user_account.c.id).where(user_account.c.id == account_id).with_for_update())
    account = accounts.by_id(connection, account_id)
    if account.status != "active":
        raise Conflict(f"{account.login} is {account.status}", "reinstate it first")
    row = api_token.c
    live = (row.account == account_id) & (row.revoked == 0) & (row.expires > now)
    if connection.execute(select(func.count()).select_from(api_token).where(live)).scalar_one() >= MAX_PER_ACCOUNT:
        raise Conflict(f"{account.login} has {MAX_PER_ACCOUNT} tokens", "revoke some of them")
    text, expires = make_token(entropy, API_PREFIX), now + days * MICROS_PER_DAY
    shown = hint(text, API_PREFIX)
    connection.execute(
        insert(api_token).values(
            id=token_id,
            organisation=account.organisation,
            account=account_id,
            hmac=fingerprint(text, vault.derive(ACCESS_KEYS)),
            hint=shown,
            label=label,
            scopes=json.dumps(named),
            created=now,
            expires=expires,
        )
    )
    detail = {"account": account_id, "label": label, "scopes": list(named), "expires": expires}
    audit.record(connection, now, by, "token.issue", token_id, detail)
    return IssuedToken(
        ApiToken(token_id, account_id, account.login, shown, label, named, now, expires, 0, ""), Secret(text)
    )


def authenticate(engine: Engine, vault: Vault, text: str, now: int) -> Actor | None:
    """Who a token is at this instant; None for one that is unknown, revoked, too old, or of a suspended account."""
    if not is_well_formed(text, API_PREFIX):
        return None
    with reading(engine) as connection:
        # The look-up is by a keyed hash, so its timing says nothing about the token itself.
        row = connection.execute(_known(text, vault.derive(ACCESS_KEYS))).first()
        if row is None:
            retired = peppers(connection, vault)[1:]
            found = (connection.execute(_known(text, pepper)).first() for pepper in retired)
            row = next((one for one in found if one is not None), None)
        if row is None or row.revoked or now >= row.expires:
            return None
        scopes = frozenset(json.loads(row.scopes))
        actor = accounts.actor_of(connection, row.account, f"token:{row.id}", now, scopes)
    if actor is not None and row.day != _day(now):
        with transaction(engine) as connection:
            _used(connection, row.id, _day(now))
    return actor


def revoke(connection: Connection, token_id: str, *, by: str, now: int, account_id: str = "") -> None:
    """End a token; with an account, only one of its own. Raises NotFound, and Conflict for one that was revoked."""
    token = named(connection, token_id)
    if account_id and token.account != account_id:
        raise _no_such(token_id)
    if token.revoked:
        raise Conflict(f"token {token_id} is revoked already")
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(revoked=now))
    audit.record(connection, now, by, "token.revoke", token_id, {"account": token.account})


def named(connection: Connection, token_id: str) -> ApiToken:
    """The token with this id. Raises NotFound."""
    row = connection.execute(_rows().where(api_token.c.id == token_id)).first() if token_id.isprintable() else None
    if row is None:
        raise _no_such(token_id)
    return _read(row)


def listed(connection: Connection, account_id: str = "") -> list[ApiToken]:
    """Tokens of one account, or of all for an empty id, oldest first."""
    query = _rows().order_by(api_token.c.created, api_token.c.id)
    if account_id:
        query = query.where(api_token.c.account == account_id)
    return [_read(row) for row in connection.execute(query)]


def _no_such(token_id: str) -> NotFound:
    # A secret given in place of an id must not come back in an error.
    shown = "of that secret" if token_id.strip().startswith(API_PREFIX) else repr(token_id[:MAX_LABEL_CHARS])
    return NotFound(f"there is no token {shown}", "`bursar account token list` shows which there are")


def _known(text: str, pepper: bytes) -> Any:
    return (
        select(api_token, api_token_use.c.day)
        .outerjoin(api_token_use, api_token_use.c.token == api_token.c.id)
        .where(api_token.c.hmac == fingerprint(text, pepper))
    )


def _used(connection: Connection, token_id: str, day: str) -> None:
    insert_or = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    statement = insert_or(api_token_use).values(token=token_id, day=day)
    connection.execute(statement.on_conflict_do_update(index_elements=key_of(connection, "token"), set_={"day": day}))


def _day(now: int) -> str:
    return datetime.fromtimestamp(now // 1_000_000, UTC).date().isoformat()


def _rows() -> Any:
    return (
        select(api_token, user_account.c.login, api_token_use.c.day)
        .join(user_account, user_account.c.id == api_token.c.account)
        .outerjoin(api_token_use, api_token_use.c.token == api_token.c.id)
    )


def _read(row: Any) -> ApiToken:
    return ApiToken(
        id=row.id,
        account=row.account,
        login=row.login,
        hint=row.hint,
        label=row.label,
        scopes=tuple(json.loads(row.scopes)),
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        last_used=row.day or "",
    )
