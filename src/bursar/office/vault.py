"""Secrets at rest: an AES-256-GCM envelope under a master key that never enters the database.

Each secret has a data key of its own, wrapped by the master key; both layers are bound to the organisation and the row
they belong to, so a ciphertext copied to another row does not open. The master key can be exchanged: `rotate_master`
wraps the data keys anew and keeps what was derived from the old key, so that issued access keys go on working.

    0x02 | id of the master key (8) | nonce (12) | wrapped data key (48) | nonce (12) | ciphertext and tag
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from sqlalchemy import Column, Connection, Engine, and_, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office import audit
from bursar.office.database import transaction
from bursar.office.tables import (
    DEFAULT_ORGANISATION,
    ORGANISATION,
    account_second_factor,
    kept_answer,
    provider,
    provider_admin,
    setting,
    webhook,
)

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 8
ACCESS_KEYS = "access keys"
"""What the pepper of access keys is derived for."""
SECOND_FACTOR = "second_factor"
"""Rows of authenticators' secrets: `second_factor/<account>`."""
WEBHOOK = "webhook"
"""Rows of webhooks' addresses and signing secrets: `webhook/<id>`."""
KEPT_ANSWER = "kept_answer"
"""Rows of answers that are kept to be repeated, which may hold a new key: `kept_answer/<account>/<key>`."""
PROVIDER_ADMIN = "provider_admin"
"""Rows of the credentials of providers' administrations: `provider_admin/<provider>`."""
_WRAPPED_BYTES = KEY_BYTES + 16
_HEADS = {b"\x01": 1, b"\x02": 1 + KEY_ID_BYTES}  # bytes before the first nonce; 1 knew no key id and no organisation
_MASTER_SETTING = "master_key"
_PEPPER_SETTING = "retired_pepper/"

Randomness = Callable[[int], bytes]


class Secret:
    """A text that nobody sees by accident: not printed, not formatted, not serialised. `reveal()` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")


class Vault:
    """Seals and opens the secrets of one organisation with one master key. Its repr shows nothing."""

    __slots__ = ("_id", "_master", "_randomness", "key_id", "organisation")

    def __init__(
        self, master: bytes, organisation: str = DEFAULT_ORGANISATION, randomness: Randomness = secrets.token_bytes
    ) -> None:
        if len(master) != KEY_BYTES:
            raise InvalidInput("master key", f"{len(master)} bytes", f"{KEY_BYTES} bytes")
        self._master = master
        self.organisation = organisation
        self._randomness = randomness
        self._id = self.derive("key id")[:KEY_ID_BYTES]
        self.key_id = self._id.hex()
        """Names the master key without telling anything about it."""

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is not serialised")

    def seal(self, secret: Secret | str, row: str) -> bytes:
        """Encrypt a secret for a row (`provider/openai`)."""
        text = secret.reveal() if isinstance(secret, Secret) else secret
        data_key, inner = self._randomness(KEY_BYTES), self._randomness(NONCE_BYTES)
        return self._wrap(data_key, row) + inner + AESGCM(data_key).encrypt(inner, text.encode(), self._bound(row))

    def open(self, sealed: bytes, row: str) -> Secret:
        """Decrypt the secret of a row; raises Conflict if the master key or the row is another one."""
        if not sealed:
            return Secret("")
        data_key = self._unwrap(sealed, row)
        rest = kernel(sealed)
        try:
            text = AESGCM(data_key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], self._bound(row, sealed[:1]))
        except (InvalidTag, ValueError):
            raise _does_not_open(row) from None
        return Secret(text.decode())

    def rewrap(self, sealed: bytes, row: str, successor: Vault) -> bytes:
        """The same secret under another master key; its own ciphertext stays as it is."""
        if not sealed:
            return b""
        if sealed[:1] == b"\x01":
            return successor.seal(self.open(sealed, row), row)
        self.open(sealed, row)
        return successor._wrap(self._unwrap(sealed, row), row) + kernel(sealed)

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, derived from the master key (HKDF-SHA-256, RFC 5869)."""
        return HKDF(hashes.SHA256(), KEY_BYTES, None, f"bursar/{purpose}".encode()).derive(self._master)

    def _wrap(self, data_key: bytes, row: str) -> bytes:
        nonce = self._randomness(NONCE_BYTES)
        return b"\x02" + self._id + nonce + AESGCM(self._master).encrypt(nonce, data_key, self._bound(row))

    def _unwrap(self, sealed: bytes, row: str) -> bytes:
        head = _HEADS.get(sealed[:1])
        if head is None:
            raise Conflict(f"the secret of {row} was sealed by a newer Bursar", "upgrade Bursar")
        if head > 1 and sealed[1:head] != self._id:
            raise Conflict(
                f"the secret of {row} was sealed with master key {sealed[1:head].hex()}, this one is {self.key_id}",
                "is the right master key in place?",
            )
        nonce, wrapped = sealed[head : head + NONCE_BYTES], sealed[head + NONCE_BYTES :][:_WRAPPED_BYTES]
        try:
            return AESGCM(self._master).decrypt(nonce, wrapped, self._bound(row, sealed[:1]))
        except (InvalidTag, ValueError):
            raise _does_not_open(row) from None

    def _bound(self, row: str, version: bytes = b"\x02") -> bytes:
        return row.encode() if version == b"\x01" else json.dumps([self.organisation, row]).encode()


def kernel(sealed: bytes) -> bytes:
    """The part of a sealed secret that stays when the master key is exchanged: equal kernels hold equal secrets."""
    return sealed[_HEADS.get(sealed[:1], 0) + NONCE_BYTES + _WRAPPED_BYTES :] if sealed else b""


def _does_not_open(row: str) -> Conflict:
    return Conflict(f"the secret of {row} does not open with this master key", "is the right master key in place?")


# Which master key a database belongs to.


def adopt_master(connection: Connection, vault: Vault) -> None:
    """Bind a database to this master key, or raise Conflict if it is bound to another. To be called by whoever seals."""
    if _bound_key(connection, lock=True) is None:
        _put(connection, _MASTER_SETTING, vault.key_id)
    check_master(connection, vault)


def check_master(connection: Connection, vault: Vault) -> None:
    """Raise Conflict if the database is bound to another master key: with this one, no access key would be known."""
    found = _bound_key(connection)
    if found not in (None, vault.key_id):
        raise Conflict(
            f"this database belongs to master key {found}, the one in place is {vault.key_id}",
            "put the right key in place; if a rotation of it was interrupted, run the rotation again",
        )


def peppers(connection: Connection, vault: Vault) -> tuple[bytes, ...]:
    """What access keys may have been hashed with: the pepper in force, then those of earlier master keys."""
    rows = connection.execute(
        select(setting.c.name, setting.c.value).where(setting.c.name.startswith(_PEPPER_SETTING, autoescape=True))
    )
    retired = (base64.b64decode(vault.open(base64.b64decode(row.value), row.name).reveal()) for row in rows)
    return (vault.derive(ACCESS_KEYS), *retired)


def rotate_master(connection: Connection, vault: Vault, successor: Vault) -> int:
    """Put everything sealed under another master key; returns how many secrets were wrapped anew.

    Gateways that run go on with what they know, and have to be started again with the new key.
    """
    adopt_master(connection, vault)
    sealed = 0
    for column, row_of in _SEALED:
        sealed += _rewrap(connection, vault, successor, column, row_of)
    retired = setting.c.name.startswith(_PEPPER_SETTING, autoescape=True)
    for row in connection.execute(select(setting.c.name, setting.c.value).where(retired)).all():
        moved = vault.rewrap(base64.b64decode(row.value), row.name, successor)
        _put(connection, row.name, base64.b64encode(moved).decode())
    name = _PEPPER_SETTING + vault.key_id
    pepper = Secret(base64.b64encode(vault.derive(ACCESS_KEYS)).decode())
    _put(connection, name, base64.b64encode(successor.seal(pepper, name)).decode())
    _put(connection, _MASTER_SETTING, successor.key_id)
    return sealed


def _rewrap(
    connection: Connection, vault: Vault, successor: Vault, column: Column[bytes], row_of: Callable[[Any], str]
) -> int:
    """Wrap every secret of a column anew; returns how many there are."""
    sealed = 0
    table = column.table
    for row in connection.execute(select(*table.primary_key.columns, column)).all():
        old = row._mapping[column.name]
        moved = vault.rewrap(old, row_of(row), successor)
        here = and_(*(one == row._mapping[one.name] for one in table.primary_key.columns))
        connection.execute(update(table).where(here).values({column.name: moved}))
        sealed += bool(old)
    return sealed


_SEALED: tuple[tuple[Column[bytes], Callable[[Any], str]], ...] = (
    (provider.c.secret, lambda row: f"provider/{row.name}"),
    (account_second_factor.c.secret, lambda row: f"{SECOND_FACTOR}/{row.account}"),
    (webhook.c.sealed, lambda row: f"{WEBHOOK}/{row.id}"),
    (kept_answer.c.answer, lambda row: f"{KEPT_ANSWER}/{row.account}/{row.key}"),
    (provider_admin.c.sealed, lambda row: f"{PROVIDER_ADMIN}/{row.provider}"),
)
"""Every column that holds what was sealed, with the row that each value is bound to."""


def check_sealed(connection: Connection, vault: Vault) -> int:
    """Open everything that is sealed, and forget it; how many secrets there are. Raises Conflict for one that does not."""
    opened = len(peppers(connection, vault)) - 1
    for column, row_of in _SEALED:
        for row in connection.execute(select(*column.table.primary_key.columns, column)):
            sealed = row._mapping[column.name]
            vault.open(sealed, row_of(row))
            opened += bool(sealed)
    return opened


def _bound_key(connection: Connection, *, lock: bool = False) -> str | None:
    query = select(setting.c.value).where(setting.c.organisation == ORGANISATION, setting.c.name == _MASTER_SETTING)
    return connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def _put(connection: Connection, name: str, value: str) -> None:
    here = (setting.c.organisation == ORGANISATION) & (setting.c.name == name)
    if connection.execute(update(setting).where(here).values(value=value)).rowcount == 0:
        connection.execute(insert(setting).values(organisation=ORGANISATION, name=name, value=value))


# The master key's file.


@dataclass(frozen=True, slots=True)
class Rotation:
    """What an exchange of the master key did: ids of the keys, secrets wrapped anew, where the old key is kept."""

    old_key_id: str
    new_key_id: str
    secrets: int
    kept: Path


def create_master_key(path: Path, randomness: Randomness = secrets.token_bytes) -> None:
    """Write a new master key, readable by its owner alone; an existing one is never replaced."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{randomness(4).hex()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(randomness(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole or not at all, and never over another file.
        os.link(draft, path)
        _sync_folder(path.parent)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def open_vault(path: Path, given: str | SecretStr = "", organisation: str = DEFAULT_ORGANISATION) -> Vault:
    """The vault of the key in the environment, or of the key file, which nobody else may read."""
    text = given.get_secret_value() if isinstance(given, SecretStr) else given
    if text:
        return Vault(_decoded(text, "BURSAR_MASTER_KEY"), organisation)
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except FileNotFoundError as error:
        raise NotFound(f"there is no master key at {path}", "run `bursar init`, or set BURSAR_MASTER_KEY") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(path), "a file that cannot be read as text", f"{KEY_BYTES} bytes in base64") from error
    if os.name == "posix" and mode & 0o077:
        raise Conflict(f"the master key {path} can be read by others", f"chmod 600 {path}")
    return Vault(_decoded(text, str(path)), organisation)


def rotate_master_file(
    engine: Engine,
    path: Path,
    *,
    actor: str,
    now: int,
    randomness: Randomness = secrets.token_bytes,
    organisation: str = DEFAULT_ORGANISATION,
) -> Rotation:
    """Exchange the master key in a file. Interrupted anywhere, it is finished by running it again.

    The new key waits beside the old one until the database has changed over; then the files change places. The old key
    is kept, since only it opens earlier backups.
    """
    waiting = path.with_name(f"{path.name}.next")
    create_master_key(waiting, randomness)
    vault, successor = (open_vault(one, organisation=organisation) for one in (path, waiting))
    with transaction(engine) as connection:
        count = 0
        if _bound_key(connection, lock=True) != successor.key_id:
            count = rotate_master(connection, vault, successor)
            detail = {"from": vault.key_id, "to": successor.key_id, "secrets": count}
            audit.record(connection, now, actor, "master_key.rotate", vault.organisation, detail)
    kept = path.with_name(f"{path.name}.{vault.key_id}")
    if not kept.exists():
        os.link(path, kept)
    waiting.replace(path)
    _sync_folder(path.parent)
    return Rotation(vault.key_id, successor.key_id, count, kept)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _decoded(text: str, where: str) -> bytes:
    expected = f"{KEY_BYTES} bytes in base64"
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raise InvalidInput(where, "text that is not base64", expected) from None
    if len(found) != KEY_BYTES:
        raise InvalidInput(where, f"{len(found)} bytes", expected)
    return found
