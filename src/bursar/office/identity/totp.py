"""One-time codes of an authenticator: TOTP (RFC 6238) over HOTP (RFC 4226). Pure; the instant is an argument.

A code is good for its half minute and one neighbour on each side, and only once: whoever saw it typed cannot use it.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
"""RFC 4226 asks for 160 bits."""
DRIFT_STEPS = 1
"""Clocks may differ by this many steps in either direction (RFC 6238, section 5.2)."""


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of a step (RFC 4226, section 5.3). Authenticators everywhere know SHA-1 with six digits only."""
    mac = hmac.digest(secret, step.to_bytes(8), digest)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, at_seconds: int, last_step: int) -> int | None:
    """The step that a code belongs to, None if it is wrong or was used: steps up to `last_step` are spent."""
    now = at_seconds // STEP_SECONDS
    given = "".join(code.split())
    found = None
    for step in range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1):
        # Every step is compared, so that time tells nothing about which one was near.
        same = hmac.compare_digest(code_at(secret, step).encode(), given.encode(errors="replace"))
        if same and step > last_step and found is None:
            found = step
    return found


def key_uri(secret: bytes, login: str, issuer: str) -> str:
    """What an authenticator reads from a picture (`otpauth://totp/...`); it holds the secret."""
    label = quote(f"{issuer}:{login}", safe="")
    fields = {"secret": base32(secret), "issuer": issuer, "period": STEP_SECONDS, "digits": DIGITS}
    return f"otpauth://totp/{label}?{urlencode(fields, quote_via=quote)}"


def base32(secret: bytes) -> str:
    """The secret as people type it."""
    return base64.b32encode(secret).decode().rstrip("=")
