"""What an engineer's pages weigh with all that they bring, how soon Chromium paints them, and how fast a slider is answered.

The demo's company is made, its agents are stopped, and a real `bursar console` serves what is left, so that nothing else
asks the server anything. Every page is opened in a browser that has never been here, and once more by one that has.
The floor is the page to sign in: the same styles and the same server, with nothing to look up.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from tests.support.browser import CHROMIUM, DESK, PASSWORD, chromium, company, menu

from bench.report import Bound, figure, percentile, print_bounds, print_table, write_json

MOST_KILOBYTES, MOST_PAINT_MS, MOST_SLIDER_MS = 350.0, 1_000.0, 100.0
FLOOR = "/sign-in"
SLIDES = 60
"""Places that the slider is moved to; each is an offer that nobody has asked about."""


@dataclass(slots=True)
class Painted:
    """One page: milliseconds to its first paint, cold and warm, and what travelled for it when nothing was known."""

    path: str
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """Milliseconds until the first byte, cold."""
    bytes: int = 0
    requests: int = 0


@dataclass(slots=True)
class Slider:
    """The answers of a slider: milliseconds of each request as the browser saw it, and of the server's CPU."""

    times: list[float] = field(default_factory=list)
    cpu: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, help="a demo's folder that is there already")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true", help="end with 1 unless the bounds hold")
    found = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("bench: found no Chromium; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="bursar-paint-") as folder:
        home = found.home or Path(folder)
        if found.home is None:
            with company(home):
                pass
        with served(home) as (url, process), chromium() as browser:
            pages, floor = measured(browser, url, found.rounds)
            slider = slid(browser, url, process.pid)
    heaviest = max(pages, key=lambda page: page.bytes)
    slowest = max(pages, key=lambda page: percentile(page.cold, 0.5))
    bounds = [
        Bound(f"weight of the heaviest page ({heaviest.path}), KB", heaviest.bytes / 1024, MOST_KILOBYTES),
        Bound(f"first paint of the slowest page ({slowest.path}), ms", percentile(slowest.cold, 0.5), MOST_PAINT_MS),
        Bound("p95 of what a slider asks for, ms", percentile(slider.times, 0.95), MOST_SLIDER_MS),
    ]
    print_table(
        "An engineer's pages in Chromium",
        ("page", "KB", "requests", "first byte", "first paint", "worst", "warm", "times the floor"),
        [
            (
                page.path,
                figure(page.bytes / 1024),
                str(page.requests),
                figure(percentile(page.answered, 0.5)),
                figure(percentile(page.cold, 0.5)),
                figure(max(page.cold)),
                figure(percentile(page.warm, 0.5)),
                figure(percentile(page.cold, 0.5) / percentile(floor.cold, 0.5)),
            )
            for page in sorted([*pages, floor], key=lambda page: -percentile(page.cold, 0.5))
        ],
        "milliseconds, medians of cold loads; KB as they travelled, packed, with styles and scripts",
    )
    print(
        f"slider: {len(slider.times)} answers, p50 {figure(percentile(slider.times, 0.5))} ms, "
        f"p95 {figure(percentile(slider.times, 0.95))} ms; CPU of the server {figure(slider.cpu)} ms each"
    )
    print_bounds(bounds)
    if found.json:
        document = {
            "pages": [
                {"path": one.path, "bytes": one.bytes, "requests": one.requests, "cold_ms": one.cold, "warm_ms": one.warm}
                for one in [*pages, floor]
            ],
            "slider": {"ms": slider.times, "cpu_ms": slider.cpu},
        }  # fmt: skip
        write_json(found.json, document, bounds)
    return 1 if found.check and not all(one.holds for one in bounds) else 0


@contextmanager
def served(home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A console and nothing else, on a company that is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar.cli", "console", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "BURSAR_HOME": str(home), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if said := re.search(r"console is on (http://\S+)", line):
                yield said[1], process
                return
        sys.exit("bench: the console did not start")
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def measured(browser: Browser, url: str, rounds: int) -> tuple[list[Painted], Painted]:
    """Every page of the engineer's menu, and the page to sign in."""
    first = browser.new_context(base_url=url, viewport=DESK)
    page = first.new_page()
    page.goto("/sign-in")
    page.fill("[name=login]", "ben")
    page.fill("[name=password]", PASSWORD)
    page.click("form.fields button")
    page.wait_for_load_state()
    cookies = first.cookies()
    pages, floor = [Painted(path) for path in menu(page)], Painted(FLOOR)
    first.close()
    for _ in range(rounds):
        for one in [floor, *pages]:
            context = browser.new_context(base_url=url, viewport=DESK)
            if one is not floor:
                context.add_cookies(cookies)  # type: ignore[arg-type]
            _opened(context, one)
            context.close()
    return pages, floor


def _opened(context: BrowserContext, one: Painted) -> None:
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(one.path, wait_until="load")
    page.wait_for_timeout(100)
    one.cold.append(_first_paint(page))
    one.answered.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseStart"))
    one.bytes, one.requests = max(one.bytes, round(sum(sizes))), max(one.requests, len(sizes))
    page.goto(one.path, wait_until="load")
    one.warm.append(_first_paint(page))


def _first_paint(page: Page) -> float:
    found: Any = page.evaluate(
        """() => new Promise(done => {
            const look = () => {
                const paint = performance.getEntriesByName('first-contentful-paint')[0];
                paint ? done(paint.startTime) : setTimeout(look, 20);
            };
            look();
        })"""
    )
    return float(found)


def slid(browser: Browser, url: str, server: int) -> Slider:
    """A visitor's slider, moved from place to place; every answer is a new one."""
    context = browser.new_context(base_url=url, viewport=DESK)
    page, found = context.new_page(), Slider()
    page.goto("/offer")
    # The questions follow a moment later and would be asked for beside the next answer.
    page.evaluate("document.getElementById('asked').remove()")
    _moved(page, 90_000)
    before = _cpu(server)
    for number in range(SLIDES):
        found.times.append(_moved(page, 10_000 + 1_000 * number))
    found.cpu = (_cpu(server) - before) / SLIDES
    context.close()
    return found


def _moved(page: Page, amount: int) -> float:
    """Type an amount as the slider does; milliseconds of the request that follows."""
    with page.expect_response(lambda answer: answer.url.endswith("/offer/now")) as answer:
        page.locator("[name=amount]").fill(f"${amount:,}")
    answer.value.finished()
    timing = answer.value.request.timing
    return float(timing["responseEnd"] - timing["requestStart"])


def _cpu(process: int) -> float:
    """Milliseconds of CPU of a process, all its threads."""
    parts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) * 1_000 / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
