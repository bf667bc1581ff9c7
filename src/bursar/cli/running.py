"""`bursar init | demo | serve | top`: what runs."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live

from bursar.cli.accounts import add_first_owner, tell_link
from bursar.cli.console import check_installed, is_installed
from bursar.cli.live import dashboard
from bursar.cli.options import Json, desk
from bursar.cli.render import console, show_json
from bursar.cli.serving import serve_child, serve_processes, serving_console, stopping
from bursar.office.desk import Desk, initialise
from bursar.office.figures import reports
from bursar.office.metering.processes import Inherited
from bursar.office.metering.serving import serving
from bursar.office.settings import Settings

REFRESH_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    for command in (init, demo, serve, top):
        app.command()(command)


def init(
    owner: Annotated[str, typer.Option(help="Login of the first account, which sets the others up.")] = "",
    json: Json = False,
) -> None:
    """Set up an installation, or bring it up to date. Example: BURSAR_HOME=./bursar bursar init --owner ada"""
    settings = Settings()
    fresh = initialise(settings)
    made = None
    if owner:
        with desk() as office:
            made = add_first_owner(office, owner)
    if json:
        show_json({"home": str(settings.home), "new": fresh, **({} if made is None else made[1])})
        return
    console.print(f"{'Set up' if fresh else 'Up to date:'} {settings.home}", markup=False)
    if fresh:
        console.print(
            "Next: bursar provider add openai --secret-env OPENAI_API_KEY; bursar person add ada;", markup=False
        )
        console.print("      bursar grant give ada '$500'; bursar key issue ada; bursar serve", markup=False)
    if made is not None:
        tell_link(*made)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = -1,
    console: Annotated[bool, typer.Option("--console", help="Serve the console too, in the same process.")] = False,
    processes: Annotated[
        int, typer.Option(help="Gateway processes that share the port; SIGHUP replaces them one by one.", min=1, max=64)
    ] = 1,
    child: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Run the gateway until SIGTERM, then drain. Example: bursar serve --port 8787 --processes 4"""
    if console:
        check_installed()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with desk() as office:
        if child:
            _run(serve_child(office, Inherited.read(child)))
        elif processes > 1:
            code = asyncio.run(serve_processes(office, host, None if port < 0 else port, processes, console))
            if code:
                raise typer.Exit(code)
        else:
            _run(_serve(office, host, None if port < 0 else port, console))


async def _serve(office: Desk, host: str, port: int | None, with_console: bool) -> None:
    stop = stopping(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    async with serving(office, host=host, port=port) as gateway, AsyncExitStack() as beside:
        if with_console:
            url = await beside.enter_async_context(serving_console(office.settings, gateway.base_url))
            print(f"bursar: the console is on {url}", flush=True)
        print(f"bursar: listening on {gateway.base_url}", flush=True)
        await stop.wait()
        print("bursar: draining", flush=True)
    print("bursar: stopped, everything settled", flush=True)


def demo(
    check: Annotated[
        bool, typer.Option("--check", help="No terminal: run for a while, compare all three bills, exit.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long the check runs.", min=1.0)] = 20.0,
    home: Annotated[
        Path | None, typer.Option(help="Keep the company here; without it, a fresh temporary folder.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.")] = 8787,
    console_port: Annotated[int, typer.Option(help="Port of the console; 0 takes a free one.")] = 8788,
    people: Annotated[int, typer.Option(help="Size of the company.", min=2, max=400)] = 40,
    seed: Annotated[int, typer.Option(help="Another company for another number.")] = 7,
    agents: Annotated[int, typer.Option(help="How many agents burn; 0 for a quiet company.", min=0, max=18)] = 18,
    json: Json = False,
) -> None:
    """A company with history, a gateway, a provider stand-in and a swarm. Example: bursar demo --check --seconds 3"""
    from bursar.demo.run import run_demo

    with Live(console=console, auto_refresh=False) if console.is_terminal and not check else nullcontext() as live:

        def show(found: dict[str, Any], lines: list[str]) -> None:
            if live is not None:
                live.update(dashboard(found, lines), refresh=True)

        agreed = _run(
            run_demo(
                check=check,
                seconds=seconds,
                home=home,
                port=port,
                people=people,
                seed=seed,
                agents=agents,
                as_json=json,
                show=show,
                console_port=None if check or not is_installed() else console_port,
            )
        )
    if not agreed:
        raise typer.Exit(1)


def top(
    once: Annotated[bool, typer.Option("--once", help="Print one picture and stop.")] = False,
    json: Json = False,
) -> None:
    """Live: requests in flight, holds, spend and burn rate by person. Example: bursar top --once"""
    with desk() as office:
        if json or once:
            found = reports.snapshot(office)
            if json:
                show_json(found)
            else:
                console.print(dashboard(found))
            return
        with Live(dashboard(reports.snapshot(office)), console=console, screen=True, auto_refresh=False) as live:
            try:
                while True:
                    time.sleep(REFRESH_SECONDS)
                    live.update(dashboard(reports.snapshot(office)), refresh=True)
            except KeyboardInterrupt:
                return


def _run(work: object) -> bool:
    """Run a coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return bool(asyncio.run(work))  # type: ignore[arg-type]
    return bool(uvloop.run(work))  # type: ignore[arg-type]
