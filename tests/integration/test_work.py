"""Long work on both engines: asked for, done by a process of its own, followed by any, cancelled, lost and taken up again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.support.api import PLAN
from tests.support.books import Books

from bursar.errors import Conflict, NotFound
from bursar.office.access import Actor
from bursar.office.database import open_engine, reading, transaction
from bursar.office.identity import accounts
from bursar.office.oversight import audit_pages
from bursar.office.tables import long_work
from bursar.office.terms.scenarios import Asked, question
from bursar.office.works import work, working
from bursar.office.works.work import Work

pytest_plugins = ("tests.postgres",)

FIN, AUD = (Actor(f"acc_{name}", "", "org_1", frozenset({name}), "session:1") for name in ("finance", "auditor"))
COUNTING = "counting"


@pytest.fixture
def books(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setitem(working.KINDS, COUNTING, "tests.support.works")
    found = Books(tmp_path / "home", migrated_url, "2026-03-03")
    with transaction(found.desk.engine) as connection:
        for one in (FIN, AUD):
            accounts.add(connection, one.account[4:], account_id=one.account, by="test", now=found.now())
    yield found
    found.close()


def begin(books: Books, actor: Actor = FIN, kind: str = COUNTING, shared: bool = False, **asked: Any) -> Work:
    with transaction(books.desk.engine) as connection:
        return work.begin(
            connection, actor, kind, "Count", asked, shared=shared, work_id=books.desk.new_id("wrk"), now=books.now()
        )


def look(books: Books, found: Work) -> Work:
    with reading(books.desk.engine) as connection:
        return work.named(connection, found.id)


def claim(books: Books) -> str | None:
    with transaction(books.desk.engine) as connection:
        return work.claim(connection, books.now())


def cancel(books: Books, found: Work) -> Work:
    with transaction(books.desk.engine) as connection:
        return work.cancel(connection, found, books.now())


def until(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
    return found


def test_work_is_done_as_the_actor_who_asked_and_what_came_out_is_kept(books: Books) -> None:
    asked = begin(books, steps=2)
    assert (asked.state, asked.share) == ("waiting", 0)
    with reading(books.desk.engine) as connection, pytest.raises(Conflict, match="waiting"):
        work.result(connection, asked)
    assert claim(books) == asked.id
    assert claim(books) is None
    working.do(books.desk, asked.id)
    done = look(books, asked)
    assert (done.state, done.share, done.result_type, done.result_name) == ("done", 100, "text/plain", "count.txt")
    with reading(books.desk.engine) as connection:
        assert work.result(connection, done) == b"counted"
        (line,) = audit_pages.page(connection, action="test.count").lines
        assert line.actor == FIN.label
        assert [one.id for one in work.listed(connection, FIN.account)] == [asked.id]
        with pytest.raises(NotFound):
            work.find(connection, asked.id, AUD.account)


def test_of_shared_work_there_is_one_of_its_kind_at_a_time(books: Books) -> None:
    first = begin(books, shared=True)
    with pytest.raises(Conflict, match="being done already"):
        begin(books, AUD, shared=True)
    begin(books, AUD, f"{COUNTING} more", shared=True)
    with reading(books.desk.engine) as connection:
        assert work.newest(connection, "org_1", COUNTING) == first
        assert work.newest(connection, "org_1", COUNTING, "done") is None
        assert work.newest(connection, "org_2", COUNTING) is None
    cancel(books, first)
    assert begin(books, AUD, shared=True).is_open


def test_of_many_who_begin_the_same_at_once_one_does(books: Books) -> None:
    outcomes: list[str] = []

    def one(actor: Actor) -> None:
        engine = open_engine(books.desk.settings.url)
        try:
            with transaction(engine) as connection:
                work.begin(
                    connection, actor, COUNTING, "", {}, shared=True, work_id=books.desk.new_id("wrk"), now=books.now()
                )
            outcomes.append("begun")
        except Conflict:
            outcomes.append("refused")
        finally:
            engine.dispose()

    threads = [threading.Thread(target=one, args=(actor,)) for actor in (FIN, AUD, FIN, AUD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["begun", "refused", "refused", "refused"]


def test_an_account_has_so_much_of_it_open_and_no_more(books: Books) -> None:
    for _ in range(work.MAX_UNFINISHED):
        begin(books)
    with pytest.raises(work.TooMuch, match="not done yet"):
        begin(books)
    begin(books, AUD)


def test_work_says_how_far_it_is_and_stops_once_nobody_wants_it(books: Books) -> None:
    asked = begin(books, steps=5_000)
    claim(books)
    thread = threading.Thread(target=working.do, args=(books.desk, asked.id))
    thread.start()
    until(lambda: look(books, asked).done_ppm > 0)
    assert cancel(books, asked).state == "cancelled"
    thread.join(10)
    assert not thread.is_alive()
    assert look(books, asked).state == "cancelled"


@pytest.mark.parametrize(
    ("fail", "problem", "hint", "status"),
    [
        ("refused", "the moon is in the way", "wait a month", 409),
        ("broken", "something went wrong, and it is written down", "the log has it", 500),
    ],
)
def test_work_that_fails_says_why_in_a_sentence_and_never_with_a_trace(
    books: Books, fail: str, problem: str, hint: str, status: int
) -> None:
    asked = begin(books, fail=fail)
    claim(books)
    working.do(books.desk, asked.id)
    found = look(books, asked)
    assert (found.state, found.problem, found.status) == ("failed", problem, status)
    assert found.hint.startswith(hint)
    assert "secret" not in repr(found)


def test_work_whose_process_died_is_taken_up_again_and_given_up_after_some_tries(books: Books) -> None:
    asked = begin(books)
    for _ in range(work.MAX_TRIES):
        assert claim(books) == asked.id
        assert claim(books) is None
        books.clock += work.LOST_MICROS + 1
    assert claim(books) is None
    found = look(books, asked)
    assert (found.state, found.problem) == ("failed", "the process that worked on it ended before it was done")


def test_what_is_old_is_forgotten_but_the_newest_that_everybody_follows(books: Books) -> None:
    own, *shared = begin(books), begin(books, shared=True), begin(books, kind="counting b", shared=True)
    for _ in range(3):
        working.do(books.desk, str(claim(books)))
    books.clock += work.KEEP_MICROS + 1
    later = begin(books, kind="counting b", shared=True)
    claim(books)
    working.do(books.desk, later.id)
    books.clock += 1
    begin(books)
    with reading(books.desk.engine) as connection:
        left = set(connection.execute(select(long_work.c.id)).scalars())
    assert shared[0].id in left
    assert not left & {own.id, shared[1].id}


def test_children_do_it_and_take_the_next_one_too(books: Books) -> None:
    """A real child process, twice; what it writes is read by another connection."""
    workers = working.Workers(books.desk.settings, books.now)
    try:
        for _ in range(2):
            asked = begin(books, AUD, "verification", shared=True, anchor="")
            workers.nudge()
            found = until(lambda one=asked: None if look(books, one).is_open else look(books, one))
            assert found.state == "done", found
            with reading(books.desk.engine) as connection:
                assert work.document(connection, found)["clean"]
            books.clock += 1
        wrong = begin(books, AUD, "nothing that is known")
        workers.nudge()
        assert until(lambda: None if look(books, wrong).is_open else look(books, wrong)).state == "failed"
    finally:
        workers.stop()


def test_a_child_that_is_killed_is_told_of_and_one_that_is_stopped_gives_its_work_back(books: Books) -> None:
    books.person("ada", "core")
    long = question([PLAN], Asked(months=120, scenarios=10_000, history=False), date(2026, 3, 3))
    workers = working.Workers(books.desk.settings, books.now)
    try:
        asked = begin(books, FIN, "simulation", **long)
        workers.nudge()
        until(lambda: look(books, asked).state == "running" and workers.children())
        (child,) = workers.children()
        os.kill(child, signal.SIGKILL)
        found = until(lambda: None if look(books, asked).is_open else look(books, asked))
        assert (found.state, found.problem) == ("failed", "the process that worked on it ended before it was done")
        again = begin(books, FIN, "simulation", **long)
        workers.nudge()
        until(lambda: look(books, again).state == "running")
    finally:
        workers.stop()
    assert look(books, again).state in ("waiting", "done")
