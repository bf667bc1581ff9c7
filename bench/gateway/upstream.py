"""A provider that costs next to nothing: canned bytes over keep-alive connections, so that only the gateway is measured.

It reads just enough of a request to know where it ends and what it asks for. `GET /count` tells how many completions
it has served, by which a run proves that nothing was answered from a cache or asked twice.

python -m bench.gateway.upstream [CERTIFICATE] [PACE]   prints its port, serves until it is terminated; with a certificate over TLS
"""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from pathlib import Path
from typing import cast

import uvloop

from bench.gateway.workloads import PACE_SECONDS, PACED, chat_reply, stream_events
from bench.report import ROOT

MAX_REQUEST_BYTES = 64 * 1024
REPLY_HEAD = (
    b"HTTP/1.1 200 OK\r\nx-request-id: req_5d2c0b0f\r\nopenai-version: 2020-10-01\r\nopenai-processing-ms: 412\r\n"
)
CHAT = chat_reply()
CHAT_REPLY = REPLY_HEAD + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(CHAT) + CHAT
STREAM_HEAD = REPLY_HEAD + b"Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
FRAMES = [b"%x\r\n%s\r\n" % (len(event), event) for event in stream_events()]
FRAMES[-1] += b"0\r\n\r\n"
BURST = STREAM_HEAD + b"".join(FRAMES)


class Provider(asyncio.Protocol):
    """One connection. Requests on it are answered in the order in which they came."""

    served = 0
    pace = PACE_SECONDS

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            if len(self._buffer) > MAX_REQUEST_BYTES:
                self._close()
            return
        end = _request_end(self._buffer, head_end + 4)
        if end == 0:
            return
        if end > MAX_REQUEST_BYTES:
            self._close()
            return
        if len(self._buffer) >= end:
            request, self._buffer = self._buffer[:end], self._buffer[end:]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        assert self._transport is not None
        if not request.startswith(b"POST "):
            count = b"%d\n" % Provider.served
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(count), count))
            return
        Provider.served += 1
        if b'"stream":true' not in request and b'"stream": true' not in request:
            self._transport.write(CHAT_REPLY)
        elif PACED.encode() not in request:
            self._transport.write(BURST)
        else:
            self._transport.write(STREAM_HEAD)
            self._pace(0, asyncio.get_running_loop().time())

    def _pace(self, number: int, due: float) -> None:
        if self._transport is None:
            return
        self._transport.write(FRAMES[number])
        if number + 1 < len(FRAMES):
            due += Provider.pace
            asyncio.get_running_loop().call_at(due, self._pace, number + 1, due)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _request_end(buffer: bytes, body: int) -> int:
    """Where the request ends, or 0 while that cannot be told."""
    head = buffer[:body].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        return body + int(head[at + 17 : head.index(b"\r\n", at + 2)])
    if b"\r\ntransfer-encoding: chunked" in head:
        closing = buffer.find(b"\r\n0\r\n\r\n", body - 2)
        return closing + 7 if closing >= 0 else 0
    return body


def command(certificate: Path | None = None, pace: float = PACE_SECONDS) -> list[str]:
    """What starts it, from any folder and with an empty environment; `pace` in seconds between the chunks of a paced stream."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.gateway.upstream import main; main()"
    return [sys.executable, "-c", start, str(certificate or ""), str(pace)]


async def serve() -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    tls = None
    if sys.argv[1:] and sys.argv[1]:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(sys.argv[1])
    if sys.argv[2:]:
        Provider.pace = float(sys.argv[2])
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=8192, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()
    server.close()


def main() -> None:
    uvloop.run(serve())


if __name__ == "__main__":
    main()
