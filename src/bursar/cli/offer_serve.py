"""`bursar offer serve`: the evaluator in a browser, without an installation that stays."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from pathlib import Path


def serve(host: str, port: int) -> None:
    """Serve the pages of offers until SIGTERM, from a folder that is gone afterwards."""
    from bursar.office.database import transaction
    from bursar.office.desk import initialise, open_desk
    from bursar.office.openings import VISITORS, change
    from bursar.office.settings import Settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with tempfile.TemporaryDirectory(prefix="bursar-offers-") as folder:
        settings = Settings(home=Path(folder), database_url="", master_key_file=None)
        initialise(settings)
        desk = open_desk(settings, actor="offer serve")
        with transaction(desk.engine) as connection:
            change(connection, VISITORS.name, to=True, by=desk.actor, now=desk.now())
        desk.close()
        asyncio.run(_serve(settings, host, port))


async def _serve(settings: object, host: str, port: int) -> None:
    from bursar.console import console_app
    from bursar.office.settings import Settings
    from bursar.web import Desks, serving

    assert isinstance(settings, Settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with serving(console_app(Desks.open(settings)), settings, host=host, port=port) as url:
        print(f"bursar: weigh offers on {url}/offer; nothing is kept, Ctrl-C ends it", flush=True)
        await stop.wait()
