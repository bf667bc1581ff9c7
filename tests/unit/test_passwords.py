"""Passwords: length and what everybody tries first are refused, nothing else; kept as Argon2id."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput, Unavailable
from bursar.office.identity import passwords
from bursar.office.identity.passwords import (
    HASHING,
    MAX_CHARS,
    MIN_CHARS,
    SALT_BYTES,
    Hashing,
    check,
    hashed,
    is_outdated,
    verify,
)
from bursar.office.vault import Secret

QUICK = Hashing(memory_kib=64, passes=1, lanes=1)
SALT = bytes(range(SALT_BYTES))
GOOD = "seven green herons walk"


def test_the_parameters_are_those_that_rfc_9106_recommends() -> None:
    assert hashed(Secret(GOOD), SALT).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert Hashing(65_536, 3, 4) == HASHING


def test_a_password_is_right_and_another_one_is_wrong() -> None:
    stored = hashed(Secret(GOOD), SALT)
    assert verify(Secret(GOOD), stored)
    assert not verify(Secret(GOOD + " "), stored)
    assert GOOD not in stored


@pytest.mark.parametrize("encoded", ["", "nonsense", "$argon2id$v=19$m=65536,t=3,p=4$AAAA"])
def test_without_a_usable_hash_every_password_is_wrong(encoded: str) -> None:
    assert not verify(Secret(GOOD), encoded, QUICK)
    assert not verify(Secret("nobody's password"), encoded, QUICK)
    assert not verify(Secret(""), encoded, QUICK)


def test_a_login_that_does_not_exist_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[bytes] = []
    real = passwords.verify_secret

    def watched(encoded: bytes, password: bytes, kind: object) -> bool:
        worked.append(encoded[: encoded.rindex(b"$", 0, encoded.rindex(b"$"))])
        return real(encoded, password, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords, "verify_secret", watched)
    verify(Secret(GOOD), hashed(Secret(GOOD), SALT, QUICK), QUICK)
    verify(Secret(GOOD), "", QUICK)
    assert worked == [b"$argon2id$v=19$m=64,t=1,p=1"] * 2


@pytest.mark.parametrize(
    ("made", "outdated"),
    [
        (QUICK, False),
        (Hashing(32, 1, 1), True),
        (Hashing(128, 2, 1), False),
        (Hashing(64, 1, 2), False),
    ],
)
def test_a_hash_made_with_less_is_outdated(made: Hashing, outdated: bool) -> None:
    assert is_outdated(hashed(Secret(GOOD), SALT, made), QUICK) == outdated
    assert is_outdated("nonsense", QUICK)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "correct horse battery staple, said nobody",
        "四つの緑の鷺が川を歩いて行く",
        "            -            .",
        "x" * 500 + "yz",
        "!!!!~~~~%%%%^^^^",
    ],
)
def test_long_and_odd_passwords_are_welcome(text: str) -> None:
    check(Secret(text))


@pytest.mark.parametrize(
    "text",
    [
        "password1234",
        "P@ssw0rd!!!!",
        "Passw0rd2026",
        "Welcome12345",
        "qwertyuiop123",
        "iloveyou!!!!!!",
        "administrator",
        "@dministrator",
        "123456789012",
        "890123456789",
        "abcdefghijklmnop",
        "zyxwvutsrqponm",
        "fdsapoiuytrewq",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "xy12xy12xy12",
        "ＰＡＳＳＷＯＲＤ１２３４",
        "bursar-2026-",
    ],
)
def test_what_everybody_tries_first_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(Secret(text))
    assert caught.value.field == "password"
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["ada.lovelace", "Lovelace2026!", "ADA.LOVELACE@example.com", "1234lovelace", "Ada Abara 2026"]
)
def test_ones_own_name_is_no_password(text: str) -> None:
    with pytest.raises(InvalidInput, match="belongs to the account"):
        check(Secret(text), ("ada.lovelace@example.com", "Ada Abara"))
    check(Secret(f"{text} and the engine"), ("ada.lovelace@example.com", "Ada Abara"))


@pytest.mark.parametrize("text", ["", "short", "x" * (MIN_CHARS - 1), "ab" * MAX_CHARS, "\ud800" + GOOD, "a" * 10_000])
def test_what_is_too_short_too_long_or_no_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="password: found"):
        check(Secret(text))
    assert not verify(Secret(text), hashed(Secret(GOOD), SALT, QUICK), QUICK)


def test_the_bounds_are_of_characters_and_both_are_inside() -> None:
    for size in (MIN_CHARS, MAX_CHARS):
        check(Secret(("é%o7Q-ü z" * MAX_CHARS)[:size]))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_one_text_in_two_unicode_forms_is_one_password(text: str) -> None:
    composed, taken_apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert verify(Secret(taken_apart), hashed(Secret(composed), SALT, QUICK), QUICK)


def test_so_many_hashes_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "HASH_WAIT_SECONDS", 0.01)
    with passwords._room(), pytest.raises(Unavailable, match="too many people"):
        hashed(Secret(GOOD), SALT, QUICK)
    assert hashed(Secret(GOOD), SALT, QUICK)


def test_a_salt_is_never_shorter() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        hashed(Secret(GOOD), b"short", QUICK)
