"""The provider of the benchmark: canned bytes from a bare asyncio protocol, so that it is never what is measured.

python -m bench.gateway.upstream        prints its URL; answers chat completions, streamed if the body says so
"""

from __future__ import annotations

import asyncio
import json

import uvloop

CHUNKS = 200
MODEL = "gpt-4o-mini"
_TEXT = "The ledger keeps every token that was promised, held, spent and given back. " * 9
COMPLETION = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1795000000,
    "model": MODEL,
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": _TEXT}, "logprobs": None, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 350, "completion_tokens": 180, "total_tokens": 530},
    "system_fingerprint": "fp_bench",
}


def _reply(body: bytes, kind: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (kind, len(body)) + body


def _stream() -> bytes:
    parts = []
    shape = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1795000000, "model": MODEL}
    for number in range(CHUNKS - 2):
        delta = {"role": "assistant", "content": ""} if number == 0 else {"content": " word"}
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]
        parts.append({**shape, "choices": choices, "usage": None})
    stop = [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]
    parts.append({**shape, "choices": stop, "usage": None})
    parts.append({**shape, "choices": [], "usage": COMPLETION["usage"]})
    events = [b"data: " + json.dumps(part, separators=(",", ":")).encode() + b"\n\n" for part in parts]
    events.append(b"data: [DONE]\n\n")
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + chunked + b"0\r\n\r\n"


WHOLE = _reply(json.dumps(COMPLETION, separators=(",", ":")).encode(), b"application/json")
STREAM = _stream()


class Upstream(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            if b"chunked" in head:
                stop = self._buffer.find(b"0\r\n\r\n", end)
                if stop < 0:
                    return
                body, rest = self._buffer[end + 4 : stop], stop + 5
            else:
                size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                if len(self._buffer) < end + 4 + size:
                    return
                body, rest = self._buffer[end + 4 : end + 4 + size], end + 4 + size
            self._buffer = self._buffer[rest:]
            streamed = b'"stream":true' in body.replace(b" ", b"")
            self._transport.write(STREAM if streamed else WHOLE)  # type: ignore[attr-defined]


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Upstream, "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
