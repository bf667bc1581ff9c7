"""Worlds of many nodes from their seeds: 200 small ones each time, 10,000 larger ones every night, some on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
import pytest
from tests.simulation.world import Report, run
from tests.support.profile import size

from bursar.ledger import Store, open_store
from bursar.ledger.schema import statements

STRETCH = size(25, 250)
SEEDS = size(200, 10_000)
SCALE = size(1, 2)


SHOWN = tuple(
    re.compile(what)
    for what in (
        "is killed",
        "vanishes with its host",
        "stops with|generation [23]",
        "is away",
        "its clock shows",
        ": again",
        "Abandon abandon:.*: [1-9]",
        "refused: contention",
        "refused: exhausted",
        "refused: cap",
        "rejected: hold_ended",
        "rejected: no_such_hold",
        "late of .*: [0-9]",
        "release:grace:",
        "Settle .* of pool:team: [0-9]",
        "Correct office:.*: -?[1-9]",
        "tokens: silent",
        "tokens: overruns",
        "beyond",
    )
)
"""What the worlds are for: each is to be seen in the stories of the first of them."""


@cache
def lived(first: int) -> tuple[list[Report], frozenset[re.Pattern[str]]]:
    """The worlds of a stretch of seeds, and what was seen in them."""
    seen: set[re.Pattern[str]] = set()

    def look(line: str) -> None:
        seen.update(what for what in SHOWN if what not in seen and what.search(line))

    return [run(seed, scale=SCALE, say=look) for seed in range(first, first + STRETCH)], frozenset(seen)


@pytest.mark.parametrize("first", range(0, SEEDS, STRETCH))
def test_nothing_is_ever_wrong_and_everything_comes_to_its_end(first: int) -> None:
    reports, _ = lived(first)
    bills = sum((Counter(one.bills) for one in reports), Counter[str]())
    assert bills["exact"] > bills["unresolved"], "worlds in which hardly anybody is served show nothing"


def test_a_seed_replays_exactly() -> None:
    for seed in range(3, 6):
        stories: list[list[str]] = [[], []]
        reports = [run(seed, say=story.append) for story in stories]
        assert stories[0] == stories[1]
        assert reports[0] == reports[1]
    assert run(3).digest != run(4).digest


def test_a_seed_replays_exactly_in_another_process() -> None:
    """Whatever order sets and dictionaries have there."""
    from subprocess import run as start
    from sys import executable

    said = [
        start(
            [executable, "-m", "tests.simulation", "--seed", "5"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert run(5).digest in said[0]


def test_worlds_show_what_they_are_for() -> None:
    """There are deaths, refusals, lost answers, unresolved charges: nothing is passed by in silence."""
    stretches = [lived(first) for first in range(0, 4 * STRETCH, STRETCH)]
    reports = [report for found, _ in stretches for report in found]
    assert sum(one.killed for one in reports) >= 30
    assert sum(one.refused for one in reports) >= 300
    assert sum(one.served for one in reports) >= 300
    assert frozenset[re.Pattern[str]]().union(*(seen for _, seen in stretches)) == set(SHOWN)


_names = itertools.count()


@pytest.mark.parametrize("seed", range(size(2, 200)))
def test_a_world_on_postgresql_has_the_same_story_to_its_last_seal(postgres_server: str, seed: int) -> None:
    assert run(seed, opened=lambda: postgres_database(postgres_server)).digest == run(seed).digest


@contextmanager
def postgres_database(server: str) -> Iterator[Callable[[], Store]]:
    """A new database with the ledger's schema; every store has a connection of its own."""
    name = f"world_{os.getpid()}_{next(_names)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    url = server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(url) as connection:  # by the owner; the stores come as the application's role
        for statement in statements("postgresql"):
            connection.execute(statement.encode())
    yield lambda: open_store(url)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
