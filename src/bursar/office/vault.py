"""Secrets at rest: an AES-256-GCM envelope under a master key that never enters the database.

Each secret has a data key of its own, wrapped by the master key; both layers are bound to the row they belong to, so a
ciphertext copied to another row does not open.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bursar.errors import Conflict, InvalidInput, NotFound

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_WRAPPED_BYTES = KEY_BYTES + 16


class Vault:
    """Seals and opens secrets with one master key. Its repr shows nothing."""

    __slots__ = ("_master",)

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise InvalidInput("master key", f"{len(master)} bytes", f"{KEY_BYTES} bytes")
        self._master = master

    def __repr__(self) -> str:
        return "Vault(...)"

    def seal(self, secret: str, row: str) -> bytes:
        """Encrypt a secret for a row (`provider/openai`)."""
        data_key = secrets.token_bytes(KEY_BYTES)
        outer, inner = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
        wrapped = AESGCM(self._master).encrypt(outer, data_key, row.encode())
        return _VERSION + outer + wrapped + inner + AESGCM(data_key).encrypt(inner, secret.encode(), row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        """Decrypt the secret of a row; raises Conflict if the master key or the row is another one."""
        if not sealed:
            return ""
        start = 1 + NONCE_BYTES
        outer, wrapped = sealed[1:start], sealed[start : start + _WRAPPED_BYTES]
        rest = sealed[start + _WRAPPED_BYTES :]
        try:
            data_key = AESGCM(self._master).decrypt(outer, wrapped, row.encode())
            return AESGCM(data_key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], row.encode()).decode()
        except InvalidTag as error:
            raise Conflict(
                f"the secret of {row} does not open with this master key", "is the right master key in place?"
            ) from error

    def derive(self, purpose: str) -> bytes:
        """A key for another purpose, derived from the master key."""
        return HKDF(hashes.SHA256(), KEY_BYTES, None, f"bursar/{purpose}".encode()).derive(self._master)


def create_master_key(path: Path) -> None:
    """Write a new master key, readable by its owner alone; an existing one is never replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def open_vault(path: Path, given: str = "") -> Vault:
    """The vault of the key in the environment, or of the key file, which nobody else may read."""
    if given:
        return Vault(_decoded(given, "BURSAR_MASTER_KEY"))
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except FileNotFoundError as error:
        raise NotFound(f"there is no master key at {path}", "run `bursar init`, or set BURSAR_MASTER_KEY") from error
    if os.name == "posix" and mode & 0o077:
        raise Conflict(f"the master key {path} can be read by others", f"chmod 600 {path}")
    return Vault(_decoded(text, str(path)))


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise InvalidInput(where, "text that is not base64", f"{KEY_BYTES} bytes in base64") from error
