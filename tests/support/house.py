"""A small house that really runs: an installation on SQLite, the provider stand-in, the gateway, a client session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bursar.demo.provider import Defaults, Provider
from bursar.gateway.server import Gateway
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import reports
from bursar.office.metering.serving import serving
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.prices import PriceBook, list_prices

PROVIDER_KEYS = {"openai": "sk-upstream-openai", "anthropic": "sk-upstream-anthropic", "google": "upstream-google"}


@dataclass
class House:
    """Everything a test needs to act as a user would."""

    desk: Desk
    provider: Provider
    gateway: Gateway
    client: aiohttp.ClientSession
    key: str

    @property
    def url(self) -> str:
        return self.gateway.base_url

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key if key is None else key}"}

    async def chat(self, text: str = "hi", *, key: str | None = None, **fields: Any) -> tuple[int, Any, dict[str, str]]:
        """One chat completion: status, JSON body, headers."""
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **fields}
        async with self.client.post(f"{self.url}/v1/chat/completions", headers=self.headers(key), json=body) as reply:
            return (
                reply.status,
                await reply.json(content_type=None),
                {name.lower(): value for name, value in reply.headers.items()},
            )

    def charges(self) -> list[dict[str, Any]]:
        """Every charge, oldest first."""
        names = (
            "amount",
            "overage",
            "status",
            "model",
            "tokens",
            "list_nanos",
            "cost_nanos",
            "person",
            "session",
            "agent",
        )
        rows = self.desk.store.read(lambda session: session.rows(f"SELECT {', '.join(names)} FROM charge ORDER BY seq"))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def spent(self) -> int:
        return sum(int(one["amount"]) for one in self.charges())

    def open_holds(self) -> int:
        return self.desk.store.read(lambda session: len(session.open_holds()))

    def billed(self) -> int:
        """The provider's own bill at list price, nano-USD."""
        book = PriceBook(list_prices())
        total = 0
        for line in self.provider.bill.lines:
            tariff = book.tariff(line.provider, line.model, line.at)
            assert tariff is not None
            total += tariff.list_nanos(line.usage)
        return total

    async def settled(self) -> None:
        """Wait until nothing is in flight any more."""
        for _ in range(500):
            if not len(self.gateway.live) and not self.open_holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("requests are still in flight")

    def balance(self, person: str = "ada") -> dict[str, Any]:
        return reports.balance(self.desk, person)

    def assert_clean(self) -> None:
        assert verification.verified(self.desk).findings == []
        assert self.open_holds() == 0


@asynccontextmanager
async def running_house(
    folder: Path, *, grant: str = "$10", defaults: Defaults | None = None, **settings: Any
) -> AsyncIterator[House]:
    """Start everything on free ports; stop and drain at the end."""
    chosen = Settings(home=folder / "home", port=0, **{"drain_seconds": 5.0, **settings})
    initialise(chosen)
    desk = open_desk(chosen, actor="test")
    desk.add_person("ada", name="Ada")
    if grant:
        desk.give("ada", grant, label="test grant")
    key = desk.issue_key("ada")["token"]
    try:
        async with Provider(keys=PROVIDER_KEYS, defaults=defaults) as provider:
            for name, secret in PROVIDER_KEYS.items():
                desk.add_provider(name, base_url=provider.base_url, secret=secret)
            async with serving(desk) as gateway:
                connector = aiohttp.TCPConnector(limit=0)
                async with aiohttp.ClientSession(connector=connector) as client:
                    yield House(desk, provider, gateway, client, key)
    finally:
        desk.close()
