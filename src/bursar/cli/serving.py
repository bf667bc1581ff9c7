"""How `bursar serve` runs as several processes: what the parent does, what a child does, and the console beside them."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress

from bursar.gateway.recovery import recover
from bursar.gateway.selftest import check_armed
from bursar.office.desk import Desk
from bursar.office.metering.alone import alone
from bursar.office.metering.processes import Inherited, Processes, adopt, listening, ready
from bursar.office.metering.serving import serving
from bursar.office.settings import Settings


def stopping(*signals: signal.Signals) -> asyncio.Event:
    """An event that any of these signals sets; one that was ignored before (`nohup`) stays so."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in signals:
        if signal.getsignal(one) is signal.SIG_IGN:
            continue
        loop.add_signal_handler(one, stop.set)
    return stop


async def serve_processes(office: Desk, host: str, port: int | None, number: int, with_console: bool) -> int:
    """The parent: start the children, replace them at SIGHUP, let them drain at SIGTERM. Returns the exit code."""
    settings = office.settings
    stop = stopping(signal.SIGTERM, signal.SIGINT)
    with alone(office) as lock:
        check_armed(office.store, office.now())
        recover(office.store, settings.node, office.now())  # names of an earlier run that nobody may take again
        listeners = listening(host or settings.host, settings.port if port is None else port, number)
        command = [sys.executable, "-m", "bursar.cli", "serve", "--child"]
        processes = Processes(
            command, listeners, drain_seconds=settings.drain_seconds + settings.unready_seconds, kept=(lock,), say=_say
        )
        rolls: set[asyncio.Task[None]] = set()

        def roll() -> None:
            rolls.add(asyncio.create_task(processes.roll()))

        async with AsyncExitStack() as beside:
            beginning = asyncio.create_task(processes.start())
            halted = asyncio.create_task(stop.wait())
            await asyncio.wait((beginning, halted), return_when=asyncio.FIRST_COMPLETED)
            if not halted.done():
                await beginning
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, roll)
                if with_console:
                    url = await beside.enter_async_context(serving_console(settings, processes.url))
                    _say(f"the console is on {url}")
                _say(f"{number} processes serve")
                _say(f"listening on {processes.url}")
                await halted
            _say("draining")
            code = await processes.stop()
            for task in (beginning, *rolls):
                task.cancel()
                with suppress(BaseException):
                    await task
    _say("stopped, everything settled" if code == 0 else "stopped; a process did not end well")
    return code


async def serve_child(office: Desk, inherited: Inherited) -> None:
    """One of several processes: its own name and writer, its parent's socket."""
    stop = stopping(signal.SIGTERM, signal.SIGINT)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # that of a terminal reaches the whole group; the parent decides
    listener = adopt(inherited, stop)
    # A colon is in no node's name that somebody chose.
    office.settings = office.settings.model_copy(update={"node": f"{office.settings.node}:{inherited.number}"})
    async with serving(office, listener=listener, tells=inherited.place == 0):
        ready(inherited)
        await stop.wait()


def serving_console(settings: Settings, gateway_url: str) -> AbstractAsyncContextManager[str]:
    """The console, serving in this process."""
    from bursar.api import api_face
    from bursar.console import console_app
    from bursar.scim import scim_face
    from bursar.web import Desks
    from bursar.web import serving as serving_app

    shown = settings.model_copy(update={"gateway_url": settings.gateway_url or gateway_url})
    return serving_app(console_app(Desks.open(shown), api_face(), scim_face()), shown)


def _say(text: str) -> None:
    print(f"bursar: {text}", flush=True)
