"""A node's name is taken once: on one machine by a file, between machines by the database."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from bursar.errors import Conflict
from bursar.office.desk import Desk, system_clock
from bursar.office.metering import alone as room
from bursar.office.metering.alone import alone
from bursar.office.settings import Settings
from bursar.office.vault import Vault

pytest_plugins = ("tests.postgres",)


def _desk(home: Path, url: str, engine: Engine, node: str = "local") -> Desk:
    return Desk(Settings(home=home, database_url=url, node=node), engine, Vault(b"m" * 32), system_clock, "test")


def test_two_machines_cannot_have_nodes_of_one_name(
    tmp_path: Path, migrated_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two homes: nothing but the database is shared. On SQLite the file beside the database says it."""
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.2)
    here, there = (_desk(tmp_path / name, migrated_url, engine) for name in ("here", "there"))
    with alone(here):
        with pytest.raises(Conflict, match="'local' is running already"), alone(there):
            pass
        with alone(_desk(tmp_path / "there", migrated_url, engine, "second")):
            pass
    with alone(there):
        pass


def test_a_name_is_free_again_when_its_connection_is_gone(tmp_path: Path, postgres_url: str) -> None:
    """As after a machine lost its power: whoever comes next waits until the server has noticed."""
    engine: Engine = None  # type: ignore[assignment]
    with (
        alone(_desk(tmp_path / "here", postgres_url, engine)),
        psycopg.connect(postgres_url, autocommit=True) as other,
    ):
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bursar-node local'"
        )
        with alone(_desk(tmp_path / "there", postgres_url, engine)):
            pass
