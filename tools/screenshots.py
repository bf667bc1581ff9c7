"""Pictures of every page of the console, light and dark, desktop and phone, as each role sees them.

    .venv/bin/python tools/screenshots.py [--out screenshots] [--only wallet] [--role engineer] [--url http://127.0.0.1:8788]

Starts a demo company of its own (or uses the console at --url, with the demo's accounts), signs in as each role, and walks
that role's menu in Debian's Chromium through its own debugging protocol: no driver to install. Prints what overflows at
360 px and what the browser's console says.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PASSWORD = "tokens are the fourth pillar"
ROLES = {
    "engineer": "ben",
    "manager": "ada",
    "compensation": "compensation",
    "finance": "finance",
    "payroll": "payroll",
    "platform": "platform",
    "auditor": "auditor",
    "owner": "owner",
}
SHAPES = {"desktop": (1440, 900), "phone": (360, 740)}
THEMES = ("light", "dark")
BEFORE = ("/sign-in",)
MAX_HEIGHT = 8_000
STARTS_SECONDS = 120


class Tab:
    """One tab of a browser, spoken to in its debugging protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.said: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            found = json.loads(message.data)
            if "id" in found:
                self._waiting.pop(found["id"]).set_result(found)
            elif found["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif found["method"] == "Log.entryAdded":
                self.said.append(found["params"]["entry"]["text"])
            elif found["method"] == "Runtime.exceptionThrown":
                self.said.append(str(found["params"]["exceptionDetails"].get("text")))

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._socket.send_json({"id": number, "method": method, "params": params})
        found = await asyncio.wait_for(answer, 30)
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']}")
        result: dict[str, Any] = found["result"]
        return result

    async def go(self, url: str) -> None:
        self._loaded.clear()
        await self.ask("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), 30)

    async def value(self, expression: str) -> Any:
        found = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A Chromium of our own with one tab."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("screenshots: found no Chromium; on Debian: apt-get install chromium")
    folder = tempfile.mkdtemp(prefix="bursar-chromium-")
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--no-first-run",
        "--disable-gpu",
        "about:blank",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        port = ""
        while not port and (line := await process.stderr.readline()):
            found = re.search(r"ws://[^:]+:(\d+)/", line.decode())
            port = found[1] if found else ""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                page = next(one for one in await reply.json() if one["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.ask(f"{domain}.enable")
                yield tab
    finally:
        process.terminate()
        await process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def company() -> AsyncIterator[str]:
    """A demo with its console on a free port."""
    with tempfile.TemporaryDirectory(prefix="bursar-shots-") as home:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-m", "bursar.cli", "demo", "--home", home, "--port", "0", "--console-port", "0",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            async with asyncio.timeout(STARTS_SECONDS):
                while found := await process.stdout.readline():
                    match = re.search(r"console is on (http://\S+?);", found.decode())
                    if match:
                        break
                else:
                    sys.exit("screenshots: the demo ended before its console was there")
            yield match[1]
        finally:
            process.terminate()
            await process.communicate()


async def sign_in(tab: Tab, url: str, login: str) -> None:
    await tab.ask("Network.clearBrowserCookies")
    await tab.go(f"{url}/sign-in")
    tab._loaded.clear()
    await tab.value(
        f"document.querySelector('[name=login]').value={json.dumps(login)};"
        f"document.querySelector('[name=password]').value={json.dumps(PASSWORD)};"
        "document.querySelector('form.fields').submit()"
    )
    await asyncio.wait_for(tab._loaded.wait(), 30)


async def picture(tab: Tab, url: str, file: Path, shape: str, theme: str) -> None:
    width, height = SHAPES[shape]
    await tab.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    await tab.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=shape == "phone"
    )
    await tab.go(url)
    await asyncio.sleep(0.25)
    size = await tab.value("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    if size[0] > width:
        print(f"  WIDE: {url} is {size[0]} px at {width}")
    found = await tab.ask(
        "Page.captureScreenshot",
        captureBeyondViewport=True,
        clip={"x": 0, "y": 0, "width": width, "height": min(max(size[1], height), MAX_HEIGHT), "scale": 1},
    )
    await asyncio.to_thread(file.write_bytes, base64.b64decode(found["data"]))


async def walk(url: str, out: Path, roles: list[str], only: str) -> None:
    async with browser() as tab:
        for role in ["", *roles]:
            if role:
                await sign_in(tab, url, ROLES[role])
                paths = await tab.value(
                    "[...document.querySelectorAll('nav li a')].map(one => one.getAttribute('href'))"
                )
            else:
                paths = list(BEFORE)
            for path, shape, theme in itertools.product(paths or [], SHAPES, THEMES):
                if only and only not in path:
                    continue
                name = re.sub(r"[^a-z0-9]+", "-", path).strip("-") or "front"
                tab.said.clear()
                await picture(tab, url + path, out / f"{role or 'visitor'}-{name}-{shape}-{theme}.png", shape, theme)
                for line in tab.said:
                    print(f"  SAID: {path}: {line}")
            print(f"{role or 'visitor'}: {len(paths or [])} pages")


async def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every page of the console.")
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="only paths that hold this")
    parser.add_argument("--role", action="append", choices=list(ROLES), help="only this role (repeatable)")
    parser.add_argument("--url", default="", help="a console with the demo's accounts that runs already")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    roles = given.role or list(ROLES)
    if given.url:
        await walk(given.url, given.out, roles, given.only)
        return
    async with company() as url:
        await walk(url, given.out, roles, given.only)


if __name__ == "__main__":
    asyncio.run(main())
