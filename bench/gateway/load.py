"""The load: raw sockets that keep a number of requests in flight, or send at a fixed rate, and check every reply.

Runs as a process of its own, pinned away from the proxy; prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from urllib.parse import urlsplit

import uvloop

PROMPT = "Summarise what the ledger of token allotments recorded for this person in this period. " * 15


class Connection:
    """One keep-alive connection with one request in flight at a time."""

    def __init__(self, url: str, path: str, headers: dict[str, str], stream: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        body = json.dumps(
            {
                "model": "gpt-4o-mini",
                "max_tokens": 400,
                "stream": stream,
                "messages": [{"role": "user", "content": PROMPT}],
            }
        ).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        self._stream = stream
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self) -> float:
        """Send one request and read its reply; seconds that it took."""
        began = time.perf_counter()
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"the proxy answered {head[:200]!r}")
        if b"chunked" in lowered:
            size, done = 0, False
            while True:
                length = int(await self._reader.readline(), 16)
                chunk = await self._reader.readexactly(length + 2)
                if not length:
                    break
                size += length
                done = done or b"[DONE]" in chunk
            if self._stream and not done:
                raise RuntimeError("a stream ended without its last event")
        else:
            size = int(lowered.partition(b"content-length:")[2].split(b"\r\n")[0])
            await self._reader.readexactly(size)
        if size < 500:
            raise RuntimeError(f"a reply of {size} bytes is too short")
        if b"connection: close" in lowered:
            self._writer.close()
            self._reader = self._writer = None
        return time.perf_counter() - began


async def closed_loop(options: argparse.Namespace, headers: dict[str, str]) -> dict[str, float]:
    """`concurrency` requests in flight until `seconds` are over or `requests` are done."""
    end, done = time.perf_counter() + options.seconds, 0

    async def work() -> None:
        nonlocal done
        connection = Connection(options.url, options.path, headers, options.stream)
        while time.perf_counter() < end and done < options.requests:
            await connection.ask()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(options.concurrency)))
    return {"requests": done, "seconds": time.perf_counter() - began}


async def open_loop(options: argparse.Namespace, headers: dict[str, str]) -> dict[str, float]:
    """`rate` requests a second whether or not the last ones are answered; latency percentiles in milliseconds."""
    idle = [Connection(options.url, options.path, headers, options.stream) for _ in range(8)]
    times: list[float] = []

    async def one(at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        connection = idle.pop() if idle else Connection(options.url, options.path, headers, options.stream)
        times.append(await connection.ask())
        idle.append(connection)

    start = time.perf_counter() + 0.05
    count = int(options.rate * options.seconds)
    await asyncio.gather(*(one(start + number / options.rate) for number in range(count)))
    times = sorted(times[len(times) // 10 :])
    return {
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "requests": len(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", default="/v1/chat/completions")
    parser.add_argument("--headers", default="{}")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=0.0)
    options = parser.parse_args()
    run = open_loop if options.rate else closed_loop
    print(json.dumps(uvloop.run(run(options, json.loads(options.headers)))))


if __name__ == "__main__":
    main()
