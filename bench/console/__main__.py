"""Every page of the console, as each role finds it in the menu, at a company of 10,000 people with 10 million usage rows.

One real process serves; one client asks, one request at a time, round after round through all pages. The floor is the
page to sign in: the same process, middleware and templates, without anything to look up.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.console.company import ROLES, Size, build, keep_days
from bench.report import Bound, figure, percentile, print_bounds, print_table, write_json
from bursar.office.database import transaction
from bursar.office.desk import open_desk, system_clock
from bursar.office.identity import accounts, sessions
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.settings import Settings

MOST_MS = 60.0
FLOOR = "/sign-in"
HOME = Path(os.environ.get("BURSAR_BENCH", Path.home() / ".cache" / "bursar" / "bench")) / "console"
_LINK = re.compile(r'<a [^>]*href="(/[^"#]*)"')
_NAV = re.compile(r'<nav aria-label="Pages".*?</nav>', re.DOTALL)


@dataclass(slots=True)
class Timed:
    """One page of one role: milliseconds on the clock and of CPU, and bytes of its text."""

    role: str
    path: str
    first: float = 0.0
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    size: int = 0
    status: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="end with 1 unless the bounds hold")
    parser.add_argument("--anew", action="store_true", help="build the company again")
    found = parser.parse_args()
    size = Size(found.people, found.rows)
    home = HOME / f"{size.people}-{size.rows}"
    if found.anew:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    settings = build(home, size)
    keep_days(settings)
    print(f"a company of {size.people:,} with {size.rows:,} usage rows, after {time.perf_counter() - began:.0f} s")
    pages, floor, cpu = _measured(settings, found.rounds)
    every = [one for page in pages for one in page.times]
    worst = max(pages, key=lambda page: percentile(page.times, 0.95))
    bounds = [
        Bound("p95 of every request, ms", percentile(every, 0.95), MOST_MS),
        Bound(f"p95 of the slowest page ({worst.role} {worst.path}), ms", percentile(worst.times, 0.95), MOST_MS),
        Bound("pages that did not answer with 200", sum(page.status != 200 for page in pages), 0),
    ]
    print_table(
        "Milliseconds until a page is there",
        ("page", "first", "p50", "p95", "times the floor", "CPU p50", "KB"),
        [
            (
                f"{page.role} {page.path}",
                figure(page.first),
                figure(percentile(page.times, 0.5)),
                figure(percentile(page.times, 0.95)),
                figure(percentile(page.times, 0.5) / floor),
                figure(percentile(page.cpu, 0.5)),
                figure(page.size / 1000),
            )
            for page in sorted(pages, key=lambda page: -percentile(page.times, 0.95))
        ],
        f"floor {figure(floor)} ms ({FLOOR}); CPU of the server {figure(cpu)} ms a request",
    )
    print_bounds(bounds)
    if found.json:
        document = {"size": {"people": size.people, "rows": size.rows}, "floor_ms": floor, "cpu_ms": cpu, "pages": [
            {"role": one.role, "path": one.path, "first_ms": one.first, "ms": one.times, "cpu_ms": one.cpu, "bytes": one.size} for one in pages
        ]}  # fmt: skip
        write_json(found.json, document, bounds)
    return 1 if found.check and not all(one.holds for one in bounds) else 0


def _measured(settings: Settings, rounds: int) -> tuple[list[Timed], float, float]:
    cookies = _sessions(settings)
    server = subprocess.Popen(
        [sys.executable, "-m", "bursar.cli", "console", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "BURSAR_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"},
    )
    try:
        address = urlsplit(_address(server))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        pages = [
            Timed(role, path) for role, cookie in cookies.items() for path in _menu(_get(connection, "/", cookie)[2])
        ]
        for page in pages:
            page.first, page.status, text = _get(connection, page.path, cookies[page.role])
            page.size = len(text)
        before, floors = _cpu(server.pid), []
        for _ in range(rounds):
            floors.append(_get(connection, FLOOR, "")[0])
            for page in pages:
                began = _cpu(server.pid)
                page.times.append(_get(connection, page.path, cookies[page.role])[0])
                page.cpu.append(_cpu(server.pid) - began)
        cpu = (_cpu(server.pid) - before) / (rounds * (len(pages) + 1))
        return pages, percentile(floors, 0.5), cpu
    finally:
        server.terminate()
        server.wait(30)


def _sessions(settings: Settings) -> dict[str, str]:
    """A session for each role, without a password: hashing has a price of its own."""
    desk, found = open_desk(settings, clock=system_clock, actor="bench"), {}
    for login in ("engineer", "manager", *ROLES):
        with transaction(desk.engine) as connection:
            account = accounts.named(connection, login)
            opened = sessions.start(
                connection,
                desk.vault,
                account.id,
                session_id=desk.new_id("ses"),
                entropy=secrets.token_bytes(RANDOM_BYTES),
                now=desk.now(),
            )
        found[login] = opened.cookie.reveal()
    desk.close()
    return found


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if found := re.search(r"http://[\d.:]+", line):
            return found[0]
    raise SystemExit("the console did not start:\n" + "".join(said))


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[float, int, bytes]:
    headers = {"Cookie": f"bursar={cookie}"} if cookie else {}
    for _ in range(3):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status not in (302, 303, 307):
            return took, answer.status, text
        path = answer.headers["location"]
    return took, answer.status, text


def _menu(text: bytes) -> list[str]:
    paths = [link for nav in _NAV.findall(text.decode()) for link in _LINK.findall(nav)]
    return list(dict.fromkeys(one for one in paths if not one.startswith("/static")))


def _cpu(pid: int) -> float:
    """Milliseconds that every thread of a process has run so far, as the scheduler counts them."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text(encoding="ascii").split()[0]) for one in tasks) / 1e6


if __name__ == "__main__":
    sys.exit(main())
