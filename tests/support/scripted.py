"""A provider that answers with exactly the bytes that a test wrote down, and remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Scripted:
    """`async with Scripted() as provider:`; set `body`, `content_type`, `status`; read `requests`."""

    body: bytes = b"{}"
    content_type: str = "application/json"
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    base_url: str = ""

    def says(self, document: Any, status: int = 200) -> None:
        self.body, self.content_type, self.status = json.dumps(document).encode(), "application/json", status

    def streams(self, *events: Any, names: bool = False) -> None:
        """Server-sent events; with `names`, each document's type is the event's name."""
        parts = []
        for event in events:
            text = event if isinstance(event, str) else json.dumps(event)
            parts.append((f"event: {event['type']}\n" if names else "") + f"data: {text}\n\n")
        self.body, self.content_type, self.status = "".join(parts).encode(), "text/event-stream", 200

    async def __aenter__(self) -> Scripted:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            raw = await request.read()
            self.requests.append(json.loads(raw) if raw else {})
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            return web.Response(body=self.body, status=self.status, headers={"content-type": self.content_type})

        self._runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()
