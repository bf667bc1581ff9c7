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
    requests_per_minute: Annotated[int, typer.Option(help="Most requests of everybody together in a minute.")] = 0,
    tokens_per_minute: Annotated[int, typer.Option(help="Most tokens of everybody together in a minute.")] = 0,
    json: Json = False,
) -> None:
    """Add a provider; its key is encrypted at rest. Example: bursar provider add openai --secret-env OPENAI_API_KEY"""
    secret = _secret(secret_env, secret_stdin)
    with desk() as office:
        provider = office.add_provider(
            name,
            kind=kind,
            base_url=base_url,
            secret=secret,
            models=tuple(model or ()),
            purposes=tuple(purpose or ()),
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
        )
    if json:
        show_json(provider)
    else:
        console.print(f"Requests for {provider['name']} go to {provider['base_url']}.", markup=False)


def _secret(variable: str, from_input: bool) -> str:
    """A secret from where nobody sees it go by. Raises InvalidInput."""
    if variable:
        found = os.environ.get(variable, "")
        if not found:
            raise InvalidInput("--secret-env", f"no value in ${variable}", "a variable that holds the provider's key")
        return found
    return sys.stdin.readline().strip() if from_input else ""


@app.command("admin-key")
def admin_key(
    name: Annotated[str, typer.Argument(help="The provider, or copilot or cursor.")],
    kind: Annotated[
        str, typer.Option(help="What answers there: openai, anthropic, copilot, cursor; without it, by the name.")
    ] = "",
    base_url: Annotated[str, typer.Option("--base-url", help="Where, if it is not the public address.")] = "",
    account: Annotated[str, typer.Option(help="Of Copilot: the login of the organisation.")] = "",
    secret_env: Annotated[
        str, typer.Option("--secret-env", help="Environment variable that holds the admin key.")
    ] = "",
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the admin key from standard input.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the admin key.")] = False,
    json: Json = False,
) -> None:
    """Keep the key that reads a provider's bill, sealed. Example: bursar provider admin-key openai --secret-env OPENAI_ADMIN_KEY"""
    from bursar.office.books import bills

    with desk() as office:
        if forget:
            bills.forget_admin(office, name)
            found = {"provider": name, "forgotten": True}
        else:
            kept = bills.set_admin(
                office, name, _secret(secret_env, secret_stdin), kind=kind, base_url=base_url, account=account
            )
            found = {"provider": name, "kind": kept.kind, "base_url": kept.base_url, "account": kept.account}
    if json:
        show_json(found)
    elif forget:
        console.print(f"The admin key of {name} is forgotten.", markup=False)
    else:
        console.print(
            f"Bills of {name} are read from {found['base_url']}. Next: bursar reconcile {name} --month ...",
            markup=False,
        )


@app.command("key")
def key_of(
    name: Annotated[str, typer.Argument(help="The provider.")],
    key: Annotated[str, typer.Argument(help="What the provider calls the key: apikey_01..., never the key itself.")],
    person: Annotated[str, typer.Option(help="Whose it is.")] = "",
    gateway: Annotated[bool, typer.Option("--gateway", help="It is the gateway's own.")] = False,
) -> None:
    """Say whose a provider's key is, for its bills. Example: bursar provider key anthropic apikey_01Rj --person ada"""
    from bursar.office.books import bills

    if bool(person) == gateway:
        raise InvalidInput("--person", "both" if gateway else "nobody", "--person, or --gateway")
    with desk() as office:
        bills.set_owner(office, name, key, person)
    console.print(f"On the bills of {name}, {key} is {person or 'the gateway'}.", markup=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the providers. Example: bursar provider list"""
    with desk() as office:
        providers = office.providers()
    if json:
        show_json(providers)
        return
    show_table(
        (
            Column("name"),
            Column("kind"),
            Column("base URL"),
            Column("models"),
            Column("key", kept=True),
            Column("state"),
        ),
        [
            (p["name"], p["kind"], p["base_url"], " ".join(p["models"]) or "by dialect", p["secret"], p["state"])
            for p in providers
        ],
        empty="No providers yet. Add one with `bursar provider add openai --secret-env OPENAI_API_KEY`.",
    )
