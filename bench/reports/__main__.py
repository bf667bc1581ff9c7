"""Every report of a company of 10,000 people with 10 million usage rows, and what leaves the house as a file.

Each report is asked for in a process of its own, once as the first thing that the process does and then again and again, as a
console does. Each export is the real command, its output counted and thrown away. The floors: for a report, counting the same rows of the daily
rollup in SQL; for an export, a loop that selects the same columns of the same charges and hands them to `csv.writer`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.console.company import MONTHS, Size, build, keep_days, today
from bench.report import Bound, Spread, figure, percentile, print_bounds, print_table, write_json
from bench.reports import questions
from bursar.ledger.metered import COLUMNS
from bursar.office import months
from bursar.office.books import closes, journals, payroll
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import exposure, house_spending, kept_usage, parity, ratio, total_pay
from bursar.office.settings import Settings

MOST_SECONDS = 1.0
LEAST_ROWS = 100_000
MOST_MB = 300
HOME = Path(os.environ.get("BURSAR_BENCH", Path.home() / ".cache" / "bursar" / "bench")) / "console"
"""The company of `bench.console`, which is made once for both."""
LAST = MONTHS[-1]

REPORTS: dict[str, Callable[[Desk], Any]] = {
    "exposure": exposure.house,
    "exposure by month": lambda desk: exposure.months(desk, MONTHS[0], "USD"),
    "forecast: where the month lands": house_spending.landing,
    "spend by team": lambda desk: house_spending.spend(desk, "team", *months.days_of(LAST)),
    "list against cost by month": lambda desk: house_spending.by_month(desk, LAST),
    "fairness: allotment by level": lambda desk: parity.fairness(desk, "level", "allotment"),
    "fairness: use by place": lambda desk: parity.fairness(desk, "location", "use"),
    "spend against pay": ratio.comparison,
    "payroll of a month": lambda desk: payroll.payroll(desk, MONTHS[-2]),
    "close: the months": closes.periods,
    "close: what came late": closes.pending,
    "journal of a month": lambda desk: journals.standing(desk, MONTHS[-2]),
    "statement of total pay of a person": lambda desk: total_pay.statement(desk, "p00001", {}),
}
"""By name; what a page or a command of the report asks the office."""


@dataclass(slots=True)
class Poured:
    """An export: rows, seconds of the clock and of CPU in every round, the most memory of one, bytes."""

    name: str
    rows: int
    seconds: list[float]
    cpu: list[float]
    mb: float
    size: int

    @property
    def rate(self) -> float:
        return self.rows / Spread.of(self.seconds).median

    @property
    def per_cpu(self) -> float:
        """What a core that does nothing else would do."""
        return self.rows / Spread.of(self.cpu).median


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="end with 1 unless the bounds hold")
    parser.add_argument("--anew", action="store_true", help="build the company again")
    parser.add_argument("--only", default="", help="reports and files whose names have this, parted by commas")
    parser.add_argument(
        "--questions", action="store_true", help="only the three questions, at two sizes on both engines"
    )
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    found = parser.parse_args()
    if found.questions:
        return _questions(found)
    size = Size(found.people, found.rows)
    home = HOME / f"{size.people}-{size.rows}"
    if found.one:
        return _one(Settings(home=home, port=0), found.one, found.rounds)
    if found.anew:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    settings = build(home, size)
    initialise(settings)  # a company that was built before the schema moved on
    keep_days(settings)
    print(
        f"a company of {size.people:,} with {size.rows:,} usage rows, after {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    _follow(settings)
    path = Path(settings.url.removeprefix("sqlite:///"))
    rollup = _rollup_floor(path)
    wanted = [one.strip() for one in found.only.split(",")]
    reports = {name: _report(name, found) for name in REPORTS if any(one in name for one in wanted)}
    _print_reports(reports, rollup)
    poured = [
        _export(words, name, home, found.rounds)
        for name, words in _exports().items()
        if any(one in name for one in wanted)
    ]
    floor = _floor(path, home, found.rounds)
    _print_exports(poured, floor)
    bounds = [
        Bound(f"{name}, seconds", percentile(times["again"], 0.5), MOST_SECONDS) for name, times in reports.items()
    ]
    for one in poured:
        if one.rows >= LEAST_ROWS:
            bounds.append(Bound(f"{one.name}, rows a second", one.rate, LEAST_ROWS, at_least=True))
        bounds.append(Bound(f"{one.name}, MB", one.mb, MOST_MB))
    print_bounds(bounds)
    if found.json:
        document = {
            "size": {"people": size.people, "rows": size.rows},
            "reports": reports,
            "rollup_floor_seconds": rollup,
            "exports": [{"name": one.name, "rows": one.rows, "seconds": one.seconds, "cpu_seconds": one.cpu, "mb": one.mb, "bytes": one.size} for one in [*poured, floor]],
        }  # fmt: skip
        write_json(found.json, document, bounds)
    return 1 if found.check and not all(one.holds for one in bounds) else 0


def _questions(found: argparse.Namespace) -> int:
    asked, bounds = questions.measured(HOME, found.people, found.rows, max(found.rounds, 100))
    print_bounds(bounds)
    if found.json:
        write_json(found.json, {"questions": questions.document(asked)}, bounds)
    return 1 if found.check and not all(one.holds for one in bounds) else 0


# Reports.


def _follow(settings: Settings) -> None:
    """Add what came since to the kept sums, as a running gateway does every half a minute."""
    desk = open_desk(settings, clock=today, actor="bench")
    began = time.perf_counter()
    entries = kept_usage.follow(desk)
    desk.close()
    print(f"{entries:,} entries added to the kept sums, in {time.perf_counter() - began:.0f} s", flush=True)


def _one(settings: Settings, name: str, rounds: int) -> int:
    """A report in this process: the first time and again, in seconds of the clock, as JSON."""
    desk = open_desk(settings, clock=today, actor="bench")
    times = []
    for _ in range(1 + 3 * rounds):
        began = time.perf_counter()
        REPORTS[name](desk)
        times.append(time.perf_counter() - began)
    desk.close()
    print(json.dumps({"first": times[0], "again": times[1:]}))
    return 0


def _report(name: str, found: argparse.Namespace) -> dict[str, Any]:
    size = ["--people", str(found.people), "--rows", str(found.rows), "--rounds", str(found.rounds)]
    said = subprocess.run(
        [sys.executable, "-m", "bench.reports", "--one", name, *size], capture_output=True, text=True, check=True
    )
    times: dict[str, Any] = json.loads(said.stdout)
    return times


def _rollup_floor(path: Path) -> float:
    """Seconds for summing a month of the daily rollup, and nothing else."""
    first, end = months.days_of(LAST)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            connection.execute(
                "SELECT SUM(requests), SUM(list_nanos >> 31), SUM(cost_nanos >> 31) FROM usage_day WHERE day >= ? AND day < ?",
                (first, end),
            ).fetchone()
            times.append(time.perf_counter() - began)
    return min(times)


def _print_reports(reports: dict[str, dict[str, Any]], floor: float) -> None:
    print_table(
        "Seconds until a report is there",
        ("report", "first in a process", "again: p50", "again: most", "first, times the floor"),
        [
            (
                name,
                figure(times["first"]),
                figure(percentile(times["again"], 0.5)),
                figure(max(times["again"])),
                figure(times["first"] / floor),
            )
            for name, times in reports.items()
        ],
        f"floor {figure(floor)} s: one month of the daily rollup summed in SQL",
    )


# Exports.


def _exports() -> dict[str, tuple[str, ...]]:
    whole = ("--from", MONTHS[0], "--to", LAST)
    return {
        "FOCUS 1.0, CSV": ("export", "focus", *whole),
        "FOCUS 1.2, CSV": ("export", "focus", *whole, "--focus", "1.2"),
        "FOCUS 1.0, Parquet of a month": ("export", "focus", "--month", MONTHS[-2], "--parquet"),
        "usage, CSV": ("usage", "export"),
        "usage, JSON lines": ("usage", "export", "--jsonl", "-"),
        "usage, Parquet": ("usage", "export", "--parquet"),
        "journal of a month, CSV": ("export", "journal", "--month", MONTHS[-2], "--format", "csv"),
        "payroll of a month, CSV": ("export", "payroll", "--month", MONTHS[-2], "--all"),
    }


def _export(words: tuple[str, ...], name: str, home: Path, rounds: int) -> Poured:
    """The real command, its output counted as it comes."""
    target = home / "export.parquet"
    parquet = "--parquet" in words
    out = (
        ()
        if not parquet
        else (str(target), "--force")
        if words[-1] == "--parquet" and words[0] == "usage"
        else ("-o", str(target), "--force")
    )
    command = [sys.executable, "-m", "bursar.cli", *words, *out]
    found = _rounds(name, command, home, rounds)
    if parquet:
        from pyarrow import parquet as files

        found.rows, found.size = files.read_metadata(target).num_rows, target.stat().st_size
        target.unlink()
    return found


def _floor(path: Path, home: Path, rounds: int) -> Poured:
    """A loop over the same columns and `csv.writer`, in a process of its own."""
    code = (
        "import csv,sqlite3,sys\n"
        f"c=sqlite3.connect('file:{path}?mode=ro',uri=True)\n"
        "w=csv.writer(sys.stdout)\n"
        "w.writerow(['head'])\n"
        f"w.writerows(c.execute('SELECT {', '.join(COLUMNS)} FROM charge ORDER BY seq'))\n"
    )
    return _rounds("floor: SELECT and csv.writer", [sys.executable, "-c", code], home, rounds)


def _rounds(name: str, command: list[str], home: Path, rounds: int) -> Poured:
    found = Poured(name, 0, [], [], 0.0, 0)
    for _ in range(rounds):
        _run(command, home, found)
    return found


def _run(command: list[str], home: Path, found: Poured) -> None:
    """A command to its end, with what it took. Raises SystemExit if it fails. A cell with an end of line would count as two
    rows; this company has none."""
    began, lines, size = time.perf_counter(), 0, 0
    environment = {**os.environ, "BURSAR_HOME": str(home)}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    while piece := os.read(child.stdout.fileno(), 1 << 20):
        lines += piece.count(b"\n")
        if size >> 24 != (size + len(piece)) >> 24 or size < 1 << 20:  # now and then
            found.mb = max(found.mb, _peak_mb(child.pid))
        size += len(piece)
    child.stdout.close()
    found.mb = max(found.mb, _peak_mb(child.pid))
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    found.seconds.append(time.perf_counter() - began)
    found.cpu.append(used.ru_utime + used.ru_stime)
    found.rows, found.size = lines - 1, size


def _peak_mb(pid: int) -> float:
    """The most memory that a process has had so far; 0 for one that is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM")), 0.0)


def _print_exports(poured: list[Poured], floor: Poured) -> None:
    print_table(
        "Files, counted and thrown away",
        (
            "file",
            "rows",
            "seconds",
            "rows a second",
            "rows a CPU second",
            "of the floor's",
            "MB of memory",
            "bytes a row",
        ),
        [
            (
                one.name,
                f"{one.rows:,}",
                Spread.of(one.seconds).text(),
                f"{one.rate:,.0f}",
                f"{one.per_cpu:,.0f}",
                figure(one.per_cpu / floor.per_cpu),
                figure(one.mb),
                figure(one.size / max(1, one.rows)),
            )
            for one in [*poured, floor]
        ],
        "seconds of the clock and of CPU, the command's start included; the ratio is of CPU",
    )


if __name__ == "__main__":
    sys.exit(main())
