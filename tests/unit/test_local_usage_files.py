"""Finding and reading files: loops, what may not be read, what is packed, what is too long or too much."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.local_logs import BOOK, claude, counts, opened, record, turn

from bursar.errors import InvalidInput
from bursar.exchange.local_usage import files
from bursar.exchange.local_usage.gathering import Gathering
from bursar.exchange.local_usage.lines import lines
from bursar.exchange.local_usage.log import Log


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_logs_lie_where_their_clients_variables_say() -> None:
    home = Path("/home/ada")
    assert files.places({}, home) == [
        home / ".claude/projects",
        home / ".config/claude/projects",
        home / ".codex/sessions",
        home / ".codex/archived_sessions",
    ]
    chosen = {"CLAUDE_CONFIG_DIR": "/a, /b/projects,", "CODEX_HOME": "/c", "XDG_CONFIG_HOME": "/x"}
    assert files.places(chosen, home) == [
        Path("/a/projects"),
        Path("/b/projects"),
        Path("/c/sessions"),
        Path("/c/archived_sessions"),
    ]
    assert files.places({"XDG_CONFIG_HOME": "/x", "CODEX_HOME": " "}, home)[1:3] == [
        Path("/x/claude/projects"),
        home / ".codex/sessions",
    ]


def test_folders_are_read_to_their_ground_and_bills_only_where_they_are_named(tmp_path: Path) -> None:
    write(tmp_path / "p/-home-ada-x/s1.jsonl", claude("msg_1"))
    write(tmp_path / "p/-home-ada-x/s1/subagents/agent-1.jsonl", claude("msg_2"))
    write(tmp_path / "p/settings.json", "{}")
    bill = write(tmp_path / "p/bill.csv", "date,cost\n2026-11-05,3\n")
    found = files.read([tmp_path / "p"], BOOK)
    assert (found.files, found.lines, len(found.events)) == (2, 2, 2)
    assert len(files.read([tmp_path / "p", bill], BOOK).events) == 3


def test_loops_end_and_a_file_by_two_names_is_read_once(tmp_path: Path) -> None:
    log = write(tmp_path / "a/one.jsonl", claude())
    (tmp_path / "a/self").symlink_to(tmp_path / "a")
    (tmp_path / "a/again.jsonl").symlink_to(log)
    (tmp_path / "a/itself.jsonl").symlink_to(tmp_path / "a/itself.jsonl")
    (tmp_path / "a/gone.jsonl").symlink_to(tmp_path / "nowhere")
    found = files.read([tmp_path / "a", tmp_path / "a", log], BOOK)
    assert (found.files, len(found.events), found.duplicates) == (1, 1, 0)
    assert [one.place for one in found.skipped] == ["gone.jsonl", "itself.jsonl"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    found = files.read([tmp_path], BOOK)
    assert [(one.place, one.reason) for one in found.skipped] == [("pipe.jsonl", "neither a file nor a folder")]


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything")
def test_what_may_not_be_read_is_told_without_its_folder(tmp_path: Path) -> None:
    log = write(tmp_path / "-home-ada-secret/one.jsonl", claude())
    script = (
        "import sys; from pathlib import Path; from bursar.exchange.local_usage import files; "
        "from bursar.prices import PriceBook; book = PriceBook({'providers': [], 'units': {}}); "
        "print([(s.place, s.reason) for s in files.read([Path(sys.argv[1])], book).skipped])"
    )
    log.chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/") and folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)
    assert _as_nobody(script, log) == "[('one.jsonl', 'Permission denied')]"
    log.parent.chmod(0)
    assert _as_nobody(script, log.parent) == "[('(a folder)', 'Permission denied')]"
    log.parent.chmod(0o700)


def _as_nobody(script: str, path: Path) -> str:
    """Run as somebody who may read less, since root may read everything."""
    import sys

    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*drop, sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    if done.returncode and "Permission denied" in done.stderr:
        pytest.skip("the interpreter itself may not be read by another user")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"path: found .*nothing.*, expected a file or a folder that is there"):
        files.read([tmp_path / "nothing"], BOOK)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the program zstd: apt-get install zstd")
def test_a_rollout_that_codex_has_packed_is_read(tmp_path: Path) -> None:
    log = write(tmp_path / "rollout-1.jsonl", opened() + turn() + record("resp_1", counts(1_000, 10)))
    subprocess.run(["zstd", "-q", "--rm", str(log)], check=True)
    packed = tmp_path / "rollout-1.jsonl.zst"
    found = files.read([tmp_path], BOOK)
    assert (len(found.events), found.lines, found.skipped) == (1, 3, ())
    packed.write_bytes(packed.read_bytes()[:-9])
    cut = files.read([tmp_path], BOOK)
    assert [(one.place, one.reason) for one in cut.skipped][-1] == ("rollout-1.jsonl.zst", "its compression is damaged")


def test_without_the_program_a_packed_rollout_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rollout-1.jsonl.zst").write_bytes(b"(\xb5/\xfd")
    monkeypatch.setenv("PATH", str(tmp_path))
    (skipped,) = files.read([tmp_path], BOOK).skipped
    assert skipped.reason == "compressed with zstd, which cannot be read here: install the program zstd"


def test_a_line_of_any_length_is_held_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    long = claude("msg_2", note="x" * 5_000)
    write(tmp_path / "one.jsonl", claude("msg_1") + long + claude("msg_3"))
    found = files.read([tmp_path], BOOK, max_line_bytes=2_000)
    assert len(found.events) == 2
    assert [(one.line, one.reason) for one in found.skipped] == [
        (2, "line: found longer than 64 MiB, expected a shorter line")
    ]
    assert len(files.read([tmp_path], BOOK).events) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_lines_are_the_same_however_they_arrive(size: int) -> None:
    text = b"one\r\ntwo\n\nlonger than ten\nlast"
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(lines(chunks, 10)) == [(1, b"one"), (2, b"two"), (3, b""), (4, None), (5, b"last")]


def test_more_files_than_the_limit_are_told(tmp_path: Path) -> None:
    for nth in range(5):
        write(tmp_path / f"{nth}.jsonl", claude(f"msg_{nth}"))
    found = files.read([tmp_path], BOOK, max_files=3)
    assert len(found.events) == 3
    assert [one.reason for one in found.skipped] == ["more than 3 files"]


def test_more_events_than_the_limit_are_told_and_known_ones_still_grow() -> None:
    gathering, log = Gathering(max_events=2), Log("a.jsonl")
    told = [claude("msg_1", output=1), claude("msg_2"), claude("msg_3"), claude("msg_1", output=50)]
    for number, line in enumerate(told, 1):
        gathering.take(log.read(number, line.encode()), "a.jsonl", number)
    found = gathering.usage(BOOK)
    assert sorted(event.usage.output for event in found.events) == [50, 100]
    assert [(one.line, one.reason) for one in found.skipped] == [(3, "more than 2 events: read fewer files at once")]


def test_a_flood_of_broken_lines_is_counted_and_only_the_first_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", "no json\n" * 5_000)
    found = files.read([tmp_path], BOOK)
    assert found.skipped_lines == 5_000
    assert [one.line for one in found.skipped] == list(range(1, 101))
