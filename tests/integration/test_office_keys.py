"""Access keys in the database: issued once, listed without secrets, rotated, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.database import reading
from bursar.office.keyring import keys
from bursar.office.keyring.keys import KeyTerms
from bursar.office.keyring.tokens import fingerprint, is_well_formed
from bursar.office.tables import access_key
from bursar.office.vault import ACCESS_KEYS, Vault
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

VAULT = Vault(bytes(range(32)))
NOW = 1_000_000
DAY = 86_400_000_000


@pytest.fixture
def ada(changing: Changing) -> str:
    with changing() as connection:
        people.add(connection, {"handle": "ada"}, "per_ada", NOW)
    return "per_ada"


def issue(changing: Changing, person: str, number: int = 1, terms: KeyTerms = KeyTerms()) -> keys.IssuedKey:  # noqa: B008
    with changing() as connection:
        return keys.issue(
            connection, VAULT, person, terms, key_id=f"key_{number}", entropy=bytes([number] * 32), now=NOW
        )


def test_what_is_stored_is_a_fingerprint_and_a_hint(engine: Engine, changing: Changing, ada: str) -> None:
    issued = issue(changing, ada)
    token = issued.token.reveal()
    assert is_well_formed(token)
    with reading(engine) as connection:
        row = connection.execute(select(access_key)).one()
    assert row.hmac == fingerprint(token, VAULT.derive(ACCESS_KEYS))
    assert row.hint == f"{token[:13]}...{token[-4:]}"
    assert token not in repr(row)


def test_terms_come_back_as_they_were_given(engine: Engine, changing: Changing, ada: str) -> None:
    terms = KeyTerms("laptop", "personal", "thesis", ("gpt-5*", "claude-*"), 20 * 10**9, "USD", NOW + DAY)
    issued = issue(changing, ada, terms=terms)
    with reading(engine) as connection:
        assert keys.listed(connection) == [issued.key]
        assert keys.named(connection, "key_1").terms == terms
        assert keys.listed(connection, "per_other") == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (KeyTerms(purpose="fun"), "purpose"),
        (KeyTerms(models=("a",) * 101), "model"),
        (KeyTerms(models=("",)), "model"),
        (KeyTerms(label="x" * 201), "label"),
        (KeyTerms(project="a\nb"), "project"),
        (KeyTerms(cap_nanos=-1), "cap"),
        (KeyTerms(cap_nanos=2**62), "cap"),
        (KeyTerms(cap_nanos=1, cap_unit="EUR"), "cap"),
        (KeyTerms(expires=NOW), "expires"),
    ],
)
def test_terms_out_of_bounds_name_their_field(changing: Changing, ada: str, terms: KeyTerms, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        issue(changing, ada, terms=terms)
    assert caught.value.field == field


def test_only_active_people_get_keys(changing: Changing, ada: str) -> None:
    with pytest.raises(NotFound):
        issue(changing, "per_nobody")
    with changing() as connection:
        people.suspend(connection, ada)
    with pytest.raises(Conflict, match="ada is suspended"):
        issue(changing, ada)


def test_a_person_has_a_largest_number_of_live_keys(
    changing: Changing, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS_PER_PERSON", 2)
    issue(changing, ada, 1)
    issue(changing, ada, 2)
    with pytest.raises(Conflict, match="has 2 keys"):
        issue(changing, ada, 3)
    with changing() as connection:
        keys.revoke(connection, "key_1", NOW)
    issue(changing, ada, 3)


def test_a_key_is_revoked_once(engine: Engine, changing: Changing, ada: str) -> None:
    issue(changing, ada)
    with changing() as connection:
        keys.revoke(connection, "key_1", NOW + 5)
    with reading(engine) as connection:
        assert keys.named(connection, "key_1").state(NOW + 6) == "revoked"
    with pytest.raises(Conflict, match="revoked already"), changing() as connection:
        keys.revoke(connection, "key_1", NOW + 7)


def test_rotation_keeps_the_key_and_changes_the_secret(engine: Engine, changing: Changing, ada: str) -> None:
    before = issue(changing, ada, terms=KeyTerms(label="ci", cap_nanos=7))
    with changing() as connection:
        after = keys.rotate(connection, VAULT, "key_1", entropy=bytes([9] * 32), now=NOW)
    assert after.token != before.token
    assert (after.key.id, after.key.terms, after.key.created) == (before.key.id, before.key.terms, before.key.created)
    with reading(engine) as connection:
        assert keys.listed(connection) == [after.key]


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_rotated(changing: Changing, ada: str, ended: str) -> None:
    issue(changing, ada, terms=KeyTerms(expires=NOW + 10))
    if ended == "revoked":
        with changing() as connection:
            keys.revoke(connection, "key_1", NOW)
    with pytest.raises(Conflict, match=ended), changing() as connection:
        keys.rotate(connection, VAULT, "key_1", entropy=bytes(32), now=NOW + 10)


@pytest.mark.parametrize("seconds", [-1, keys.MAX_OVERLAP_SECONDS + 1])
def test_an_overlap_is_bounded(changing: Changing, ada: str, seconds: int) -> None:
    issue(changing, ada)
    with pytest.raises(InvalidInput, match="overlap"), changing() as connection:
        keys.rotate(connection, VAULT, "key_1", entropy=bytes(32), now=NOW, overlap_seconds=seconds)


def test_a_secret_given_for_an_id_is_not_repeated(engine: Engine, changing: Changing, ada: str) -> None:
    token = issue(changing, ada).token.reveal()
    with reading(engine) as connection, pytest.raises(NotFound) as caught:
        keys.named(connection, token)
    assert token not in str(caught.value)


def test_another_master_key_may_not_issue_keys_that_nobody_would_know(changing: Changing, ada: str) -> None:
    issue(changing, ada)
    with pytest.raises(Conflict, match="belongs to master key"), changing() as connection:
        keys.issue(connection, Vault(bytes(32)), ada, KeyTerms(), key_id="key_2", entropy=bytes(32), now=NOW)
