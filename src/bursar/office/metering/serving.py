"""Serving: a gateway put together from an installation, checked before it listens, kept fresh while it runs."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bursar.gateway.recovery import recover
from bursar.gateway.relay import Gate
from bursar.gateway.selftest import check_armed
from bursar.gateway.server import Gateway
from bursar.gateway.tally import Counts
from bursar.gateway.upstream import Upstream
from bursar.ledger import Writer, make_months, open_store
from bursar.office.database import open_engine, transaction
from bursar.office.desk import Desk
from bursar.office.figures import kept_usage
from bursar.office.keyring import key_use
from bursar.office.metering import nodes
from bursar.office.metering.alone import alone
from bursar.office.metering.directory import LiveDirectory
from bursar.office.metering.limits import LivePromises
from bursar.office.metering.news import LEAST_SECONDS, News
from bursar.office.metering.sharing import share
from bursar.office.telling import notices, unusual
from bursar.office.telling.watch import watch

log = logging.getLogger("bursar.serving")

REFRESH_SECONDS = 0.4
"""How often the control plane's version is looked at: a change is seen within a second on every node."""
QUIET_SECONDS = 5.0
"""How often it is looked at where the database tells of changes by itself."""
NOTICE_SECONDS = 30.0
"""How often the watch looks and due notices are sent."""
SPARE_FILES = 256
"""Open files beside connections: databases, logs, the console."""
GC_THRESHOLD = 50_000
"""Allocations between collections of the youngest generation: requests make much short-lived garbage and few cycles."""


@asynccontextmanager
async def serving(
    desk: Desk, *, host: str = "", port: int | None = None, listener: socket.socket | None = None, tells: bool = True
) -> AsyncIterator[Gateway]:
    """A listening gateway; at the end it drains. Raises Unarmed if the ledger does not refuse what it must.

    `listener` is a socket that listens already; `tells`: it looks after notices and sums beside, once on a machine.
    """
    settings = desk.settings
    allow_open_files(2 * settings.max_connections + SPARE_FILES)  # a client's connection, and one to its provider
    with alone(desk):
        store = open_store(settings.url, settings.organisation)
        try:
            check_armed(store, desk.now())
            lost = recover(store, settings.node, desk.now())
            if lost:
                log.warning("%d requests of an earlier run were never settled; their holds are resolved now", len(lost))
            directory = LiveDirectory(desk.engine, desk.vault, unknown_model=settings.unknown_model)
            writer = Writer(store, desk.clock, queue_limit=settings.queue_limit)
            node = f"{settings.node}/{desk.now():x}"
            promises = LivePromises(
                desk.engine, lambda: open_store(settings.url, settings.organisation), desk.clock, node
            )
            await promises.catch_up("")
            gate = Gate(directory, writer, Upstream(), settings.policy(), desk.clock, node, promises)
            gateway = Gateway(gate)
            gc.set_threshold(GC_THRESHOLD, 20, 20)
            gc.freeze()
            await gateway.start(host or settings.host, settings.port if port is None else port, listener)
            news = News(settings.url)
            stopped = threading.Event()
            started = desk.now()
            beside = [
                asyncio.create_task(_report(desk, gateway, started)),
                asyncio.create_task(news.hear()),
                asyncio.create_task(share(desk.engine, gate.rates, node, desk.clock)),
                asyncio.create_task(_refresh(directory, promises, news, gateway)),
                asyncio.create_task(promises.sweep()),
                *([asyncio.create_task(_tell(desk, stopped))] if tells else []),
            ]
            try:
                yield gateway
            finally:
                stopped.set()
                for task in beside:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await gateway.stop()
                await _end(desk, gateway, started)
                promises.close()
        finally:
            store.close()


def allow_open_files(wanted: int) -> None:
    """Raise this process's own limit of open files, as far as it may; say so where that is not enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.info(
            "at most %d files may be open here (ulimit -n), %d may be needed: raise it, or lower BURSAR_MAX_CONNECTIONS",
            allowed,
            wanted,
        )


async def _refresh(directory: LiveDirectory, promises: LivePromises, news: News, gateway: Gateway) -> None:
    rest = LEAST_SECONDS
    while True:
        await news.wait(QUIET_SECONDS if news.sure else REFRESH_SECONDS, rest)
        began = time.monotonic()
        try:
            if await asyncio.to_thread(directory.refresh):
                gateway.stop_dead_keys()
                await asyncio.to_thread(promises.refresh)
        except Exception:
            log.exception("the control plane could not be read; the last known keys stay in force")
        # However much changes, reading it takes half of one thread's time at most where a house is large.
        rest = min(REFRESH_SECONDS, max(LEAST_SECONDS, time.monotonic() - began))


async def _report(desk: Desk, gateway: Gateway, started: int) -> None:
    """Say now and then that this node is there, and what it turned away; the gateway serves on if nobody listens."""
    while True:
        counts = gateway.tally.take()
        try:
            await asyncio.to_thread(_report_once, desk, gateway, started, counts)
        except Exception as error:
            gateway.tally.give_back(counts)
            log.warning("this node could not report: %s", error)
        await asyncio.sleep(nodes.BEAT_SECONDS)


def _report_once(desk: Desk, gateway: Gateway, started: int, counts: Counts) -> None:
    with transaction(desk.engine) as connection:
        nodes.report(
            connection,
            desk.settings.node,
            started=started,
            in_flight=len(gateway.live),
            requests=gateway.requests,
            counts=counts,
            now=desk.now(),
        )


async def _end(desk: Desk, gateway: Gateway, started: int) -> None:
    """The last report: what was counted until the end, and that the node ended as it should."""
    try:
        await asyncio.to_thread(_report_once, desk, gateway, started, gateway.tally.take())
        await asyncio.to_thread(_stop, desk)
    except Exception as error:
        log.warning("the end of this node could not be reported: %s", error)


def _stop(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        nodes.stop(connection, desk.settings.node, desk.now())


async def _tell(desk: Desk, stopped: threading.Event) -> None:
    """Watch and deliver now and then, off the event loop; what goes wrong there never stops the gateway."""
    while True:
        await asyncio.sleep(NOTICE_SECONDS)
        try:
            await asyncio.to_thread(_tell_once, desk, stopped)
        except Exception:
            log.exception("notices were not looked after; the next try is in %d seconds", NOTICE_SECONDS)


def _tell_once(desk: Desk, stopped: threading.Event) -> None:
    """One round on connections of its own: a store is used by one thread at a time."""
    own = Desk(
        desk.settings, open_engine(desk.settings.url, desk.settings.organisation), desk.vault, desk.clock, desk.actor
    )
    try:
        unusual.look(own, own.now())
        watch(own, own.now())
        key_use.follow(own)
        kept_usage.follow(own)
        notices.deliver(own, own.now(), stop=stopped.is_set)
        make_months(own.store, own.now())  # last: where a long report is in its way, it gives up until the next round
    finally:
        own.close()
