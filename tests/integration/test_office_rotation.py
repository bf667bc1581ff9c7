"""Exchanging the master key in its file, interrupted at every step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select

from bursar.errors import Conflict
from bursar.office import audit, vault
from bursar.office.catalogue import pricing, providers
from bursar.office.catalogue.providers import ProviderTerms
from bursar.office.database import reading
from bursar.office.keyring import keys
from bursar.office.keyring.keys import KeyTerms
from bursar.office.keyring.tokens import make_token
from bursar.office.metering.directory import LiveDirectory
from bursar.office.tables import audit as log
from bursar.office.vault import Rotation, Secret, create_master_key, open_vault, rotate_master_file
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)


class PowerCut(BaseException):
    """The process ends here."""


@pytest.fixture
def file(changing: Changing, tmp_path: Path) -> Path:
    """A master key in use: one provider credential, one access key."""
    path = tmp_path / "master.key"
    create_master_key(path)
    opened = open_vault(path)
    with changing() as connection:
        pricing.pin(connection, 1)
        people.add(connection, {"handle": "ada"}, "per_ada", 1)
        keys.issue(connection, opened, "per_ada", KeyTerms(), key_id="key_1", entropy=bytes(32), now=1)
        terms = ProviderTerms("openai")
        providers.add(connection, opened, "openai", terms, secret=Secret("sk-upstream"), now=1)
        providers.add(connection, opened, "groq", ProviderTerms("groq"), now=1)
    return path


def rotate(engine: Engine, file: Path) -> Rotation:
    return rotate_master_file(engine, file, actor="ada", now=5)


def assert_in_force(engine: Engine, file: Path) -> None:
    directory = LiveDirectory(engine, open_vault(file))
    assert directory.is_live("key_1", 2)
    assert directory.authenticate(make_token(bytes(32)), 2) is not None
    record = directory.provider_named("openai")
    assert record is not None
    assert record.secret == "sk-upstream"


def test_the_new_key_is_in_place_and_the_old_one_is_kept(engine: Engine, file: Path) -> None:
    before = file.read_bytes()
    found = rotate(engine, file)
    assert found.secrets == 1
    assert found.old_key_id != found.new_key_id == open_vault(file).key_id
    assert found.kept.read_bytes() == before
    assert {one.name for one in file.parent.glob("master.key*")} == {"master.key", f"master.key.{found.old_key_id}"}
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in file.parent.glob("master.key*"))
    assert_in_force(engine, file)


def test_the_exchange_is_in_the_audit_log_without_any_key(engine: Engine, file: Path) -> None:
    found = rotate(engine, file)
    with reading(engine) as connection:
        row = connection.execute(select(log).order_by(log.c.seq.desc())).first()
        assert audit.verify(connection).broken is None
    assert row is not None
    assert (row.actor, row.action) == ("ada", "master_key.rotate")
    assert found.new_key_id in row.detail
    assert file.read_text().strip() not in row.detail


def test_it_can_be_exchanged_again_and_again(engine: Engine, file: Path) -> None:
    for _ in range(3):
        rotate(engine, file)
        assert_in_force(engine, file)


@pytest.mark.parametrize(
    "step", ["before the database", "in the database", "after the database", "before the files change"]
)
def test_an_interrupted_exchange_is_finished_by_running_it_again(
    engine: Engine, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    place = {
        "before the database": (vault, "transaction"),
        "in the database": (audit, "record"),
        "after the database": (os, "link"),
        "before the files change": (Path, "replace"),
    }[step]
    if step == "after the database":
        create_master_key(file.with_name("master.key.next"))  # its own link is no part of what is cut here
    with monkeypatch.context() as patched:
        patched.setattr(*place, cut)
        with pytest.raises(PowerCut):
            rotate(engine, file)
    if step in ("before the database", "in the database"):
        assert_in_force(engine, file)
    else:
        with pytest.raises(Conflict, match="belongs to master key") as caught:
            LiveDirectory(engine, open_vault(file))
        assert "run the rotation again" in caught.value.hint
    rotate(engine, file)
    assert_in_force(engine, file)
    assert not file.with_name("master.key.next").exists()


def test_a_wrong_master_key_cannot_be_exchanged(engine: Engine, file: Path) -> None:
    stranger = file.with_name("stranger.key")
    create_master_key(stranger)
    with pytest.raises(Conflict, match="belongs to master key"):
        rotate(engine, stranger)
    assert_in_force(engine, file)
