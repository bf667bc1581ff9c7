"""`bursar db`: where the database stands, what a migration would do, and a copy as somebody at a terminal makes it."""

from __future__ import annotations

from pathlib import Path

from tests.integration.test_office_database import upgrade_to
from tests.support.terminal import Terminal

from bursar.office.database import migrate, open_engine, revisions


def test_the_status_tells_engine_revision_size_and_what_was_verified(terminal: Terminal) -> None:
    terminal.run("grant", "give", "ada", "$20")
    assert "never: run `bursar ledger verify`" in terminal.run("db", "status")
    terminal.run("ledger", "verify")
    found = terminal.json("db", "status")
    assert found["engine"] == "sqlite"
    assert found["schema"] == {"current": revisions()[-1], "head": revisions()[-1], "relation": "current"}
    assert found["rows"]["lot"] == 1
    assert found["rows"]["entry"] == found["entries"] == found["verified_entries"]
    assert found["size_bytes"] > 100_000
    assert found["verified_at"] is not None
    assert found["pending"] == []


def test_what_would_run_is_told_in_words_and_then_runs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    engine = open_engine(str(home / "bursar.db"))
    upgrade_to(engine, "0018")
    terminal = Terminal(home)
    assert "run `bursar db migrate`" in terminal.run("db", "status")
    told = terminal.run("db", "migrate", "--preview")
    assert "0019  Sums of whole days of use" in told
    assert terminal.json("db", "status")["schema"]["current"] == "0018"
    ran = terminal.json("db", "migrate")
    assert (ran["from"], ran["to"]) == ("0018", revisions()[-1])
    assert [one["revision"] for one in ran["runs"]] == list(revisions()[18:])
    assert "nothing to do" in terminal.run("db", "migrate")
    engine.dispose()


def test_a_database_that_was_never_set_up_is_not_migrated(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    terminal = Terminal(tmp_path / "home")
    for words in (("status",), ("migrate",), ("migrate", "--preview")):
        assert "run `bursar init`" in terminal.run("db", *words, expect=3)
    assert list((tmp_path / "home").iterdir()) == []
    open_engine(str(tmp_path / "home" / "bursar.db")).connect().close()
    assert "run `bursar init`" in terminal.run("db", "migrate", expect=4)
    assert "not set up" in terminal.run("db", "status")


def test_an_installation_moves_to_postgresql_with_one_command(terminal: Terminal, postgres_url: str) -> None:
    terminal.run("grant", "give", "ada", "$20")
    source = str(Path(terminal.environment["BURSAR_HOME"]) / "bursar.db")
    told = terminal.run("db", "copy", source, postgres_url)
    assert "every balance, lot by lot" in told
    assert "Everything agrees" in told
    grants = terminal.json("grant", "list")
    terminal.environment["BURSAR_DATABASE_URL"] = postgres_url
    assert terminal.json("db", "status")["engine"] == "postgresql"
    assert terminal.json("grant", "list") == grants
    terminal.run("ledger", "verify")
    assert "not empty" in terminal.run("db", "copy", source, postgres_url, expect=4)


def test_a_copy_from_a_file_that_is_no_database_is_one_sentence(terminal: Terminal, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.db"
    wrong.write_text("not a database, but long enough to look like a file that could have been one" * 20)
    terminal.run("db", "copy", str(wrong), str(tmp_path / "copy.db"), expect=4)
    assert "there is no file" in terminal.run("db", "copy", str(tmp_path / "none.db"), str(wrong), expect=3)
    assert not (tmp_path / "none.db").exists()
    target = open_engine(str(tmp_path / "other.db"))
    migrate(target)
    target.dispose()
    assert "not empty" in terminal.run(
        "db", "copy", terminal.environment["BURSAR_HOME"] + "/bursar.db", str(tmp_path / "other.db"), expect=4
    )
