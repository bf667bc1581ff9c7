"""The wire towards clients, over raw sockets: what is read as a request, what is refused, and how connections end."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.profile import size

from bursar.gateway.wire.inbound import Limits, Listener
from bursar.gateway.wire.request import Request, TooLarge

LIMITS = Limits(receipt_seconds=0.4, keepalive_seconds=0.4, max_connections=4)
PLAIN = b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello"


async def echo(request: Request) -> None:
    """Say what was asked, in one piece or in parts."""
    try:
        body = await request.body(1_000_000, 0.4)
    except TooLarge:
        request.respond(413, (), b"too large")
        return
    except TimeoutError:
        request.close = True
        request.respond(408, (), b"too slow")
        return
    if request.raw_path == "/parts":
        request.begin(200, ())
        for _ in range(3):
            request.write(body)
            await request.drained()
        request.end()
    elif request.raw_path == "/much":
        request.begin(200, ())
        for _ in range(400):
            request.write(b"x" * 50_000)
            await request.drained()
        request.end()
    elif request.raw_path == "/cut":
        request.begin(200, ())
        request.write(body)
        request.break_off(hard=False)
    else:
        request.respond(200, (), f"{request.method} {request.raw_path} ".encode() + body)


@asynccontextmanager
async def listening(limits: Limits = LIMITS) -> AsyncIterator[tuple[Listener, str, int]]:
    listener = Listener(echo, limits)
    host, port = await listener.start("127.0.0.1", 0)
    try:
        yield listener, host, port
    finally:
        await listener.close(0.1)


async def said(sent: bytes, *, limits: Limits = LIMITS, half_close: bool = True) -> bytes:
    """Everything that comes back of what was sent, until the connection ends."""
    async with listening(limits) as (_, host, port):
        return await exchanged(host, port, sent, half_close=half_close)


async def exchanged(host: str, port: int, sent: bytes, *, half_close: bool = True) -> bytes:
    line = await opened(host, port)
    try:
        line.write(sent)
        if half_close:
            line.write_eof()
        return await line.rest()
    finally:
        line.close()


class Line:
    """One connection of a client, as bytes of a socket: nothing between the test and what is sent."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._read = b""

    def write(self, data: bytes) -> None:
        with suppress(OSError):
            self._socket.send(data)

    def write_eof(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        self._socket.close()

    async def part(self) -> bytes:
        """What has come; empty at the end, also at a bad one."""
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._socket, 1_000_000), 5)
        except ConnectionError:
            return b""

    async def until(self, mark: bytes) -> bytes:
        """Everything up to and with a mark."""
        while mark not in self._read:
            part = await self.part()
            assert part, f"the connection ended before {mark!r} in {self._read!r}"
            self._read += part
        end = self._read.index(mark) + len(mark)
        found, self._read = self._read[:end], self._read[end:]
        return found

    async def rest(self) -> bytes:
        """Everything until the end."""
        while part := await self.part():
            self._read += part
        found, self._read = self._read, b""
        return found


async def opened(host: str, port: int) -> Line:
    made = socket.socket()
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (host, port))
    return Line(made)


def statuses(reply: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", reply)]


async def test_one_request_is_answered_and_the_connection_waits_for_the_next() -> None:
    async with listening() as (_, host, port):
        line = await opened(host, port)
        for _ in range(3):
            line.write(PLAIN)
            head = await line.until(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"Connection" not in head
            assert await line.until(b"hello") == b"POST /echo hello"
        assert await line.rest() == b""  # nobody asked for longer than it is kept
        line.close()


async def test_requests_that_come_at_once_are_answered_one_after_another() -> None:
    reply = await said(PLAIN * 50)
    assert statuses(reply) == [200] * 50
    assert reply.count(b"POST /echo hello") == 50


async def test_a_body_may_come_in_chunks_and_a_byte_at_a_time() -> None:
    sent = b"POST /a HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"
    assert (await said(sent)).endswith(b"POST /a abcdefg")
    async with listening() as (_, host, port):
        line = await opened(host, port)
        for byte in sent:
            line.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await line.until(b"abcdefg")
        line.close()


async def test_an_answer_in_parts_is_chunked_and_until_the_end_of_the_connection_for_http_1_0() -> None:
    chunked = await said(PLAIN.replace(b"/echo", b"/parts"))
    assert b"Transfer-Encoding: chunked" in chunked
    assert chunked.endswith(b"\r\n\r\n" + b"5\r\nhello\r\n" * 3 + b"0\r\n\r\n")
    old = await said(PLAIN.replace(b"/echo", b"/parts").replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"chunked" not in old
    assert old.endswith(b"\r\n\r\n" + b"hello" * 3)
    cut = await said(PLAIN.replace(b"/echo", b"/cut"), half_close=False)
    assert not cut.endswith(b"0\r\n\r\n")


async def test_whoever_waits_to_be_told_to_go_on_is_told() -> None:
    async with listening() as (_, host, port):
        line = await opened(host, port)
        line.write(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await line.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.write(b"ok")
        assert (await line.until(b"ok")).endswith(b"POST /a ok")
        # Too large: the body is never asked for.
        line.write(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n")
        assert statuses(await line.rest()) == [413]
        line.close()


async def test_an_upgrade_that_nobody_wants_is_answered_as_the_request_that_it_is() -> None:
    upgrade = b"GET /a HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"
    assert statuses(await said(upgrade + PLAIN)) == [200, 200]


async def test_a_head_has_no_body_in_its_answer() -> None:
    reply = await said(b"HEAD /a HTTP/1.1\r\nHost: here\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200")
    assert reply.endswith(b"\r\n\r\n")


PROBES = {
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths that differ": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "two lengths that agree": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
    "a length with a sign": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
    "a negative length": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello",
    "a length in hexadecimal": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello",
    "a length beyond any number": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    "chunks twice": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are packed": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not the last coding": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a coding that is almost chunked": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size with a sign": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    "a chunk size in no number": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than it says": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
    "a chunk that ends with a line feed": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    "a space before the colon": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello",
    "a folded header": b"POST / HTTP/1.1\r\nHost: h\r\nX-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
    "a header without a name": b"POST / HTTP/1.1\r\nHost: h\r\n: x\r\nContent-Length: 5\r\n\r\nhello",
    "a null in a header": b"POST / HTTP/1.1\r\nHost: h\r\nX-A: b\0c\r\nContent-Length: 5\r\n\r\nhello",
    "a carriage return in a header": b"POST / HTTP/1.1\r\nHost: h\r\nX-A: b\rc\r\nContent-Length: 5\r\n\r\nhello",
    "two hosts": b"POST / HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 5\r\n\r\nhello",
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "no version": b"POST /\r\nHost: h\r\n\r\n",
    "a version of the future": b"POST / HTTP/3.7\r\nHost: h\r\n\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that is none": b"PO ST / HTTP/1.1\r\nHost: h\r\n\r\n",
    "a greeting in TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "a header that never ends": b"POST / HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n",
    "a target that never ends": b"POST /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    "headers without number": b"POST / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 400 + b"\r\n",
    "a target in bytes of no URL": b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.mark.parametrize("probe", PROBES)
async def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(probe: str) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    reply = await said(PROBES[probe] + smuggled)
    assert b"smuggled" not in reply
    assert [one for one in statuses(reply) if one < 400] == []
    assert len(statuses(reply)) == 1
    assert b"Connection: close" in reply


async def test_what_is_slow_is_cut_off_at_every_place() -> None:
    async with listening() as (listener, host, port):
        nothing, begun, body = [await opened(host, port) for _ in range(3)]
        begun.write(b"POST / HTTP/1.1\r\nHo")
        body.write(PLAIN[:-2])
        assert statuses(await body.rest()) == [408]
        assert [await one.rest() for one in (nothing, begun)] == [b"", b""]
        for one in (nothing, begun, body):
            one.close()
        await asyncio.sleep(0.05)
        assert not listener.connections


async def test_a_client_that_does_not_read_stops_the_writer_and_not_the_memory() -> None:
    async with listening() as (listener, host, port):
        line = await opened(host, port)
        line.write(PLAIN.replace(b"/echo", b"/much"))
        await asyncio.sleep(0.3)
        (connection,) = listener.connections
        assert connection.blocked
        transport = connection._transport
        assert transport is not None
        assert transport.get_write_buffer_size() < 1_000_000
        whole = 0
        while part := await line.part():
            whole += len(part)
            if part.endswith(b"0\r\n\r\n"):
                break
        assert whole > 400 * 50_000
        line.close()


async def test_a_client_that_leaves_while_it_is_written_to_ends_its_answer() -> None:
    async with listening() as (listener, host, port):
        line = await opened(host, port)
        line.write(PLAIN.replace(b"/echo", b"/much"))
        await asyncio.sleep(0.1)
        line.abort()
        for _ in range(100):
            if not listener.connections:
                break
            await asyncio.sleep(0.02)
        assert not listener.connections


async def test_a_request_that_says_it_is_the_last_is_the_last() -> None:
    last = PLAIN.replace(b"Host", b"Connection: close\r\nHost")
    assert statuses(await said(last + PLAIN)) == [200]
    assert statuses(await said(PLAIN.replace(b"1.1", b"1.0") + PLAIN)) == [200]


async def test_the_last_connection_that_may_be_is_served_and_the_next_turned_away() -> None:
    async with listening() as (_, host, port):
        kept = [await opened(host, port) for _ in range(LIMITS.max_connections)]
        await asyncio.sleep(0.02)
        reply = await exchanged(host, port, PLAIN)
        assert statuses(reply) in ([503], [])  # reset at once, or read in time
        for line in kept:
            line.close()


async def test_draining_finishes_what_is_asked_and_serves_once_more_on_connections_that_were_kept() -> None:
    """Nobody who has sent a request meets a closed door; who sends none finds it closed at the end."""
    async with listening() as (listener, host, port):
        idle = await opened(host, port)
        idle.write(PLAIN)
        await idle.until(b"hello")
        silent = await opened(host, port)
        busy = await opened(host, port)
        busy.write(PLAIN[:-5])
        await asyncio.sleep(0.05)
        listener.drain()
        idle.write(PLAIN)
        once_more = await idle.rest()
        assert statuses(once_more) == [200]
        assert b"Connection: close" in once_more
        busy.write(b"hello")
        reply = await busy.rest()
        assert statuses(reply) == [200]
        assert b"Connection: close" in reply
        with pytest.raises(OSError):
            await opened(host, port)
        await listener.close()
        assert await silent.rest() == b""
        for line in (idle, busy, silent):
            line.close()


PIECES = st.lists(
    st.sampled_from(
        [
            PLAIN,
            *PROBES.values(),
            b"\r\n",
            b"\r\n\r\n",
            b"0\r\n\r\n",
            b"GET / HTTP/1.1\r\n",
            b"Host: h\r\n",
            b"\xff\0",
            b"5\r\nhello",
        ]
    )
    | st.binary(max_size=40),
    max_size=6,
)


@settings(max_examples=size(60, 5_000), deadline=None)
@given(pieces=PIECES, cuts=st.lists(st.integers(1, 200), max_size=6))
def test_whatever_is_sent_is_answered_or_cut_off_and_never_breaks_the_listener(
    pieces: list[bytes], cuts: list[int]
) -> None:
    async def play() -> None:
        quick = Limits(receipt_seconds=0.05, keepalive_seconds=0.05, max_connections=4)
        async with listening(quick) as (listener, host, port):
            line = await opened(host, port)
            whole = b"".join(pieces)
            for cut in cuts:
                line.write(whole[:cut])
                whole = whole[cut:]
                await asyncio.sleep(0)
            line.write(whole)
            try:
                line.write_eof()
                reply = await line.rest()
            except (ConnectionError, OSError):
                reply = b""
            line.close()
            assert all(200 <= one < 600 for one in statuses(reply))
            assert b"Traceback" not in reply
            assert statuses(await exchanged(host, port, PLAIN)) == [200]
            del listener

    asyncio.run(play())
