"""Access keys: `bur_live_` + 256 random bits + a checksum, all base62; stored only as an HMAC.

The checksum tells a typo from a wrong key without a look-up, and lets secret scanners find leaked keys without guessing.
API tokens and invitations have the same form under prefixes of their own, so that none is taken for another.
"""

from __future__ import annotations

import hmac
from zlib import crc32

PREFIX = "bur_live_"
API_PREFIX = "bur_api_"
INVITATION_PREFIX = "bur_inv_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_BYTES = 32
_BODY_CHARS = 43
_CHECK_CHARS = 6
TOKEN_CHARS = len(PREFIX) + _BODY_CHARS + _CHECK_CHARS


def make_token(entropy: bytes, prefix: str = PREFIX) -> str:
    """A key from RANDOM_BYTES of randomness."""
    if len(entropy) != RANDOM_BYTES:
        raise ValueError(f"a key takes {RANDOM_BYTES} random bytes")
    body = _base62(int.from_bytes(entropy), _BODY_CHARS)
    return prefix + body + _check(prefix + body)


def is_well_formed(token: str, prefix: str = PREFIX) -> bool:
    """Whether a text can be a key at all: prefix, length and checksum are right."""
    if len(token) != len(prefix) + _BODY_CHARS + _CHECK_CHARS or not token.startswith(prefix) or not token.isascii():
        return False
    return hmac.compare_digest(token[-_CHECK_CHARS:], _check(token[:-_CHECK_CHARS]))


def fingerprint(token: str, pepper: bytes) -> str:
    """What is stored and looked up instead of the key."""
    return hmac.digest(pepper, token.encode(), "sha256").hex()


def hint(token: str, prefix: str = PREFIX) -> str:
    """Enough of a key to recognise it by."""
    return f"{token[: len(prefix) + 4]}...{token[-4:]}"


def _check(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECK_CHARS)


def _base62(number: int, width: int) -> str:
    chars = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        chars.append(_ALPHABET[rest])
    return "".join(reversed(chars))
