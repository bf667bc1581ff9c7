"""Debian's Chromium, driven by Playwright, and the demo's company to look at."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = (
    Path(os.environ.get("BURSAR_CLIENTS", Path.home() / ".cache" / "bursar" / "clients"))
    / "node_modules"
    / "axe-core"
    / "axe.min.js"
)
HOW_TO_GET = "needs Debian's chromium (apt-get install chromium) and axe-core (tools/install-clients)"
PASSWORD = "tokens are the fourth pillar"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
READY = CHROMIUM is not None and AXE.exists()


@dataclass(frozen=True, slots=True)
class Company:
    """A demo that runs: where its console and its gateway are, and who signs in as what."""

    console: str
    gateway: str
    logins: dict[str, str]
    """Login by role, as the demo names them."""


@contextmanager
def company(home: Path, *words: str, **settings: str) -> Iterator[Company]:
    """`bursar demo` as a process of its own."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-m",
            "bursar.cli",
            "demo",
            "--home",
            str(home),
            "--port",
            "0",
            "--console-port",
            "0",
            *words,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **settings},
    )
    assert process.stdout is not None
    console = gateway = ""
    logins: dict[str, str] = {}
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"console is on (http://[^\s;]+)", line):
                console = found[1]
            elif found := re.search(r"gateway listens on (http://[^\s]+?)\.?\s", line):
                gateway = found[1]
            elif console and (found := re.match(r"  (\S+)\s+(.+)$", line)):
                logins[found[2].strip()] = found[1]
            elif console and gateway and logins and not line.strip():
                break
        else:
            raise AssertionError("the demo ended before it was ready:\n" + "".join(said))
        yield Company(console, gateway, logins)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def sign_in(browser: Browser, found: Company, login: str, *, theme: Any = "light") -> Page:
    """A window of their own, signed in."""
    context = browser.new_context(base_url=found.console, viewport=DESK, color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("form.fields button")
    page.wait_for_load_state()
    return page


def menu(page: Page) -> list[str]:
    """Every page that the menu leads to."""
    found = page.eval_on_selector_all("nav li a", "all => all.map(one => one.getAttribute('href'))")
    return list(dict.fromkeys(one for one in found if one.startswith("/")))


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its good practices, or against these rules alone."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.add_script_tag(path=AXE)
    only = list(rules) or ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    kind = "rule" if rules else "tag"
    options = {"runOnly": {"type": kind, "values": only}, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"][:3]
    ]


def overflow(page: Page) -> list[str]:
    """What is wider than the page, at 360 px."""
    return list(
        page.evaluate(
            """() => {
                const wide = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= wide) return [];
                return [...document.querySelectorAll('body *')]
                    .filter(one => one.getBoundingClientRect().right > wide + 1 && !one.closest('.scroll, .bc-scroll, pre'))
                    .slice(0, 5).map(one => one.outerHTML.slice(0, 120));
            }"""
        )
    )


def unreachable(page: Page) -> list[str]:
    """What can be clicked and not be reached with the Tab key."""
    # Nothing is drawn anew under the fingers, not even what is on its way already.
    page.evaluate("document.addEventListener('htmx:beforeSwap', event => { event.detail.shouldSwap = false; })")
    page.evaluate(
        """() => {
            document.activeElement?.blur();
            window.reached = new Set();
            document.addEventListener('focusin', event => window.reached.add(event.target));
        }"""
    )
    count = page.evaluate(
        """() => {
            window.wanted = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
                .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled && !one.closest('[inert], [aria-hidden=true]'));
            // A date and a time take a stop for each of their parts.
            const parts = {'datetime-local': 7, date: 4, time: 4, month: 3};
            return window.wanted.reduce((stops, one) => stops + (parts[one.type] || 1), 0);
        }"""
    )
    # A field of a date has a stop for each of its parts.
    parts = 8 * page.evaluate("window.wanted.filter(one => /^(date|time|month)/.test(one.type)).length")
    for _ in range(count + 5 + parts):
        page.keyboard.press("Tab")
    missed = page.evaluate(
        """() => window.wanted
            .filter(one => !window.reached.has(one))
            .filter(one => !(one.type === 'radio' && [...window.reached].some(other => other.name === one.name)))
            .map(one => one.outerHTML.slice(0, 120))"""
    )
    return list(missed)
