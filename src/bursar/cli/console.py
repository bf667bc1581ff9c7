"""`bursar console`: the web pages, in a process of their own."""

from __future__ import annotations

import asyncio
import logging
import signal
from importlib.util import find_spec
from typing import Annotated

import typer

from bursar.errors import Unavailable
from bursar.office.settings import Settings

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port; 0 takes a free one.")]


def console(host: Host = "", port: Port = -1) -> None:
    """Serve the console until SIGTERM. Example: bursar console --port 8788"""
    check_installed()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(Settings(), host, None if port < 0 else port))


PACKAGES = ("fastapi", "uvicorn", "jinja2", "python_multipart", "scim2_models")
"""What the extra `console` brings."""


def is_installed() -> bool:
    return all(find_spec(name) is not None for name in PACKAGES)


def check_installed() -> None:
    """Raise Unavailable with what to do if the console's packages are missing."""
    if not is_installed():
        missing = ", ".join(name for name in PACKAGES if find_spec(name) is None)
        raise Unavailable(f"the console needs {missing}", "install Bursar as `bursar[console]`")


async def _serve(settings: Settings, host: str, port: int | None) -> None:
    from bursar.api import api_face
    from bursar.console import console_app
    from bursar.scim import scim_face
    from bursar.web import Desks, serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with serving(
        console_app(Desks.open(settings), api_face(), scim_face()), settings, host=host, port=port
    ) as url:
        print(f"bursar: the console is on {url}", flush=True)
        await stop.wait()
    print("bursar: the console has stopped", flush=True)
