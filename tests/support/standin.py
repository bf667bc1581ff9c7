"""The provider stand-in in a loop of its own thread, as a provider is a process of its own: for code that blocks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bursar.demo.provider import Provider


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider, listening until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(provider.__aenter__(), loop).result(10)
        yield provider
        asyncio.run_coroutine_threadsafe(provider.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
