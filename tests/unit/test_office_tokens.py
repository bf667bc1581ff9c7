"""The form of access keys, and texts that nobody may see by accident."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.office.keyring.keys import AccessKey, IssuedKey, KeyTerms, looks_like_key
from bursar.office.keyring.tokens import PREFIX, RANDOM_BYTES, TOKEN_CHARS, fingerprint, is_well_formed, make_token
from bursar.office.vault import Secret

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
entropies = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(entropies)
def test_every_key_is_well_formed_and_of_one_length(entropy: bytes) -> None:
    token = make_token(entropy)
    assert is_well_formed(token)
    assert len(token) == TOKEN_CHARS == 58
    assert token.startswith("bur_live_")
    assert set(token.removeprefix(PREFIX)) <= set(ALPHABET)


@given(entropies, entropies)
def test_different_randomness_gives_different_keys(one: bytes, other: bytes) -> None:
    assert (make_token(one) == make_token(other)) == (one == other)


@given(entropies, st.integers(len(PREFIX), TOKEN_CHARS - 1), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_noticed_without_a_look_up(entropy: bytes, place: int, typed: str) -> None:
    token = make_token(entropy)
    mistyped = token[:place] + typed + token[place + 1 :]
    assert is_well_formed(mistyped) == (mistyped == token)


@given(entropies, st.integers(len(PREFIX), TOKEN_CHARS - 2))
def test_two_exchanged_neighbours_are_noticed(entropy: bytes, place: int) -> None:
    token = make_token(entropy)
    exchanged = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
    assert is_well_formed(exchanged) == (exchanged == token)


@pytest.mark.parametrize("text", ["", "sk-ant-api03-abc", "bur_live_", "bur_live_" + "0" * 48, "bur_live_" + "é" * 49])
def test_what_is_no_key_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


def test_a_cut_off_key_still_looks_like_one_and_a_provider_key_does_not() -> None:
    token = make_token(bytes(range(32)))
    assert looks_like_key(f"  {token[:30]} ")
    assert looks_like_key(token)
    assert not looks_like_key("sk-proj-abcdef")


def test_a_key_needs_all_of_its_randomness() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        make_token(b"short")


def test_the_stored_fingerprint_depends_on_the_pepper() -> None:
    token = make_token(bytes(32))
    assert fingerprint(token, b"one") != fingerprint(token, b"other")
    assert token not in fingerprint(token, b"one")


def test_a_secret_is_not_printed_formatted_or_serialised() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret!s} {[secret]} { {'a': secret} }"
    for serialise in (pickle.dumps, json.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            serialise(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert secret.reveal() == "hunter2"


def test_secrets_are_equal_by_content_and_empty_ones_are_false() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


def test_an_issued_key_prints_without_its_secret() -> None:
    key = AccessKey("key_1", "per_1", "ada", "bur_live_abcd...wxyz", KeyTerms(), 1, 0)
    assert "hunter2" not in repr(IssuedKey(key, Secret("hunter2")))


@pytest.mark.parametrize(
    ("revoked", "expires", "now", "state"),
    [(0, 0, 5, "live"), (0, 10, 9, "live"), (0, 10, 10, "expired"), (3, 10, 5, "revoked"), (3, 10, 20, "revoked")],
)
def test_a_key_is_live_until_the_instant_of_its_expiry(revoked: int, expires: int, now: int, state: str) -> None:
    assert AccessKey("k", "p", "ada", "", KeyTerms(expires=expires), 1, revoked).state(now) == state
