"""Sealing and opening, and the file of the master key."""

from __future__ import annotations

import base64
import os
import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from bursar.errors import BursarError, Conflict, InvalidInput, NotFound
from bursar.office.vault import Secret, Vault, create_master_key, kernel, open_vault

MASTER = bytes(range(32))
OTHER = bytes(range(1, 33))
ROW = "provider/openai"


def test_what_was_sealed_opens_again() -> None:
    vault = Vault(MASTER)
    assert vault.open(vault.seal(Secret("sk-hunter2"), ROW), ROW) == Secret("sk-hunter2")
    assert vault.open(vault.seal("ключ", ROW), ROW) == Secret("ключ")


def test_nothing_sealed_is_an_empty_secret() -> None:
    assert Vault(MASTER).open(b"", ROW) == Secret("")
    assert kernel(b"") == b""


def test_the_same_secret_never_seals_to_the_same_bytes() -> None:
    vault = Vault(MASTER)
    assert vault.seal("a", ROW) != vault.seal("a", ROW)


def test_randomness_is_an_argument() -> None:
    def same(count: int) -> bytes:
        return b"\x07" * count

    assert Vault(MASTER, randomness=same).seal("a", ROW) == Vault(MASTER, randomness=same).seal("a", ROW)


@pytest.mark.parametrize("place", ["other row", "other organisation", "other table"])
def test_a_secret_copied_elsewhere_does_not_open(place: str) -> None:
    sealed = Vault(MASTER).seal("sk-hunter2", ROW)
    thief = Vault(MASTER, organisation="org_2") if place == "other organisation" else Vault(MASTER)
    row = {"other row": "provider/groq", "other table": "person/openai"}.get(place, ROW)
    with pytest.raises(Conflict, match="does not open"):
        thief.open(sealed, row)


def test_no_byte_can_be_altered() -> None:
    vault = Vault(MASTER)
    sealed = vault.seal("sk-hunter2", ROW)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 0x20
        with pytest.raises(Conflict):
            vault.open(bytes(altered), ROW)


def test_no_part_can_be_cut_off() -> None:
    vault = Vault(MASTER)
    sealed = vault.seal("sk-hunter2", ROW)
    for length in range(1, len(sealed)):
        with pytest.raises(Conflict):
            vault.open(sealed[:length], ROW)


def test_another_master_key_is_named_by_its_id() -> None:
    sealed = Vault(MASTER).seal("sk-hunter2", ROW)
    with pytest.raises(Conflict, match=f"{Vault(MASTER).key_id}, this one is {Vault(OTHER).key_id}"):
        Vault(OTHER).open(sealed, ROW)


def test_wrapping_anew_leaves_the_secret_itself_as_it_is() -> None:
    old, new = Vault(MASTER), Vault(OTHER)
    sealed = old.seal("sk-hunter2", ROW)
    moved = old.rewrap(sealed, ROW, new)
    assert new.open(moved, ROW) == Secret("sk-hunter2")
    assert kernel(moved) == kernel(sealed)
    with pytest.raises(Conflict):
        old.open(moved, ROW)


def test_an_envelope_of_the_first_form_opens_and_moves_to_the_new_form() -> None:
    data_key, outer, inner = bytes(32), bytes(12), bytes(range(12))
    wrapped = AESGCM(MASTER).encrypt(outer, data_key, ROW.encode())
    sealed = b"\x01" + outer + wrapped + inner + AESGCM(data_key).encrypt(inner, b"sk-hunter2", ROW.encode())
    assert Vault(MASTER).open(sealed, ROW) == Secret("sk-hunter2")
    moved = Vault(MASTER).rewrap(sealed, ROW, Vault(OTHER))
    assert moved[:1] == b"\x02"
    assert Vault(OTHER).open(moved, ROW) == Secret("sk-hunter2")


def test_an_envelope_of_a_later_form_says_so() -> None:
    with pytest.raises(Conflict, match="newer Bursar"):
        Vault(MASTER).open(b"\x09" + bytes(100), ROW)


def test_derived_keys_differ_by_purpose_and_by_master_key() -> None:
    keys = {vault.derive(purpose) for vault in (Vault(MASTER), Vault(OTHER)) for purpose in ("one", "two")}
    assert len(keys) == 4


def test_a_vault_shows_only_the_id_of_its_key() -> None:
    vault = Vault(MASTER)
    shown = f"{vault!r} {vault}"
    assert MASTER.hex() not in shown
    assert base64.b64encode(MASTER).decode() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(vault)


def test_a_new_master_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "master.key"
    create_master_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["master.key"]
    assert open_vault(file).key_id == open_vault(file).key_id


def test_an_existing_master_key_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    create_master_key(file)
    before = file.read_bytes()
    create_master_key(file)
    assert file.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "master.key"
    create_master_key(file)
    file.chmod(mode)
    with pytest.raises(Conflict, match="can be read by others") as caught:
        open_vault(file)
    assert caught.value.hint == f"chmod 600 {file}"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    given = base64.b64encode(MASTER).decode()
    for form in (given, SecretStr(given)):
        assert open_vault(tmp_path / "none", form).key_id == Vault(MASTER).key_id


def test_a_missing_master_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        open_vault(tmp_path / "master.key")
    assert "bursar init" in caught.value.hint


@pytest.mark.parametrize("given", ["canary!!", base64.b64encode(b"canary").decode(), "canary" * 20])
def test_a_wrong_master_key_is_not_repeated_in_the_error(tmp_path: Path, given: str) -> None:
    file = tmp_path / "master.key"
    file.write_text(given)
    file.chmod(0o600)
    for path, text in ((file, ""), (tmp_path / "none", given)):
        with pytest.raises(BursarError) as caught:
            open_vault(path, text)
        assert given not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_binary_master_key_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_bytes(b"\xff\xfe" + bytes(40))
    file.chmod(0o600)
    with pytest.raises(InvalidInput, match="base64"):
        open_vault(file)
