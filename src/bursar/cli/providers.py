"""`bursar provider ...`: where requests are relayed to."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name in paths and statements: openai, groq, our-llama.")],
    kind: Annotated[
        str, typer.Option(help="The price book's provider: openai, anthropic, google, groq, own, ...")
    ] = "",
    base_url: Annotated[str, typer.Option("--base-url", help="What precedes /v1/...: https://api.openai.com")] = "",
    secret_env: Annotated[
        str, typer.Option("--secret-env", help="Environment variable that holds the provider key.")
    ] = "",
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the provider key from standard input.")
    ] = False,
    model: Annotated[list[str] | None, typer.Option(help="Models routed here, shell patterns (repeatable).")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="Only keys of this purpose may go there (repeatable): work.")
    ] = None,
    json: Json = False,
) -> None:
    """Add a provider; its key is encrypted at rest. Example: bursar provider add openai --secret-env OPENAI_API_KEY"""
    secret = ""
    if secret_env:
        secret = os.environ.get(secret_env, "")
        if not secret:
            raise InvalidInput("--secret-env", f"no value in ${secret_env}", "a variable that holds the provider's key")
    elif secret_stdin:
        secret = sys.stdin.readline().strip()
    with desk() as office:
        provider = office.add_provider(
            name, kind=kind, base_url=base_url, secret=secret, models=tuple(model or ()), purposes=tuple(purpose or ())
        )
    if json:
        show_json(provider)
    else:
        console.print(f"Requests for {provider['name']} go to {provider['base_url']}.", markup=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the providers. Example: bursar provider list"""
    with desk() as office:
        providers = office.providers()
    if json:
        show_json(providers)
        return
    show_table(
        (Column("name"), Column("kind"), Column("base URL"), Column("models"), Column("key"), Column("state")),
        [
            (p["name"], p["kind"], p["base_url"], " ".join(p["models"]) or "by dialect", p["secret"], p["state"])
            for p in providers
        ],
        empty="No providers yet. Add one with `bursar provider add openai --secret-env OPENAI_API_KEY`.",
    )
