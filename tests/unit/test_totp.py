"""One-time codes against the vectors of RFC 4226 and RFC 6238, once each, with a little drift."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.office.identity.totp import DRIFT_STEPS, STEP_SECONDS, base32, code_at, key_uri, step_of

SECRET = b"12345678901234567890"
SEEDS = {"sha1": SECRET, "sha256": (SECRET * 2)[:32], "sha512": (SECRET * 4)[:64]}
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
RFC_6238 = [
    (59, "sha1", "94287082"),
    (59, "sha256", "46119246"),
    (59, "sha512", "90693936"),
    (1111111109, "sha1", "07081804"),
    (1111111109, "sha256", "68084774"),
    (1111111109, "sha512", "25091201"),
    (1111111111, "sha1", "14050471"),
    (1111111111, "sha256", "67062674"),
    (1111111111, "sha512", "99943326"),
    (1234567890, "sha1", "89005924"),
    (1234567890, "sha256", "91819424"),
    (1234567890, "sha512", "93441116"),
    (2000000000, "sha1", "69279037"),
    (2000000000, "sha256", "90698825"),
    (2000000000, "sha512", "38618901"),
    (20000000000, "sha1", "65353130"),
    (20000000000, "sha256", "77737706"),
    (20000000000, "sha512", "47863826"),
]


def test_codes_by_counter_are_those_of_rfc_4226() -> None:
    assert [code_at(SECRET, counter) for counter in range(10)] == RFC_4226


@pytest.mark.parametrize(("seconds", "digest", "code"), RFC_6238)
def test_codes_by_time_are_those_of_rfc_6238(seconds: int, digest: str, code: str) -> None:
    assert code_at(SEEDS[digest], seconds // STEP_SECONDS, digits=8, digest=digest) == code


@given(st.binary(min_size=20, max_size=20), st.integers(10, 2**32), st.integers(-4, 4))
def test_a_code_is_good_for_its_step_and_one_neighbour_on_each_side(secret: bytes, step: int, drift: int) -> None:
    found = step_of(secret, code_at(secret, step + drift), step * STEP_SECONDS, 0)
    if abs(drift) <= DRIFT_STEPS:
        assert found is not None
    elif found is not None:  # two steps may have one code by chance
        assert code_at(secret, found) == code_at(secret, step + drift)


def test_a_code_that_was_used_is_worth_nothing_nor_are_those_before_it() -> None:
    now, step = 1_000_000 * STEP_SECONDS, 1_000_000
    used = step_of(SECRET, code_at(SECRET, step), now, 0)
    assert used == step
    assert step_of(SECRET, code_at(SECRET, step), now, used) is None
    assert step_of(SECRET, code_at(SECRET, step - 1), now, used) is None
    assert step_of(SECRET, code_at(SECRET, step + 1), now, used) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "٧٥٥٢٢٤", "\ud800", "755224\n287082"])
def test_what_is_no_code_is_wrong_and_no_fault(typed: str) -> None:
    assert step_of(SECRET, typed, 0, -1) is None


def test_a_code_may_be_typed_with_spaces() -> None:
    assert step_of(SECRET, " 755 224 ", 0, -1) == 0


def test_an_authenticator_reads_the_key_from_an_address() -> None:
    found = urlsplit(key_uri(SECRET, "ada@example.com", "Bursar & Sons"))
    assert (found.scheme, found.netloc, found.path) == ("otpauth", "totp", "/Bursar%20%26%20Sons%3Aada%40example.com")
    fields = parse_qs(found.query)
    assert fields == {"secret": [base32(SECRET)], "issuer": ["Bursar & Sons"], "period": ["30"], "digits": ["6"]}
