"""The wire towards providers, over raw sockets: replies in every framing, connections kept and given up, faults named."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.receivers import make_certificate

from bursar.gateway.wire.outbound import NotConnected, Origin, Pool, Resuming, origin_of
from bursar.gateway.wire.reply import BUFFER_BYTES, Reply, WireError, whole


class Scripted(asyncio.Protocol):
    """A provider that answers each request on a connection with the next of its scripts."""

    made = 0

    def __init__(self, scripts: list[bytes], asked: list[bytes], *, close: bool) -> None:
        Scripted.made += 1
        self._scripts, self._asked, self._close = scripts, asked, close

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._asked.append(data)
        self._transport.write(self._scripts.pop(0) if self._scripts else b"")
        if self._close and not self._scripts:
            self._transport.close()


@asynccontextmanager
async def provider(
    *scripts: bytes, close: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Origin, list[bytes]]]:
    asked: list[bytes] = []
    left = list(scripts)
    Scripted.made = 0
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Scripted(left, asked, close=close), "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Origin("127.0.0.1", port, tls is not None, "/base", f"localhost:{port}"), asked
    finally:
        server.close()


Ask = Callable[..., Awaitable[Reply]]


@asynccontextmanager
async def pooled(tls: ssl.SSLContext | None = None) -> AsyncIterator[Ask]:
    pool = Pool(tls)

    async def ask(origin: Origin, method: str = "POST", body: bytes = b"{}") -> Reply:
        headers = [("Content-Length", str(len(body)))] if body else []
        return await pool.ask(origin, method, "/v1/x?y=z", headers, body, connect_seconds=1.0, reply_seconds=1.0)

    try:
        yield ask
    finally:
        await pool.close()


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\nhello"
AFTER_OTHERS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize(
    "script", [LENGTH, CHUNKED, AFTER_OTHERS, TO_THE_END], ids=["length", "chunks", "hints", "close"]
)
async def test_a_reply_is_read_in_every_framing(script: bytes) -> None:
    async with provider(script, close=script is TO_THE_END) as (origin, asked), pooled() as ask:
        reply = await ask(origin)
        assert reply.status == 200
        assert await whole(reply, 100) == b"hello"
        assert asked[0].startswith(b"POST /base/v1/x?y=z HTTP/1.1\r\nHost: localhost:")


async def test_a_connection_is_used_again_until_a_reply_says_otherwise() -> None:
    last = LENGTH.replace(b"Content-Type: a/b", b"Connection: close")
    async with provider(LENGTH, CHUNKED, last, LENGTH) as (origin, _), pooled() as ask:
        for made in (1, 1, 1, 2):
            assert await whole(await ask(origin), 100) == b"hello"
            assert Scripted.made == made
            await asyncio.sleep(0.02)


async def test_a_reply_that_was_given_up_takes_its_connection_with_it() -> None:
    async with provider(LENGTH[:-2], LENGTH) as (origin, _), pooled() as ask:
        (await ask(origin)).close()
        assert await whole(await ask(origin), 100) == b"hello"
        assert Scripted.made == 2


async def test_bytes_that_nobody_asked_for_are_never_taken_for_the_next_reply() -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    async with provider(LENGTH + forged, LENGTH, LENGTH) as (origin, _), pooled() as ask:
        assert await whole(await ask(origin), 100) == b"hello"
        await asyncio.sleep(0.05)
        assert await whole(await ask(origin), 100) == b"hello"


async def test_a_connection_that_the_provider_closed_while_idle_is_not_used() -> None:
    async with provider(LENGTH, close=True) as (origin, _), pooled() as ask:
        assert await whole(await ask(origin), 100) == b"hello"
        await asyncio.sleep(0.05)
        with pytest.raises(WireError):  # a new connection: the script is at its end
            await ask(origin)


@pytest.mark.parametrize(
    ("script", "body"),
    [
        (PACKED % len(gzip.compress(b"hello" * 9)) + gzip.compress(b"hello" * 9), b"hello" * 9),
        (
            (PACKED % len(zlib.compress(b"hello"))).replace(b"gzip", b"deflate") + zlib.compress(b"hello"),
            b"hello",
        ),
    ],
    ids=["gzip", "deflate"],
)
async def test_a_reply_that_is_packed_unasked_is_unpacked(script: bytes, body: bytes) -> None:
    async with provider(script) as (origin, _), pooled() as ask:
        assert await whole(await ask(origin), 1_000) == body


FAULTS = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "a head that never ends": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n",
    "cut in its body": LENGTH[:-1],
    "cut in its chunks": CHUNKED[:-7],
    "cut in its head": LENGTH[:20],
    "nothing at all": b"",
    "packed in another way": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
    "packed and damaged": PACKED % 5 + b"hello",
    "packed and cut short": PACKED % 12 + gzip.compress(b"hello" * 50)[:12],
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_no_whole_reply_is_an_error_and_never_taken_for_one(fault: str) -> None:
    async with provider(FAULTS[fault], close=True) as (origin, _), pooled() as ask:
        with pytest.raises(WireError):
            await whole(await ask(origin), 1_000)


async def test_a_reply_larger_than_asked_for_is_an_error() -> None:
    async with provider(LENGTH) as (origin, _), pooled() as ask:
        with pytest.raises(WireError, match="larger than 4 bytes"):
            await whole(await ask(origin), 4)


async def test_silence_ends_a_reply_and_noise_keeps_it() -> None:
    async with provider(LENGTH[:-2]) as (origin, _), pooled() as ask:
        reply = await ask(origin)
        reply.expect(0.05, asyncio.get_running_loop().time() + 9)
        assert await reply.read() == b"hel"
        with pytest.raises(TimeoutError):
            await reply.read()


async def test_a_reader_that_is_slow_stops_the_provider_and_not_the_memory() -> None:
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 20_000_000
    async with provider(huge) as (origin, _), pooled() as ask:
        reply = await ask(origin)
        await asyncio.sleep(0.1)
        assert len(reply.take()) < 4 * BUFFER_BYTES
        assert len(await whole(reply, 30_000_000)) > 18_000_000


async def test_nobody_at_an_address_is_told_from_a_broken_connection() -> None:
    async with pooled() as ask:
        with pytest.raises(NotConnected):
            await ask(Origin("127.0.0.1", 1, False, "", "x"))
        with pytest.raises(NotConnected):
            await ask(Origin("no-such-host.invalid", 80, False, "", "x"))


async def test_a_head_that_is_answered_to_a_head_has_no_body() -> None:
    async with provider(LENGTH[:-5], LENGTH) as (origin, _), pooled() as ask:
        reply = await ask(origin, "HEAD", b"")
        assert reply.lowered["content-length"] == "5"
        assert await whole(reply, 10) == b""
        assert await whole(await ask(origin), 100) == b"hello"


async def test_a_line_break_in_a_header_never_leaves_the_house() -> None:
    async with provider(LENGTH) as (origin, asked):
        pool = Pool()
        with pytest.raises(ValueError, match="line break"):
            await pool.ask(
                origin, "GET", "/x", [("Authorization", "a\r\nX-Other: b")], b"", connect_seconds=1.0, reply_seconds=1.0
            )
        assert asked == []
        await pool.close()


async def test_tls_is_spoken_and_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = make_certificate(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=str(file))
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    async with provider(LENGTH, huge, LENGTH, tls=serving) as (origin, _):
        async with pooled(trusting) as ask:
            assert await whole(await ask(origin), 100) == b"hello"
            assert len(await whole(await ask(origin), 3_000_000)) == 3_000_000
            assert Scripted.made == 1
        async with pooled() as ask:
            with pytest.raises(NotConnected):
                await ask(origin)


async def test_a_new_connection_goes_on_with_the_session_of_the_one_before(tmp_path: Path) -> None:
    file = make_certificate(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(file)
    ends = LENGTH.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    async with provider(LENGTH, ends, LENGTH, tls=serving) as (origin, _):
        async with pooled(Resuming(str(file))) as ask:
            for _ in range(3):
                assert await whole(await ask(origin), 100) == b"hello"
        assert Scripted.made == 2
        assert serving.session_stats()["hits"] == 1
        async with pooled(Resuming()) as ask:  # what is resumed was looked at: nobody else's certificate gets in
            with pytest.raises(NotConnected):
                await ask(origin)


def test_an_origin_is_where_a_base_url_says() -> None:
    assert origin_of("https://api.openai.com") == Origin("api.openai.com", 443, True, "", "api.openai.com")
    assert origin_of("http://[::1]:8080/openai/") == Origin("::1", 8080, False, "/openai", "[::1]:8080")
