"""A statement that one takes along: what was promised and used in a time, signed, so that anybody can check it offline.

The signature is Ed25519 (RFC 8032) over the document's canonical JSON, by a key that is derived from the master key; its
public half stands in the file and is printed by `bursar ledger key`, so that whoever checks compares it with what the
house publishes. What a contract costs is not in it, nor what was asked of any model.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bursar.errors import InvalidInput
from bursar.office.figures import reports
from bursar.office.vault import Vault

if TYPE_CHECKING:
    from bursar.office.desk import Desk

PURPOSE = "portable statements"
SCHEMA = "bursar: portable-statement/1"
MAX_BYTES = 16 * 1024 * 1024
LINE = ("at", "kind", "what", "change_nanos", "spent_nanos", "balance_nanos")


def public_key(vault: Vault) -> str:
    """The key that this house signs with, as people compare it."""
    raw = _private(vault).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"ed25519:{base64.urlsafe_b64encode(raw).decode()}"


def portable(desk: Desk, person: str, start: str = "", end: str = "") -> dict[str, Any]:
    """A person's statement of a time (as `bursar statement` reads it), signed."""
    found = reports.statement(desk, person, start, end)
    holder = desk.person(person)
    document = {
        "schema": SCHEMA,
        "person": holder["handle"],
        "name": holder["name"],
        "from": found["from"],
        "until": found["until"],
        "issued_micros": desk.now(),
        "note": "An allowance is not pay that a later employer has to match; see the terms that it was given under.",
        "units": [_unit(one) for one in (found, *found["other_units"])],
    }
    signature = _private(desk.vault).sign(_canonical(document))
    return {
        "document": document,
        "key": public_key(desk.vault),
        "signature": base64.urlsafe_b64encode(signature).decode(),
    }


def check(text: str, key: str = "") -> dict[str, Any]:
    """The document of a signed file, if its signature fits. Raises InvalidInput for one that was altered, that is signed
    by another key than the one expected, or that is no such file. Needs no installation."""
    signed = _read(text)
    if key and key.strip() != signed["key"]:
        raise InvalidInput("key", str(signed["key"])[:60], f"{key.strip()[:60]}, the key of the house that it is from")
    kind, _, encoded = str(signed["key"]).partition(":")
    try:
        if kind != "ed25519":
            raise ValueError(kind)
        public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(encoded))
        public.verify(base64.urlsafe_b64decode(str(signed["signature"])), _canonical(signed["document"]))
    except (InvalidSignature, ValueError, binascii.Error):
        raise InvalidInput("signature", "one that does not fit", "a file as it was signed: it was altered") from None
    document: dict[str, Any] = signed["document"]
    return document


def _read(text: str) -> Mapping[str, Any]:
    try:
        signed = json.loads(text)
    except ValueError as error:
        raise InvalidInput("file", str(error)[:80], "a signed statement in JSON") from None
    fits = isinstance(signed, dict) and signed.keys() == {"document", "key", "signature"}
    if not fits or not isinstance(signed["document"], dict) or signed["document"].get("schema") != SCHEMA:
        raise InvalidInput("file", "another document", f"a signed statement: {SCHEMA}")
    found: Mapping[str, Any] = signed
    return found


def _unit(found: Mapping[str, Any]) -> dict[str, Any]:
    """What moved in one unit, without what the house pays for it."""
    lines = [{name: line[name] for name in LINE} for line in found["lines"]]
    return {
        "unit": found["unit"],
        "opening_nanos": found["opening_nanos"],
        "closing_nanos": found["closing_nanos"],
        "used_nanos": sum(line["spent_nanos"] for line in found["lines"]),
        "lines": lines,
    }


def _private(vault: Vault) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.derive(PURPOSE))


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
