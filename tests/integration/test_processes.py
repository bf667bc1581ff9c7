"""A parent and its children: real processes, of a few lines each, on real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bursar.errors import Conflict, Unavailable
from bursar.office.metering.processes import Inherited, Processes, listening

CHILD = """
import os, pathlib, select, signal, socket, sys
folder, (number, place, listener, line) = pathlib.Path(sys.argv[1]), (int(one) for one in sys.argv[2].split(","))
if (folder / "broken").exists():
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.write(line, b"+")
door = socket.socket(fileno=listener)
while True:
    ready, _, _ = select.select([door, line], [], [])
    if line in ready and not os.read(line, 1):
        (folder / f"orphan-{number}").touch()
        sys.exit(0)
    with door.accept()[0] as guest:
        guest.sendall(f"{number} {os.getpid()}".encode())
"""


@dataclass
class Running:
    parent: Processes
    said: list[str]
    port: int

    async def who(self) -> tuple[int, int]:
        """The number and process id of the child that answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        number, pid = (await reader.read()).split()
        writer.close()
        return int(number), int(pid)

    async def everybody(self) -> set[int]:
        return {(await self.who())[0] for _ in range(40)}


@asynccontextmanager
async def running(folder: Path, places: int = 2) -> AsyncIterator[Running]:
    listeners = listening("127.0.0.1", 0, places)
    said: list[str] = []
    command = [sys.executable, "-S", "-c", CHILD, str(folder)]
    parent = Processes(command, listeners, drain_seconds=2, say=said.append)
    try:
        await parent.start()
        yield Running(parent, said, listeners[0].getsockname()[1])
    finally:
        await parent.stop()
        for one in listeners:
            one.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_children_share_a_port_and_each_has_a_number_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path, 3) as one:
        assert await one.everybody() == {1, 2, 3}
        assert len(set(one.parent.pids)) == 3
        with pytest.raises(Conflict, match=f"port {one.port}"):
            listening("127.0.0.1", one.port, 2)
        assert await one.parent.stop() == 0
        with pytest.raises(OSError):
            os.kill(one.parent.pids[0], 0)


async def test_a_child_that_died_is_started_anew_under_its_name_and_no_connection_is_lost(tmp_path: Path) -> None:
    async with running(tmp_path, 1) as one:
        number, pid = await one.who()
        os.kill(pid, signal.SIGSTOP)
        waiting = [asyncio.create_task(one.who()) for _ in range(5)]
        await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*waiting)
        assert {found for found, _ in answers} == {number}
        assert pid not in {found for _, found in answers}
        assert any("ended with -9" in text for text in one.said)


async def test_one_that_dies_again_and_again_is_started_after_growing_pauses(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        (tmp_path / "broken").touch()
        os.kill(one.parent.pids[0], signal.SIGKILL)
        await until(lambda: sum("did not come up" in text for text in one.said) >= 2)
        assert len(one.said) < 10
        (tmp_path / "broken").unlink()
        await until(lambda: all(_lives(pid) for pid in one.parent.pids))
        assert await one.everybody() == {1, 2}


async def test_a_roll_replaces_each_by_one_of_another_name_and_no_connection_is_lost(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        before = set(one.parent.pids)
        rolling = asyncio.create_task(one.parent.roll())
        answered = 0
        while not rolling.done():
            await one.who()
            answered += 1
        await rolling
        assert answered > 10
        assert not before & set(one.parent.pids)
        assert await one.everybody() == {3, 1}  # 3 came for 1; then 1 was free, and came for 2
        assert one.said == ["every process is replaced"]


async def test_a_roll_ends_where_the_next_one_does_not_come_up_and_what_served_serves_on(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        before = one.parent.pids
        (tmp_path / "broken").touch()
        await one.parent.roll()
        assert one.parent.pids == before
        assert await one.everybody() == {1, 2}
        assert "ended with 3" in one.said[0]
        assert "serves on" in one.said[0]


async def test_a_child_that_cannot_begin_is_told_at_once_and_leaves_nobody_behind(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(Unavailable, match="did not come up"):
        async with running(tmp_path):
            pass


async def test_children_end_when_their_parent_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        for child in one.parent._children.values():
            child.line.shutdown(socket.SHUT_RDWR)  # what the end of the parent does to it
        await until(lambda: len(list(tmp_path.glob("orphan-*"))) >= 2)


def test_what_a_child_inherits_survives_the_command_line() -> None:
    inherited = Inherited(3, 1, 14, 15)
    assert Inherited.read(str(inherited)) == inherited


def _lives(pid: int) -> bool:
    with suppress(OSError):
        os.kill(pid, 0)
        return True
    return False
