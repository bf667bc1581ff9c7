"""Passwords: what is refused (NIST SP 800-63B), and how they are kept (Argon2id, RFC 9106).

No rule about kinds of characters, no expiry, no hints; long ones are welcome, and pasted ones too. What is refused is
what everybody tries first. Salt is an argument; a password comes as a `Secret` and no error repeats it.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from argon2 import Parameters, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

from bursar.errors import InvalidInput, Unavailable
from bursar.office.vault import Secret

MIN_CHARS = 12
MAX_CHARS = 1024
MAX_GIVEN_CHARS = 4 * MAX_CHARS
"""Before normalisation, which may draw several characters together."""
SALT_BYTES = 16
HASH_BYTES = 32
HASHES_AT_ONCE = 2
"""Each takes its memory and a core: more at once would let strangers empty the machine."""
HASH_WAIT_SECONDS = 5.0
MAX_UNIT_CHARS = 4
"""`abcabcabcabc` repeats a unit of three; longer units are not looked for."""
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_LEET = str.maketrans("013457@$!", "oleastasi")


@dataclass(frozen=True, slots=True)
class Hashing:
    """Argon2id's parameters; the default is the second recommended option of RFC 9106, section 4."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


HASHING = Hashing()
"""In force. Raise it and every password is hashed anew the next time that its owner signs in."""


def check(password: Secret, about: Iterable[str] = ()) -> None:
    """Raise InvalidInput if a new password is too short, too long, or among the first that anybody would try.

    `about` are words that belong to the account: its login, name and e-mail address.
    """
    text = _written(password)
    if not MIN_CHARS <= len(text) <= MAX_CHARS:
        found = f"{len(text)} characters"
        raise InvalidInput("password", found, f"{MIN_CHARS} to {MAX_CHARS}; several words are easy to remember")
    folded = text.casefold()
    if _repeats(folded) or _is_a_run(folded):
        raise InvalidInput("password", "a pattern that is tried first", "something that nobody would guess")
    words = {part for one in about for part in _parts(one.casefold()) if part}
    if not _cores(folded).isdisjoint(words | {"bursar"}):
        raise InvalidInput("password", "a word that belongs to the account", "something that nobody would guess")
    if not _cores(folded).isdisjoint(_common()):
        raise InvalidInput("password", "one of the commonest passwords", "something that nobody would guess")


def hashed(password: Secret, salt: bytes, hashing: Hashing = HASHING) -> str:
    """What is stored: algorithm, parameters, salt and hash in one text. `salt` is SALT_BYTES of randomness."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt takes {SALT_BYTES} random bytes")
    text = _written(password)
    with _room():
        return hash_secret(
            text.encode(), salt, hashing.passes, hashing.memory_kib, hashing.lanes, HASH_BYTES, Type.ID
        ).decode()


def verify(password: Secret, encoded: str, hashing: Hashing = HASHING) -> bool:
    """Whether this is the password. Without a stored hash it takes as long and is false: nobody learns who has one."""
    text = _normal(password) or ""
    stand_in = _dummy(hashing)
    with _room():
        try:
            verify_secret((encoded or stand_in).encode(), text.encode(), Type.ID)
        except (VerificationError, InvalidHashError):
            return False
    return bool(text and encoded)


def is_outdated(encoded: str, hashing: Hashing = HASHING) -> bool:
    """Whether a hash was made with less than what is in force now."""
    try:
        found: Parameters = extract_parameters(encoded)
    except InvalidHashError:
        return True
    made = (found.memory_cost, found.time_cost, found.parallelism)
    wanted = (hashing.memory_kib, hashing.passes, hashing.lanes)
    return any(one < other for one, other in zip(made, wanted, strict=True))


_places = threading.BoundedSemaphore(HASHES_AT_ONCE)


@contextmanager
def _room() -> Iterator[None]:
    if not _places.acquire(timeout=HASH_WAIT_SECONDS):
        raise Unavailable("too many people sign in at this moment", "try again in a few seconds")
    try:
        yield
    finally:
        _places.release()


@lru_cache(maxsize=8)
def _dummy(hashing: Hashing) -> str:
    salt, secret = bytes(SALT_BYTES), b"nobody's password"
    return hash_secret(secret, salt, hashing.passes, hashing.memory_kib, hashing.lanes, HASH_BYTES, Type.ID).decode()


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    text = files("bursar.office.identity").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _written(password: Secret) -> str:
    text = _normal(password)
    if text is None:
        raise InvalidInput("password", "what cannot be written", f"text of {MIN_CHARS} to {MAX_CHARS} characters")
    return text


def _normal(password: Secret) -> str | None:
    """One form for what looks the same on two keyboards (NFKC, as SP 800-63B asks); None if it cannot be a password."""
    given = password.reveal()
    if len(given) > MAX_GIVEN_CHARS:
        return None
    text = unicodedata.normalize("NFKC", given)
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _cores(folded: str) -> set[str]:
    """The text, and the word in it without digits and signs around; with signs read as the letters that they imitate."""
    letters = [place for place, one in enumerate(folded) if one.isalpha()]
    if not letters:
        return {folded}
    tailless, core = folded[: letters[-1] + 1], folded[letters[0] : letters[-1] + 1]
    return {folded, core, core.translate(_LEET), tailless.translate(_LEET)}


def _parts(folded: str) -> tuple[str, ...]:
    """A name, an address without its host, and each of their parts."""
    return (folded, folded.partition("@")[0], *re.split(r"[@.\s_+-]+", folded))


def _repeats(folded: str) -> bool:
    return any((folded[:size] * len(folded))[: len(folded)] == folded for size in range(1, MAX_UNIT_CHARS + 1))


def _is_a_run(folded: str) -> bool:
    """Neighbours on the keyboard or in the alphabet, in either direction, around the end if need be."""
    return any(folded in line * (2 + len(folded) // len(line)) for row in _ROWS for line in (row, row[::-1]))
