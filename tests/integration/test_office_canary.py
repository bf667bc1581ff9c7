"""Secrets with a mark in them go through every use; afterwards the mark is looked for wherever a person could look."""

from __future__ import annotations

import base64
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select, text

from bursar.errors import BursarError, Conflict
from bursar.office.catalogue import pricing, providers
from bursar.office.catalogue.providers import ProviderTerms
from bursar.office.database import open_engine, reading, transaction
from bursar.office.keyring import keys
from bursar.office.keyring.keys import KeyTerms
from bursar.office.keyring.tokens import make_token
from bursar.office.metering.directory import LiveDirectory
from bursar.office.settings import Settings
from bursar.office.tables import metadata
from bursar.office.vault import Secret, Vault, create_master_key, open_vault, rotate_master
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

UPSTREAM = "sk-canary-upstream-credential"
PASSWORD = "canary-database-password"
MASTER = b"canary-master-key-of-thirty-two!"
NEXT_MASTER = b"canary-second-key-of-thirty-two!"
ENTROPY = bytes(range(7, 39))


def marks() -> list[str]:
    """Every form in which a secret could show."""
    found = [UPSTREAM, PASSWORD, make_token(ENTROPY)]
    for key in (MASTER, NEXT_MASTER):
        found += [key.decode(), key.hex(), base64.b64encode(key).decode(), repr(key)]
    return found


def assert_unseen(seen: str) -> None:
    assert [mark for mark in marks() if mark in seen] == []


def use_everything(engine: Engine, changing: Changing) -> list[object]:
    """One pass through the control plane; what it hands out is returned to be looked at."""
    vault, successor = Vault(MASTER), Vault(NEXT_MASTER)
    out: list[object] = [vault, successor]
    with changing() as connection:
        pricing.pin(connection, 1)
        out.append(people.add(connection, {"handle": "ada"}, "per_ada", 1))
        out.append(keys.issue(connection, vault, "per_ada", KeyTerms(), key_id="key_1", entropy=ENTROPY, now=1))
        out.append(providers.add(connection, vault, "openai", ProviderTerms("openai"), secret=Secret(UPSTREAM), now=1))
    with changing() as connection:
        rotate_master(connection, vault, successor)
        out += [keys.listed(connection), providers.listed(connection)]
    directory = LiveDirectory(engine, successor)
    out += [
        directory,
        directory._view,
        directory.authenticate(make_token(ENTROPY), 2),
        directory.provider_named("openai"),
        Settings(master_key=base64.b64encode(MASTER).decode(), database_url=f"postgresql://u:{PASSWORD}@h/d"),
        open_engine(f"postgresql://bursar:{PASSWORD}@localhost/none"),
        engine,
    ]
    return out


def test_values_and_logs_show_no_secret(
    request: pytest.FixtureRequest,
    migrated_url: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy.engine"):
        # Opened only now: an engine decides when it is made whether it logs its statements.
        found = use_everything(request.getfixturevalue("engine"), request.getfixturevalue("changing"))
        for one in found:
            logging.getLogger("test").info("%s %r", one, one)
    shown = capsys.readouterr()
    assert "INSERT INTO access_key" in caplog.text
    assert "bur_live_" in caplog.text  # the hint of the key
    assert_unseen(caplog.text + shown.out + shown.err + "".join(f"{one} {one!r}" for one in found))


def test_the_database_holds_no_secret(engine: Engine, changing: Changing, tmp_path: Path) -> None:
    use_everything(engine, changing)
    with reading(engine) as connection:
        rows = [repr(row) for table in metadata.tables.values() for row in connection.execute(select(table))]
    assert len(rows) > 8
    assert_unseen("\n".join(rows))
    engine.dispose()
    for file in tmp_path.glob("bursar.db*"):
        raw = file.read_bytes()
        assert [mark for mark in marks() if mark.encode() in raw] == []
        assert MASTER not in raw


def test_errors_show_no_secret_even_with_their_causes(
    engine: Engine, changing: Changing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use_everything(engine, changing)
    vault, file = Vault(NEXT_MASTER), tmp_path / "other.key"
    create_master_key(file)
    token = make_token(ENTROPY)

    def add(name: str, secret: str, base_url: str = "") -> None:
        with changing() as connection:
            terms = ProviderTerms("openai", base_url)
            providers.add(connection, vault, name, terms, secret=Secret(secret), now=1)

    def broken_statement() -> None:
        with transaction(engine) as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": UPSTREAM})

    def same_key_again() -> None:
        with changing() as connection:
            keys.issue(connection, vault, "per_ada", KeyTerms(), key_id="key_2", entropy=ENTROPY, now=1)
            keys.issue(connection, vault, "per_ada", KeyTerms(), key_id="key_3", entropy=ENTROPY, now=1)

    def key_named_by_secret() -> None:
        with reading(engine) as connection:
            keys.named(connection, token)

    acts = [
        lambda: add("openai", UPSTREAM),
        lambda: add("second", f"{UPSTREAM} with a space"),
        lambda: add("third", token),
        lambda: add("fourth", "x", f"https://user:{PASSWORD}@host"),
        lambda: LiveDirectory(engine, Vault(MASTER)),
        lambda: open_vault(file.with_name("none"), MASTER.decode()),
        lambda: open_vault(file).open(vault.seal(UPSTREAM, "provider/openai"), "provider/openai"),
        lambda: open_engine(f"mysql://u:{PASSWORD}@h/d"),
        lambda: Settings(port=-1, master_key=base64.b64encode(MASTER).decode()),
        broken_statement,
        same_key_again,
        key_named_by_secret,
    ]
    for act in acts:
        with pytest.raises(Exception) as caught:
            act()
        hint = caught.value.hint if isinstance(caught.value, BursarError) else ""
        # Source lines of a traceback are ours; what matters is what the errors themselves say.
        chain = "".join(line for line in traceback.format_exception(caught.value) if not line.startswith("  File"))
        assert_unseen(chain + repr(caught.value) + hint)
    assert_unseen(caplog.text)


def test_the_mark_would_be_found(engine: Engine, changing: Changing) -> None:
    with pytest.raises(AssertionError):
        assert_unseen(f"provider key {UPSTREAM}")
    with pytest.raises(Conflict):
        Vault(MASTER).open(Vault(NEXT_MASTER).seal(UPSTREAM, "a/b"), "a/b")
